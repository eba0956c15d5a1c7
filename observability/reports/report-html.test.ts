import { describe, expect, it, test } from 'vitest';
import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { walk } from './page.testing.ts';
import { type WindowOptions, windowReport } from './report.testing.ts';
import { renderReportHtml } from './report-html.ts';
import { STYLES } from './styles.ts';

const render = (options: WindowOptions = {}) => renderReportHtml(windowReport(options));
const textOf = (page: string) => page.replace(/<style>.*?<\/style>/s, '').replace(/<[^>]*>/g, '\n');
const named = (page: string, ...names: string[]) => walk(page).filter(({ name }) => names.includes(name));
const titles = (page: string) => named(page, 'h2').map(({ text }) => text);
/** The sentences of the section, without markup. */
function section(page: string, id: string): string {
  const found = page.split('<section').find((one) => one.includes(`<h2 id="${id}"`));
  return textOf(`<section${found ?? ''}`);
}

const drifted: WindowOptions = { shift: 1, shifted: 1, again: 2 };

describe.each<[string, WindowOptions]>([
  ['calm', {}],
  ['drifted', { ...drifted, missing: 0.03, errorRate: 0.2, hasTokens: true, importance: true }],
  ['incident', { missing: 0.4 }],
  ['too small', { rows: 5 }],
  ['empty', { rows: 0 }],
])('the page of a %s window', (_, options) => {
  const page = render(options);

  it('is well formed, and its ids are unique and the targets of its inner links', () => {
    const elements = walk(page);
    const ids = elements.flatMap(({ attributes }) => attributes.get('id') ?? []);
    const links = named(page, 'a').map(({ attributes }) => attributes.get('href') ?? '');
    expect(new Set(ids).size).toBe(ids.length);
    expect(links.filter((link) => link.startsWith('#') && !ids.includes(link.slice(1)))).toEqual([]);
  });

  it('loads nothing, runs nothing and allows itself its own style only', () => {
    expect(named(page, 'script', 'link', 'img', 'iframe', 'object', 'image', 'use', 'form', 'base')).toEqual(
      [],
    );
    const keys = walk(page).flatMap(({ attributes }) => [...attributes.keys()]);
    expect(keys.filter((key) => key.startsWith('on') || key === 'src' || key === 'style')).toEqual([]);
    expect(page).toMatch(
      /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-/,
    );
    expect(STYLES).not.toMatch(/url\(|@import/);
  });

  it('shows no value that is none', () => {
    const drawn = walk(page).flatMap(({ attributes }) => [...attributes.values()]);
    for (const text of [textOf(page), drawn.join('\n')])
      expect(text).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
  });
});

describe('the verdict on top', () => {
  const headlineOf = (report: StoredReport) => named(renderReportHtml(report), 'p')[1]?.text;

  test.each<[string, WindowOptions, string]>([
    ['stable', {}, 'No drift found in 8 features'],
    ['drift in its first window', { shift: 1 }, 'Critical drift, not confirmed yet: 1 of 8 features alarms'],
    ['drift in its third', drifted, 'Critical drift, confirmed: 2 of 8 features alarm'],
    ['warning', { shift: 0.5, rows: 2000, again: 2 }, 'Some drift, confirmed: 1 of 8 features alarms'],
    ['bad data', { missing: 0.4 }, 'Bad data: 1 hard quality finding'],
    ['a few missing', { missing: 0.09 }, 'Worth a look, though nothing drifted'],
    ['a performance drop', { errorRate: 0.3, again: 1 }, 'Critical performance drop, confirmed'],
    ['too few rows', { rows: 5 }, 'Too few rows to tell for 8 features'],
  ])('of %s', (_, options, line) => {
    expect(headlineOf(windowReport(options))).toBe(line);
  });

  it('is followed by its reasons and then by what happens next', () => {
    const text = textOf(render(drifted));
    const order = ['Critical drift, confirmed', '3 of 3 windows', 'What happens next', 'Diagnosis'];
    const found = order.map((words) => text.indexOf(words, text.indexOf('Tidemark report')));
    expect(found).not.toContain(-1);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
  });
});

describe('what happens next', () => {
  test.each<[string, WindowOptions, RegExp]>([
    ['nothing', { next: { kind: 'nothing' } }, /no alarm, no retraining/],
    [
      'waiting',
      { shift: 1, next: { kind: 'awaits_confirmation' } },
      /same signal in 2 of the last 3 windows/,
    ],
    ['quarantine', { missing: 0.4, next: { kind: 'quarantined' } }, /quarantined: no training will learn/],
    ['another champion', { ...drifted, next: { kind: 'not_serving', champion: 'v2' } }, /v2 does/],
    [
      'a run',
      { ...drifted, next: { kind: 'retrain_requested', execution: 'r-1' } },
      /run r-1\..*passes every gate/s,
    ],
    [
      'a cooldown',
      {
        ...drifted,
        next: {
          kind: 'retrain_requested',
          execution: 'r-1',
          cooldown: { until: '2026-11-21T03:00:00.000Z', reason: 'promoted v1' },
        },
      },
      /until 2026-11-21 03:00 UTC, unless forced: promoted v1/,
    ],
  ])('is told: %s', (_, options, sentence) => {
    expect(section(render(options), 'next')).toMatch(sentence);
  });

  it('is followed by links that resolve from the address of the report, under any stage', () => {
    const links = named(render(), 'a').map(({ attributes }) => attributes.get('href') ?? '');
    const at = 'https://api.test/dev/models/price/reports/1795219200000-v1';
    const resolved = links.filter((link) => !link.startsWith('#')).map((link) => new URL(link, at).pathname);
    expect(resolved).toEqual([
      '/dev/models/price/runs',
      '/dev/models/price/history',
      '/dev/models/price',
      '/dev/models/price/versions/20261120T000000-abc123',
      '/dev/models/price/reports',
      '/dev/models/price/reports/1795219200000-20261120T000000-abc123',
      '/dev/console/models/price',
    ]);
  });
});

describe('the sections', () => {
  it('rank features by drift × importance where importance is known, and say so', () => {
    const shiftBoth = { ...drifted, shift: 0.7 };
    const ranked = (options: WindowOptions) =>
      Array.from(section(render(options), 'features').matchAll(/measurement_\d/g), ([name]) => name).slice(
        0,
        2,
      );
    expect(ranked(shiftBoth)).toEqual(['measurement_1', 'measurement_0']);
    expect(ranked({ ...shiftBoth, importance: true })).toEqual(['measurement_0', 'measurement_1']);
    expect(section(render({ ...shiftBoth, importance: true }), 'features')).toContain('Drift × importance');
    expect(section(render(shiftBoth), 'features')).not.toContain('Drift × importance');
  });

  it('say where PSI and JS agree', () => {
    expect(section(render(drifted), 'agreement')).toContain('agree: far apart');
    expect(section(render(), 'agreement')).toContain('Of 11 columns both say near');
  });

  it('say that JS does not confirm a PSI made of a sparse cell', () => {
    const report = windowReport(drifted);
    const features = report.features.map((feature) =>
      feature.evidence.computable && feature.name === 'measurement_0'
        ? { ...feature, evidence: { ...feature.evidence, jsDistance: 0.145 } }
        : feature,
    );
    expect(section(renderReportHtml({ ...report, features }), 'agreement')).toContain(
      'differ: JS does not confirm',
    );
  });

  it('show missing values, and say so where there are none', () => {
    expect(section(render({ missing: 0.09 }), 'missing')).toMatch(/measurement_0\s+0.%\s+/);
    expect(section(render(), 'missing')).toContain('No value was missing in any of 8 columns');
  });

  it('show checks × columns, and name what found nothing', () => {
    const text = section(render({ missing: 0.4 }), 'quality');
    expect(text).toMatch(/missing rate jump\s+hard/);
    expect(text).toMatch(/Nothing found by: column absent/);
    expect(section(render(), 'quality')).toContain('No check found anything');
  });

  it('show performance as it was realised, or why it was not', () => {
    expect(section(render({ errorRate: 0.3 }), 'performance')).toMatch(/rows\s+2,000\s+500\s+500/);
    expect(section(render({ rows: 12 }), 'performance')).toContain('are needed on either side');
  });

  it('show beside it what was estimated without labels, with its assumption; what is missing is said', () => {
    const report = windowReport({ errorRate: 0.3 });
    const estimated: StoredReport['performance']['estimated'] = {
      computable: true,
      kind: 'error_rate',
      method: 'confidence_bins',
      ...{ value: 0.125, interval: [0.0912, 0.159], standardError: 0.0173, rows: 500, unknown: 0, bins: 8 },
      heldOut: { rows: 2000, mean: 0.1 },
      assumption: 'Assumes this and that.',
    };
    const shown = (performance: StoredReport['performance'], labels = 500) =>
      section(renderReportHtml({ ...report, labels, performance }), 'performance');
    const both = shown({ ...report.performance, estimated });
    expect(both).toMatch(/rows\s+2,000\s+500\s+500\s+error rate\s+0\.\d+\s+0\.125\s+0\.\d+/);
    expect(both).toMatch(/low, 95 % sure\s+–\s+0\.0912\s+–\s+high, 95 % sure\s+–\s+0\.159\s+–/);
    expect(both).toMatch(/Assumes this and that\. It alarms nobody/);

    const few = windowReport({ rows: 12 }).performance;
    const early = shown({ ...few, estimated }, 12);
    expect(early).toMatch(/Realised: not yet, .* are needed on either side\. Labels so far: 12\./);
    expect(early).toMatch(/error rate\s+0\.1\s+0\.125\s+–/);
    expect(early).toMatch(/change\s+–\s+\+25 %\s+–/);

    const none = shown({ ...few, estimated: { computable: false, reason: 'the version has none' } });
    expect(none).toContain('Estimated: not computed, the version has none.');
    expect(none).not.toMatch(/error rate/);
    const { estimated: _, ...old } = report.performance;
    const before = shown(old);
    expect(before).toMatch(/rows\s+2,000\s+500\s+mean loss/);
    expect(before).not.toMatch(/not computed|95 %/);
  });

  it('tell of tokenised features whether they were there and whether before, and never a token', () => {
    const page = render({ hasTokens: true });
    expect(section(page, 'people')).toMatch(/street\s+500\s+0.%\s+0.%\s+3\d/);
    expect(page).not.toMatch(/\bt\d\d\b/);
    expect(page.match(/<h3><bdi>street/)).toBeNull();
    expect(titles(render())).not.toContain('Features about people');
  });

  it('show attribution where rows were explained', () => {
    const one = {
      feature: 'carat',
      baselineGain: 1,
      currentGain: 2,
      distance: 0.3,
      pValue: 0.01,
      isShifted: true,
    };
    const attribution: StoredReport['attribution'] = {
      ...{
        computable: true,
        level: 'warning',
        reasons: ['carat matters more'],
        ndcg: 0.8,
        moved: 0.2,
        pValue: 0.01,
      },
      rows: { baseline: 100, current: 80 },
      features: [{ ...one, baselineShare: 0.4, currentShare: 0.6 }],
    };
    const text = section(renderReportHtml({ ...windowReport(), attribution }), 'attribution');
    expect(text).toMatch(/80 rows explained.*carat matters more.*carat\s+40.%\s+60.%/s);
  });
});

describe('an older report', () => {
  const {
    quietMs,
    multivariate,
    attribution,
    segments,
    diagnosis,
    baseline,
    seasonal,
    policy,
    next,
    ...old
  } = windowReport(drifted);
  const features = old.features.map(({ distribution, figures, ...feature }) => feature);
  const { environment, ...report } = { ...old, features };
  const page = renderReportHtml(report);

  it('has its page, without what it does not say', () => {
    expect(() => walk(page)).not.toThrow();
    expect(textOf(page)).not.toMatch(/NaN|undefined|null|\[object/);
    expect(titles(page)).not.toContain('Diagnosis');
    expect(page).toContain('Critical drift, confirmed: 2 of 8 features alarm');
    expect(section(page, 'next')).toContain('A retraining was requested, if this version served');
  });

  it('draws the cells it was judged by, each with its name', () => {
    expect(page).toMatch(/role="img" aria-label="Distribution of measurement_0, largest change at/);
    expect(page.match(/<text class="y"[^>]*>[^<]+<\/text>/g)?.length).toBeGreaterThan(8);
  });
});

test('names, categories and classes are escaped wherever they stand, and shown nonetheless', () => {
  const hostile = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "it's & so\non &amp;"];
  const page = render({
    ...{ features: 3, shift: 1, shifted: 3, missing: 0.4, names: (at) => hostile[at]! },
    categories: ['<b>', '"\'', 'a\r\nb'],
    classes: ['<i>low</i>', '&high'],
  });
  expect(() => walk(page)).not.toThrow();
  expect(named(page, 'script', 'img', 'b', 'i')).toEqual([]);
  expect(textOf(page)).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(textOf(page)).toContain('it&#39;s &amp; so␊on &amp;amp;');
  expect(textOf(page)).toContain('&lt;i&gt;low&lt;/i&gt;');
});

test('the model’s name and the id are escaped and kept apart in links', () => {
  const page = renderReportHtml({ ...windowReport(), model: 'a"/../b<', id: '1-"x' });
  expect(() => walk(page)).not.toThrow();
  expect(page).toContain('href="../../a%22%2F..%2Fb%3C/runs"');
});

test('200 features are below 1 MB, even when all of them alarm and have holes', () => {
  const wide = { features: 198, rows: 300, shift: 0.8, shifted: 198 };
  const report = windowReport(wide);
  const holed = report.features.map((feature) => ({
    ...feature,
    evidence: { ...feature.evidence, missing: { reference: 0.01, current: 0.08, change: 0.07, pValue: 0 } },
  }));
  const quality = report.features.map(({ name }) => ({
    ...{
      check: 'missing_rate_jump',
      severity: 'soft' as const,
      column: name,
      observed: 0.07,
      threshold: 0.05,
    },
    message: 'missing rose from 1 % to 8 % of rows',
  }));
  const page = renderReportHtml({ ...report, features: holed, quality });
  expect(named(page, 'h3')).toHaveLength(203);
  expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
});
