import { describe, expect, it } from 'vitest';
import {
  awkwardComparison,
  categoricalColumn,
  comparisonOf,
  numericColumn,
  realisticComparison,
  wideComparison,
} from '../../observability/reports/comparison.testing.ts';
import { renderComparisonText } from './terminal.ts';
import { cell, fitted, widthOf, wrapped } from './text-width.ts';

const plain = (comparison = realisticComparison(), width = 80) =>
  renderComparisonText(comparison, { width, colour: false });
/** The lines that begin with a column's symbol. */
const columnLines = (text: string) =>
  text
    .split('\n\n')
    .find((block) => block.startsWith('column'))
    ?.match(/^[■▲◆○●] .*/gm) ?? [];

describe.each([80, 100, 132, 200])('in a terminal %d columns wide', (width) => {
  it.each([
    ['realistic', realisticComparison()],
    ['awkward', awkwardComparison()],
    ['wide', wideComparison(200)],
    ['empty', comparisonOf([])],
  ])('no line of a %s comparison is wider, or says a value that is none', (_, comparison) => {
    const text = plain(comparison, width);
    expect(text.split('\n').filter((line) => widthOf(line) > width)).toEqual([]);
    expect(text).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
  });
});

describe('the text', () => {
  it('says where figures in another convention are, which it has no room for, and nothing of Tidemark’s own', () => {
    const { summary, ...comparison } = realisticComparison();
    const text = plain({ ...comparison, summary: { ...summary, convention: 'evidently' } });
    expect(text.replaceAll('\n', ' ')).toContain(
      '(--json and --html have the figures in the convention of evidently; verdicts do not follow it)',
    );
    expect(plain()).not.toContain('convention');
  });

  it('says the verdict first', () => {
    expect(plain().split('\n')[0]).toBe('■ Critical drift: 2 of 6 columns alarm');
  });

  it('has one line per column, by severity and then effect, each with its symbol and figures', () => {
    const lines = columnLines(plain());
    expect(lines.map((line) => line.slice(0, 7).trim())).toEqual([
      '■ carat',
      '▲ cut',
      '◆ table',
      '○ clari',
      '● depth',
      '● price',
    ]);
    expect(lines[0]).toMatch(/critical +0\.460 +< 0\.0001 +[▁-█·]+ +[▁-█·]+$/);
    expect(lines[2]).toContain('0 → 5 %');
  });

  it('says why a column is not stable, whole, though its name was shortened', () => {
    const name = 'average_number_of_transactions_per_customer_and_month';
    const text = plain(comparisonOf([numericColumn(name, 'critical')]));
    expect(columnLines(text)[0]).toMatch(/^■ average_\w*…\w+month /);
    expect(text.replace(/\n +/g, ' ')).toContain(`${name} moved up by 0.8 sigma`);
  });

  it('lists every column that moved, stable ones up to 40 lines in all and 10 at least, and counts the others', () => {
    const stable = (columns: number) =>
      Array.from({ length: columns }, (_, at) => numericColumn(`s${at}`, 'stable'));
    const shifted = (columns: number) =>
      Array.from({ length: columns }, (_, at) => numericColumn(`d${at}`, 'shifted'));
    const lines = (...columns: Parameters<typeof comparisonOf>[0]) =>
      columnLines(plain(comparisonOf(columns))).length;
    expect(lines(...stable(40))).toBe(40);
    expect(plain(comparisonOf(stable(40)))).not.toContain('… and');
    expect(plain(comparisonOf(stable(41)))).toContain('… and 1 more stable (--html or --json shows all)');
    expect(lines(...stable(41), ...shifted(29))).toBe(40);
    expect(lines(...stable(41), ...shifted(31))).toBe(41);
    expect(lines(...stable(41), ...shifted(60))).toBe(70);
  });

  it('gives five reasons at the top and counts the others, and says the verdict again where the top has left the screen', () => {
    const reasons = (count: number) => Array.from({ length: count }, (_, at) => `reason ${at} holds`);
    const told = (count: number) => plain(comparisonOf([], {}, { reasons: reasons(count) }));
    expect(told(5)).toContain('  · reason 4 holds\n\n');
    expect(told(6)).toContain('  · reason 4 holds\n  … and 1 more (below)\n');
    expect(told(6)).not.toContain('reason 5');
    const verdicts = (columns: number) =>
      plain(
        comparisonOf(Array.from({ length: columns }, (_, at) => numericColumn(`s${at}`, 'stable'))),
      ).match(/^● No drift/gm)?.length;
    expect([verdicts(3), verdicts(40)]).toEqual([1, 2]);
  });

  it('does not repeat what stands right above', () => {
    const text = plain();
    expect(text).toMatch(/^■ carat .*\n {4}moved up by 0\.8 sigma/m);
    const reasons = ['carat moved', 'price lags'];
    const diagnosis = { kind: 'covariate', evidence: ['carat moved', 'only here'], worst: [] } as const;
    const told = plain(comparisonOf([numericColumn('x', 'stable')], {}, { reasons, diagnosis }));
    expect(told.match(/carat moved/g)).toHaveLength(1);
    expect(told).toContain('· only here');
  });

  it('says why a test of columns together is certain and yet stable', () => {
    const entry = (p_value: number) =>
      plain(
        comparisonOf([], {
          multivariate: [
            { test: 'covariance', figure: { statistic: 5.5, p_value }, verdict: 'stable', reasons: [] },
          ],
        }),
      );
    expect(entry(0.01)).toContain('Covariance  stable, 5.5, p 0.01: certain, but too small to matter');
    expect(entry(0.011)).not.toContain('too small');
  });

  it('leaves the missing shares out where nothing is missing', () => {
    expect(plain()).toMatch(/adj\. p +missing/);
    expect(plain(comparisonOf([numericColumn('x', 'stable')]))).not.toContain('missing');
  });

  it('tells of quality, hard first, segments, multivariate tests and what was not compared', () => {
    const text = plain();
    expect(text.indexOf('hard  table: missing rose')).toBeGreaterThan(0);
    expect(text.indexOf('hard  table')).toBeLessThan(text.indexOf('soft  carat'));
    expect(text).toContain('■ cut = Ideal  critical, 4,000 → 360 rows; worst carat, PSI 0.91');
    expect(text).toContain('Domain classifier  warning, [0.76, 0.8], p < 0.0001');
    expect(text).toContain('not computed: fewer than 2 numeric columns');
    expect(text).toContain('id: one value per row: an identifier');
    const empty = plain(comparisonOf([]));
    for (const title of ['Data quality', 'Segments', 'Columns together', 'Not compared'])
      expect(empty).not.toContain(title);
  });

  it('has no ANSI codes without colour, and with it says the same', () => {
    const codes = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');
    const coloured = renderComparisonText(realisticComparison(), { width: 80, colour: true });
    expect(coloured.match(codes)?.length).toBeGreaterThan(10);
    expect(coloured.replace(codes, '')).toBe(plain());
    expect(plain()).not.toContain(String.fromCharCode(27));
  });

  it('lets nothing in the data command the terminal', () => {
    const text = renderComparisonText(awkwardComparison(), { width: 80, colour: false });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the claim
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  });

  it('draws a smooth distribution smoothly whatever the number of blocks', () => {
    for (const width of [80, 100, 120]) {
      const line = columnLines(plain(comparisonOf([numericColumn('x', 'stable')]), width))[0] ?? '';
      const heights = Array.from(line.split(/ +/).at(-1) ?? '', (block) => block.codePointAt(0) ?? 0);
      const top = heights.indexOf(Math.max(...heights));
      expect(heights.slice(0, top + 1)).toEqual(heights.slice(0, top + 1).sort((a, b) => a - b));
      expect(heights.slice(top)).toEqual(heights.slice(top).sort((a, b) => b - a));
    }
  });

  it('draws an absent category as a dot, a rare one as the lowest block', () => {
    const distribution = [
      { label: 'a', reference: 1, current: 0.999 },
      { label: 'b', reference: 0, current: 0.001 },
    ];
    expect(columnLines(plain(comparisonOf([categoricalColumn('x', 'stable', { distribution })])))[0]).toMatch(
      /█· +█▁$/,
    );
  });
});

describe('the headline', () => {
  const first = (...of: Parameters<typeof comparisonOf>) => plain(comparisonOf(...of)).split('\n')[0];
  const calm = [numericColumn('x', 'stable')];

  it('says what happened, and never that all is well where nothing was compared', () => {
    expect(first(calm)).toBe('● No drift found in 1 column');
    expect(first([])).toBe('● No column could be compared');
    expect(first([numericColumn('x', 'shifted'), ...calm])).toBe(
      '◆ Small shifts in 1 of 2 columns; nothing to be woken for',
    );
    expect(first([numericColumn('x', 'warning')])).toBe('▲ Drift: 1 of 1 column alarms');
    expect(first([numericColumn('x', 'insufficient_data')])).toBe('○ Too few rows to tell for 1 column');
    expect(first(calm, {}, { verdict: 'critical' })).toBe(
      '■ Critical drift, though none of 1 column alarms alone',
    );
  });

  it('is about the data where that is broken', () => {
    const { quality } = realisticComparison();
    const diagnosis = { kind: 'quality', evidence: [], worst: [] } as const;
    expect(first(calm, { quality }, { verdict: 'critical', diagnosis })).toBe(
      '■ Broken data: 1 hard quality finding',
    );
  });
});

describe('text in columns', () => {
  it('counts what a terminal draws, not code points', () => {
    expect(['abc', '价格', '💎', '👩‍👩‍👧‍👦', 'e\u0301', 'مرحبا'].map(widthOf)).toEqual([3, 4, 2, 2, 1, 5]);
  });

  it('is cut in the middle and padded to its width exactly', () => {
    expect(fitted('customer_lifetime_value', 11)).toBe('custo…value');
    expect(widthOf(fitted('价格价格价格价格', 7))).toBeLessThanOrEqual(7);
    for (const text of ['a', '价格价格价格', '💎💎💎💎💎💎']) expect(widthOf(cell(text, 6))).toBe(6);
    expect(cell('7', 3, 'right')).toBe('  7');
  });

  it('is wrapped without losing a word, long words being broken', () => {
    const sentence = 'a quick check of wrapping with averyveryveryverylongword inside';
    const lines = wrapped(sentence, 12);
    expect(lines.every((line) => widthOf(line) <= 12)).toBe(true);
    expect(lines.join('').replaceAll(' ', '')).toBe(sentence.replaceAll(' ', ''));
    expect(wrapped('', 12)).toEqual(['']);
  });
});
