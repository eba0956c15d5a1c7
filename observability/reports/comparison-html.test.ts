import { describe, expect, it } from 'vitest';
import {
  awkwardComparison,
  categoricalColumn,
  comparisonOf,
  HOSTILE_NAMES,
  numericColumn,
  realisticComparison,
  wideComparison,
} from './comparison.testing.ts';
import { renderComparisonHtml } from './comparison-html.ts';
import { html } from './html.ts';
import { type Element, walk } from './page.testing.ts';
import { STYLES } from './styles.ts';

const options = { generatedAt: '2026-01-01T00:00:00Z', version: '1.2.3' };
const render = (comparison = realisticComparison()) => renderComparisonHtml(comparison, options);
const named = (elements: readonly Element[], ...names: string[]) =>
  elements.filter(({ name }) => names.includes(name));
/** What a reader reads, without the markup. */
const textOf = (page: string) => page.replace(/<style>.*?<\/style>/s, '').replace(/<[^>]*>/g, '\n');

describe.each([
  ['realistic', realisticComparison()],
  ['awkward', awkwardComparison()],
  ['wide', wideComparison(200)],
  ['empty', comparisonOf([])],
])('the page of a %s comparison', (_, comparison) => {
  const page = render(comparison);
  const elements = walk(page);

  it('is well formed, and its ids are unique and the targets of all its links', () => {
    const ids = elements.flatMap(({ attributes }) => attributes.get('id') ?? []);
    const targets = named(elements, 'a').map(({ attributes }) => attributes.get('href')?.slice(1));
    expect(new Set(ids).size).toBe(ids.length);
    expect(targets.filter((target) => !ids.includes(target ?? ''))).toEqual([]);
    expect(targets.length).toBeGreaterThan(comparison.features.length);
  });

  it('loads nothing and runs nothing', () => {
    expect(named(elements, 'script', 'link', 'img', 'iframe', 'object', 'image', 'use', 'form')).toEqual([]);
    const attributes = elements.flatMap((element) => [...element.attributes]);
    expect(attributes.filter(([key]) => key.startsWith('on') || key === 'src' || key === 'style')).toEqual(
      [],
    );
    expect(attributes.filter(([key, value]) => key === 'href' && !value.startsWith('#'))).toEqual([]);
    expect(STYLES).not.toMatch(/url\(|@import/);
  });

  it('shows no value that is none', () => {
    expect(textOf(page)).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
    const drawn = elements.flatMap(({ attributes }) => [...attributes.values()]).join('\n');
    expect(drawn).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
  });

  it('has a section for every column', () => {
    expect(named(elements, 'h3')).toHaveLength(comparison.features.length);
    expect(named(elements, 'details')).toHaveLength(comparison.features.length);
  });

  it('says every picture in words, heads every table, and skips no level of headings', () => {
    for (const { attributes } of named(elements, 'svg')) {
      expect(attributes.get('role')).toBe('img');
      expect(attributes.get('aria-label')).not.toBe('');
    }
    for (const { attributes } of named(elements, 'th'))
      expect(attributes.get('scope')).toMatch(/^(row|col)$/);
    expect(named(elements, 'h1')).toHaveLength(1);
    expect(named(elements, 'h1', 'h2', 'h3')[0]?.name).toBe('h1');
  });
});

describe('the page', () => {
  it('says the verdict first, in words, with its reasons', () => {
    const text = textOf(render());
    const order = [
      'Critical drift: 2 of 6 columns alarm',
      'carat moved up by 0.8 sigma',
      'data/2026/current.csv',
      'Covariate drift',
    ];
    const found = order.map((sentence) => text.indexOf(sentence, text.indexOf('Tidemark comparison')));
    expect(found).not.toContain(-1);
    expect(found).toEqual(found.toSorted((one, other) => one - other));
    expect(text).toContain('line 17: 9 cells, expected 10');
  });

  it('orders columns by severity, then effect, and opens those that alarm', () => {
    const elements = walk(
      render(
        comparisonOf([
          numericColumn('calm', 'stable'),
          numericColumn('little', 'warning', { psi_debiased: 0.16 }),
          numericColumn('unknown', 'insufficient_data', { psi_debiased: null }),
          numericColumn('much', 'warning', { psi_debiased: 0.29 }),
          numericColumn('slight', 'shifted'),
          numericColumn('worst', 'critical'),
        ]),
      ),
    );
    expect(named(elements, 'h3').map(({ text }) => text)).toEqual([
      'worst',
      'much',
      'little',
      'slight',
      'unknown',
      'calm',
    ]);
    const open = named(elements, 'details').map(({ attributes }) => attributes.has('open'));
    expect(open).toEqual([true, true, true, false, false, false]);
  });

  it('puts hard quality findings before soft ones', () => {
    const text = textOf(render());
    expect(text.indexOf('missing rose from')).toBeLessThan(text.indexOf('of values lie outside'));
  });

  it('names the test that decides, brackets what is only bounded, and says why a figure is missing', () => {
    const text = textOf(render());
    expect(text).toMatch(/χ² on bins\s+decides/);
    expect(text).toContain('[0.312, 0.315]');
    expect(text).toContain('not computed: fewer than 2 numeric columns');
    expect(text).toContain('&lt; 0.0001');
  });

  it('omits sections that would be empty', () => {
    const titles = (comparison = realisticComparison()) =>
      named(walk(render(comparison)), 'h2').map(({ text }) => text);
    expect(titles()).toEqual([
      'Diagnosis',
      'Data quality',
      'Columns',
      'Segments',
      'Columns together',
      'Each column',
      'Not compared',
      'How to read this',
    ]);
    expect(titles(comparisonOf([]))).toEqual(['Columns', 'How to read this']);
  });

  it('stays below 1 MB at 200 columns of 20 bins, about 4 KB each, and even when every one of them alarms', () => {
    const size = (page: string) => Buffer.byteLength(page);
    expect(size(render(wideComparison(200))) / 200).toBeLessThan(4200);
    const alarming = Array.from({ length: 200 }, (_, at) =>
      numericColumn(`measurement_${at}`, 'critical', { missing_current: 0.1 }),
    );
    expect(size(render(comparisonOf(alarming)))).toBeLessThan(1_000_000);
  });

  it('shows every test of the first 100 columns and the usual ones of those after them, and says so', () => {
    const tests = (page: string) =>
      page
        .split('<details')
        .map((section) =>
          (section.match(/<tr><th scope="row">[^<]+(?=<span|<\/th><td>[^<]*<\/td><td>)/g) ?? []).join(),
        );
    const [, first, ...others] = tests(render(wideComparison(101)));
    const last = others.at(-1);
    expect(first).toContain('Hellinger distance');
    expect(others[98]).toContain('Hellinger distance');
    expect(last).not.toContain('Hellinger distance');
    for (const usual of ['PSI', 'χ² on bins', 'Jensen–Shannon distance']) expect(last).toContain(usual);
    expect(render(wideComparison(101))).toContain('only the usual tests are shown');
    expect(render(wideComparison(100))).not.toContain('only the usual tests are shown');
  });

  it('marks the deciding test though it is a combination that stands among no others', () => {
    const combined = { test: 'rank_components_and_chi_square', p_value: 0.0123 };
    const text = textOf(render(comparisonOf([numericColumn('x', 'stable', { primary: combined })])));
    expect(text).toMatch(/Rank components with χ² on bins\s+decides\s+–\s+0\.0123/);
    expect(text.match(/^decides$/gm)).toHaveLength(1);
    const own = { test: 'kolmogorov_smirnov', p_value: 0.2 };
    const short = textOf(render(comparisonOf([numericColumn('x', 'stable', { primary: own })])));
    expect(short).toMatch(/Kolmogorov–Smirnov\s+decides/);
  });

  it('marks a figure on sampled rows, says once what that means, and neither where all rows count', () => {
    const text = textOf(render(comparisonOf([numericColumn('x', 'stable')])));
    expect(text).toMatch(/Maximum mean discrepancy\s+on 4,000 sampled rows\s+0\.0512\s+0\.00498/);
    expect(text.match(/on 4,000 sampled rows/g)).toHaveLength(2);
    expect(text.match(/runs of neighbouring rows/g)).toHaveLength(1);
    const all = numericColumn('x', 'stable', { tests: { mmd: { statistic: 0.01, p_value: 0.2 } } });
    expect(textOf(render(comparisonOf([all])))).not.toMatch(/sampled rows|neighbouring/);
    const one = numericColumn('x', 'stable', { tests: { psi: { statistic: 0, rows: 1 } } });
    expect(textOf(render(comparisonOf([one])))).toContain('on 1 sampled row\n');
  });

  it('says whose convention the figures follow, and lets another’s figure decide only if it is the same', () => {
    const of = (p_value: number) => {
      const column = numericColumn('x', 'stable');
      const chi_square = { statistic: 9, p_value, convention: 'evidently' as const };
      const { summary, ...comparison } = comparisonOf([
        { ...column, tests: { ...column.tests, chi_square } },
      ]);
      return textOf(render({ ...comparison, summary: { ...summary, convention: 'evidently' } }));
    };
    expect(of(0.003)).toMatch(/χ² on bins\s+decides\s+–\s+0\.41/);
    expect(of(0.003)).toMatch(/χ² on bins\s+9\s+0\.003/);
    expect(of(0.41)).toMatch(/χ² on bins\s+decides\s+9\s+0\.41/);
    for (const text of [of(0.003), of(0.41)]) expect(text.match(/^decides$/gm)).toHaveLength(1);
    expect(of(0.41)).toContain('follow the definitions of “evidently”');
    expect(textOf(render())).not.toContain('follow the definitions');
  });

  it('names the tests that could not be computed once per reason, and explains each test once', () => {
    const text = textOf(render(comparisonOf([numericColumn('x', 'stable'), numericColumn('y', 'stable')])));
    expect(text).toContain('Two proportions, Fisher’s exact test: not computed: 10 categories have rows');
    expect(text.match(/widest gap of the cumulative curves\n/g)).toHaveLength(1);
  });

  it('escapes what comes from the data, wherever it stands, and shows it nonetheless', () => {
    const page = render(awkwardComparison());
    expect(page).not.toMatch(/<script|<img|onerror=[^&]*>(?!&)/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('it&#39;s &amp; so on &amp;amp;');
    expect(page).toContain('␛[2J␛]0;title␇bell␀');
    expect(page).toContain('💎👩‍👩‍👧‍👦 价格');
    expect(page).toContain('<bdi>مرحبا_بالعالم</bdi>');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the claim
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(page).not.toMatch(/\p{Cs}/u);
    expect(HOSTILE_NAMES.some((name) => name.length > 600)).toBe(true);
    expect(named(walk(page), 'h3').every(({ text }) => text.length <= 220)).toBe(true);
  });

  it('escapes the title, the time and the version it is given', () => {
    const page = renderComparisonHtml(comparisonOf([]), {
      title: '<b>"t"',
      generatedAt: '<i>',
      version: '"><u>',
    });
    expect(() => walk(page)).not.toThrow();
    expect(named(walk(page), 'b', 'i', 'u')).toEqual([]);
  });

  it('draws both distributions of a numeric column as steps that end on the ground', () => {
    const chart =
      /<svg class="ch".*?<\/svg>/s.exec(render(comparisonOf([numericColumn('x', 'stable', {}, 4)])))?.[0] ??
      '';
    const paths = Array.from(chart.matchAll(/ d="(M46 158V[^"]*)"/g), ([, path = '']) => path);
    expect(paths).toHaveLength(2);
    for (const path of paths) {
      const across = Array.from(path.matchAll(/h(\d+)/g), ([, width]) => Number(width));
      expect(across.reduce((sum, width) => sum + width, 0)).toBe(586);
      expect(path).toMatch(/V158z?$/);
    }
  });

  it('says so where bins are not equally wide, as deciles are not', () => {
    const bins = (edges: readonly number[]) =>
      edges
        .slice(1)
        .map((upper, at) => ({ label: `${upper}`, lower: edges[at]!, upper, reference: 0.5, current: 0.5 }));
    const pageOf = (edges: readonly number[]) =>
      render(comparisonOf([numericColumn('x', 'stable', { distribution: bins(edges) })]));
    expect(pageOf([0, 1, 2, 3])).not.toContain('not equally wide');
    expect(pageOf([0, 1, 2, 4])).toContain('not equally wide');
  });

  it('unites the rarest of many categories so that no row is left out', () => {
    const distribution = Array.from({ length: 40 }, (_, at) => ({
      label: `c${at}`,
      reference: 1 / 40,
      current: at === 39 ? 1 : 0,
    }));
    const page = render(comparisonOf([categoricalColumn('x', 'warning', { distribution })]));
    expect(page).toContain('>c39<');
    expect(page).toContain('>29 others<');
    expect(page).toContain('72.5 → 0');
  });
});

describe('the colours', () => {
  const schemes = [...STYLES.matchAll(/:root\{([^}]*)\}/g)].map(
    ([, block = '']) =>
      new Map(
        Array.from(block.matchAll(/--(\w+):(#[0-9a-f]{6})/g), ([, name = '', value = '']) => [name, value]),
      ),
  );
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one: string, other: string) => {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  it.each([
    ['light', 0],
    ['dark', 1],
  ])('of text reach the contrast of WCAG AA (4.5 : 1) in the %s scheme', (_, at) => {
    const scheme = schemes[at];
    for (const name of [
      'ink',
      'soft',
      'cur',
      'critical',
      'warning',
      'shifted',
      'insufficient_data',
      'stable',
    ])
      for (const ground of ['bg', 'wash'])
        expect(contrast(scheme?.get(name) ?? '', scheme?.get(ground) ?? '')).toBeGreaterThanOrEqual(4.5);
  });
});

describe('html', () => {
  it('escapes strings, keeps markup, joins lists, and lets no coordinate be anything but a number', () => {
    const item = html`<i>${'<'}</i>`;
    expect(html`<p title="${'"'}">${[item, item]}${undefined}${Number.NaN}${1.26}</p>`.markup).toBe(
      '<p title="&quot;"><i>&lt;</i><i>&lt;</i>01.3</p>',
    );
  });
});
