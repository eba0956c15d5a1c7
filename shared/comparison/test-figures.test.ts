import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { notComputable } from '../drift/measure.ts';
import type { Convention } from '../drift/tests/drift-test.ts';
import { driftTest, driftTests } from '../drift/tests/registry.ts';
import { buildAnchors } from '../profile/anchors.ts';
import { featureOf } from '../profile/profile.ts';
import { categorical, numeric, profileOf } from '../profile/testing.ts';
import { normal, seededRandom } from '../random.ts';
import type { TestFigure } from './comparison.ts';
import type { SampledValues } from './sampled-rows.ts';
import { type FigureOptions, testFigures } from './test-figures.ts';

type TestColumn = ReturnType<typeof numeric> | ReturnType<typeof categorical>;

function figuresOf(
  reference: TestColumn,
  current: TestColumn,
  options?: FigureOptions,
): Record<string, TestFigure> {
  const anchors = buildAnchors([reference]);
  const [before, now] = [reference, current].map((column) =>
    featureOf(profileOf([column], anchors), reference.name),
  );
  return testFigures(anchors.anchors[0]!, before!, now!, options);
}

const numbers = (values: ArrayLike<number>) => numeric('x', values);
const labels = (values: readonly (string | null)[]) => categorical('x', values);
const times = <T>(count: number, value: T) => new Array<T>(count).fill(value);

function computed(figure: TestFigure | undefined): Exclude<TestFigure, { readonly not_computable: string }> {
  if (!figure || 'not_computable' in figure) throw new Error(`not computed: ${JSON.stringify(figure)}`);
  return figure;
}

describe('the figures of a categorical column', () => {
  const shares = (a: number, b: number) => labels([...times(a, 'yes'), ...times(b, 'no')]);
  const figures = figuresOf(shares(30, 70), shares(50, 50));

  it('are those of its two-way table', () => {
    // Pearson without Yates' correction: 200 (30·50 − 70·50)² / (80 · 120 · 100 · 100); its root is z
    expect(computed(figures.chi_square).statistic).toBeCloseTo(25 / 3, 10);
    expect(computed(figures.chi_square).p_value).toBeCloseTo(0.0038924, 7);
    expect(Math.abs(computed(figures.z_test).statistic)).toBeCloseTo(Math.sqrt(25 / 3), 10);
    expect(computed(figures.total_variation).statistic).toBeCloseTo(0.2, 10);
    expect(computed(figures.l_infinity).statistic).toBeCloseTo(0.2, 10);
    // 0.2 ln(0.5/0.3) + 0.2 ln(0.7/0.5)
    expect(computed(figures.psi).statistic).toBeCloseTo(0.2 * Math.log(7 / 3), 2);
  });

  it('are none of the tests that rank numbers', () => {
    for (const name of ['ks', 'cramer_von_mises', 'mann_whitney', 'wasserstein', 't_test', 'energy'])
      expect(figures).not.toHaveProperty(name);
  });
});

describe('the figures of a numeric column', () => {
  const random = seededRandom(11);
  const draw = (count: number, mean: number) => Array.from({ length: count }, () => normal(random) + mean);
  const [before, now] = [draw(3000, 0), draw(500, 0.4)];
  const figures = figuresOf(numbers(before), numbers(now));

  it('are under the short name where there is one, each once, and of the tests that need rows a reason without them', () => {
    expect(figures).toHaveProperty('ks');
    const known = new Set(driftTests.map(({ name }) => (name === 'kolmogorov_smirnov' ? 'ks' : name)));
    expect(Object.keys(figures).filter((name) => !known.has(name))).toEqual([]);
    for (const name of ['mmd', 'epps_singleton'])
      expect(figures[name]).toEqual({ not_computable: 'needs rows, and none were kept' });
  });

  it.each(['ks', 'mann_whitney', 'wasserstein', 'energy'])(
    'hold in their bracket what %s gives of the raw rows',
    (name) => {
      const raw = driftTest(name === 'ks' ? 'kolmogorov_smirnov' : name).samples!(
        Float32Array.from(before),
        Float32Array.from(now),
      );
      if (!raw.computable) throw new Error(raw.reason);
      const { lo, hi, statistic } = computed(figures[name]);
      expect(lo! - 1e-9).toBeLessThanOrEqual(raw.statistic);
      expect(hi! + 1e-9).toBeGreaterThanOrEqual(raw.statistic);
      expect(statistic).toBeGreaterThanOrEqual(lo!);
      expect(statistic).toBeLessThanOrEqual(hi!);
    },
  );

  it('are exact where every value has a cell: the bracket is a point', () => {
    const { statistic, lo, hi } = computed(figuresOf(numbers([1, 2, 3, 4]), numbers([3, 4, 5, 5])).ks);
    expect([lo, statistic, hi]).toEqual([0.5, 0.5, 0.5]);
  });

  it('are distances without a p-value, and tests with one', () => {
    expect(computed(figures.psi)).not.toHaveProperty('p_value');
    expect(computed(figures.wasserstein)).not.toHaveProperty('p_value');
    expect(computed(figures.ks).p_value).toBeLessThan(1e-6);
  });
});

describe('tests that need rows', () => {
  const random = seededRandom(12);
  const draw = (count: number, mean: number) =>
    Float64Array.from({ length: count }, () => normal(random) + mean);
  const [before, now] = [draw(900, 0), draw(600, 0.5)];
  const part = (rows: number): SampledValues => ({
    computable: true,
    reference: before.subarray(0, rows),
    current: now.subarray(0, rows),
    random: seededRandom(1),
  });
  const whole: SampledValues = { ...part(900), current: now };

  it('are of the rows drawn, and say how many where these are not all', () => {
    const { mmd, epps_singleton, ks } = figuresOf(numbers(before), numbers(now), { sample: part(500) });
    const raw = driftTest('epps_singleton').samples!(before.subarray(0, 500), now.subarray(0, 500));
    if (!raw.computable) throw new Error(raw.reason);
    expect(epps_singleton).toEqual({ statistic: raw.statistic, p_value: raw.pValue, rows: 500 });
    expect(mmd).toMatchObject({ rows: 500 });
    expect(computed(mmd).p_value).toBeLessThan(0.01);
    expect(ks).not.toHaveProperty('rows');
  });

  it('are of all rows, unmarked, where all were drawn', () => {
    const figures = figuresOf(numbers(before), numbers(now), { sample: whole });
    for (const name of ['mmd', 'epps_singleton']) {
      expect(computed(figures[name]).p_value).toBeLessThan(0.01);
      expect(figures[name]).not.toHaveProperty('rows');
    }
  });

  it('say why they were left out, and are left out of categories', () => {
    const left = { sample: whole, withoutRowTests: 'too many columns' };
    const { mmd, ks } = figuresOf(numbers(before), numbers(now), left);
    expect(mmd).toEqual({ not_computable: 'too many columns' });
    expect(computed(ks).p_value).toBeLessThan(0.01);
    expect(figuresOf(labels(['a', 'b']), labels(['a', 'b']))).not.toHaveProperty('mmd');
  });
});

describe('a convention', () => {
  const random = seededRandom(13);
  const draw = (count: number, mean: number) =>
    Float64Array.from({ length: count }, () => normal(random) + mean);
  const [before, now] = [draw(3000, 0), draw(2000, 0.4)];
  const sample = (rows: number): SampledValues => ({
    computable: true,
    reference: before.subarray(0, rows),
    current: now.subarray(0, Math.min(rows, 2000)),
    random: seededRandom(1),
  });
  const all = (convention: Convention, rows: number) =>
    figuresOf(numbers(before), numbers(now), { convention, sample: sample(rows) });
  const raw = (test: string, convention: Convention, rows = 3000) => {
    const result = driftTest(test).samples!(before.subarray(0, rows), now.subarray(0, rows), { convention });
    if (!result.computable) throw new Error(result.reason);
    return result;
  };

  it('of another tool is its own figure on the raw rows where all were drawn', () => {
    for (const [convention, tests] of [
      ['scipy', ['cramer_von_mises', 'mann_whitney', 't_test', 'wasserstein']],
      ['evidently', ['psi', 'jensen_shannon', 'kl_divergence', 'hellinger', 'wasserstein']],
      ['nannyml', ['jensen_shannon', 'hellinger']],
      ['sentinelml', ['psi']],
      ['decile', ['psi']],
    ] as const) {
      const figures = all(convention, 3000);
      for (const test of tests) {
        const { statistic } = raw(test, convention);
        const figure = computed(figures[test]);
        expect([test, figure.statistic, figure.convention]).toEqual([test, statistic, convention]);
        expect(figure).not.toHaveProperty('rows');
      }
    }
  });

  it('whose bins counts do not have is answered by a sample, which is marked', () => {
    const { psi, hellinger } = all('evidently', 800);
    expect(psi).toEqual({
      statistic: raw('psi', 'evidently', 800).statistic,
      rows: 800,
      convention: 'evidently',
    });
    expect(hellinger).toMatchObject({ rows: 800, convention: 'evidently' });
  });

  it('that profiles can follow is of all rows all the same: Wasserstein in σ, Cramér–von Mises', () => {
    const { wasserstein, cramer_von_mises } = all('evidently', 800);
    expect(computed(wasserstein).statistic).toBeCloseTo(raw('wasserstein', 'evidently').statistic, 3);
    expect(wasserstein).toMatchObject({ convention: 'evidently' });
    expect(wasserstein).not.toHaveProperty('rows');
    expect(computed(wasserstein).lo!).toBeLessThanOrEqual(raw('wasserstein', 'evidently').statistic + 1e-6);
    expect(cramer_von_mises).not.toHaveProperty('convention');
    const scipy = computed(all('scipy', 800).cramer_von_mises);
    expect(scipy).toMatchObject({ convention: 'scipy' });
    expect(scipy).not.toHaveProperty('rows');
  });

  it('of deciles is of ten cells of all rows, near the raw rows’ own', () => {
    const psi = computed(all('decile', 800).psi);
    expect(psi).toMatchObject({ convention: 'decile' });
    expect(psi).not.toHaveProperty('rows');
    expect(Math.abs(psi.statistic - raw('psi', 'decile').statistic)).toBeLessThan(0.01);
    for (const test of ['jensen_shannon', 'chi_square', 'hellinger'])
      expect(all('decile', 800)[test]).toEqual(all('tidemark', 800)[test]);
  });

  it('of another compares all categories of a column that has more than ten, where Tidemark packs them', () => {
    const twenty = (shift: number) =>
      labels(Array.from({ length: 4000 }, (_, at) => `c${Math.max(0, (at % 20) - shift)}`));
    const { psi } = figuresOf(twenty(0), twenty(1), { convention: 'decile' });
    expect(computed(figuresOf(twenty(0), twenty(1)).psi).statistic).toBeLessThan(0.1);
    const [most, least] = [0.1, 1e-4];
    // c0 has twice its share, c19 none; the others stay
    const expected = (most - 0.05) * Math.log(most / 0.05) + (least - 0.05) * Math.log(least / 0.05);
    expect(computed(psi).statistic).toBeCloseTo(expected, 10);
  });

  it('leaves tests that have none of that name as they are, and Tidemark’s own are unmarked', () => {
    const [plain, scipy] = [all('tidemark', 800), all('scipy', 800)];
    expect(scipy.total_variation).toEqual(plain.total_variation);
    expect(scipy.psi).toEqual(plain.psi);
    expect(scipy.chi_square).toEqual({ ...plain.chi_square, convention: 'scipy' });
    for (const figure of Object.values(plain)) expect(figure).not.toHaveProperty('convention');
  });

  it('of categories needs no rows', () => {
    const shares = (a: number, b: number) => labels([...times(a, 'yes'), ...times(b, 'no')]);
    const { chi_square } = figuresOf(shares(30, 70), shares(50, 50), { convention: 'nannyml' });
    // Yates: 200 (|30·50 − 70·50| − 100)² / (80 · 120 · 100 · 100)
    expect(computed(chi_square).statistic).toBeCloseTo((200 * 1900 ** 2) / (80 * 120 * 100 * 100), 10);
    expect(chi_square).toMatchObject({ convention: 'nannyml' });
    const evidently = figuresOf(shares(30, 70), shares(50, 50), { convention: 'evidently' }).chi_square;
    // (50 − 30)²/30 + (50 − 70)²/70
    expect(computed(evidently).statistic).toBeCloseTo(400 / 30 + 400 / 70, 10);
  });

  it('has a cell for rows outside the baseline’s categories, and none where there are none', () => {
    const psi = (now: TestColumn) =>
      computed(figuresOf(labels(['a', 'a', 'b', 'b']), now, { convention: 'decile' }).psi).statistic;
    expect(psi(labels(['a', 'b', 'b', 'b']))).toBeCloseTo(0.25 * Math.log(3), 10);
    // shares 0.25, 0.5 and 0.25 of an unseen one, which the reference has 1e-4 of
    const unseen = (0.25 - 1e-4) * Math.log(0.25 / 1e-4);
    expect(psi(labels(['a', 'b', 'b', 'c']))).toBeCloseTo(0.25 * Math.log(2) + unseen, 10);
  });

  it('that needs rows, without any, is a reason', () => {
    const { psi, jensen_shannon, total_variation } = figuresOf(numbers(before), numbers(now), {
      convention: 'evidently',
      sample: notComputable('none of a target'),
    });
    expect([psi, jensen_shannon]).toEqual(times(2, { not_computable: 'none of a target' }));
    expect(computed(total_variation).statistic).toBeGreaterThan(0);
  });
});

describe('a figure that does not exist', () => {
  it('is said to be infinite and why: shares with nothing in common', () => {
    const { bhattacharyya, psi } = figuresOf(labels(times(50, 'a')), labels(times(50, 'b')));
    expect(bhattacharyya).toEqual({
      not_computable: 'infinite: a category of one sample is absent from the other',
    });
    expect(Number.isFinite(computed(psi).statistic)).toBe(true);
    expect(figuresOf(numbers(times(50, 1)), numbers(times(50, 2))).bhattacharyya).toEqual({
      not_computable: 'infinite: a cell of one sample is absent from the other',
    });
  });

  it.each([
    [1, 2],
    [2, 1],
  ])('is said to be infinite and why: a t statistic of all %i against all %i', (reference, current) => {
    const { t_test, welch_t_test } = figuresOf(numbers(times(50, reference)), numbers(times(50, current)));
    const infinite = { not_computable: 'infinite: neither sample varies, and they differ' };
    expect([t_test, welch_t_test]).toEqual([infinite, infinite]);
  });

  it.each([
    ['no rows now', [1, 2, 3], []],
    ['no rows before', [], [1, 2, 3]],
    ['no rows at all', [], []],
    ['one row each', [1], [2]],
    ['one value', times(100, 5), times(100, 5)],
    ['infinite values only', times(100, Number.POSITIVE_INFINITY), times(100, Number.NEGATIVE_INFINITY)],
    ['the largest numbers', [-3e38, 3e38, -3e38, 3e38], [3e38, 3e38]],
  ])('of %s has a reason in words in its place, and no other figure is lost', (_, reference, current) => {
    const figures = figuresOf(numbers(reference), numbers(current));
    expect(Object.keys(figures)).toEqual(Object.keys(figuresOf(numbers([1, 2]), numbers([1, 2]))));
    for (const figure of Object.values(figures))
      if ('not_computable' in figure) expect(figure.not_computable).toMatch(/^\w.{10}/);
  });
});

it('every figure is of finite numbers or a reason, whatever the rows, in every convention: JSON keeps it as it is', () => {
  const value = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.double({ min: -1e39, max: 1e39 }),
    fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e-45),
  );
  const label = fc.option(fc.constantFrom('a', 'b', 'c', 'd'));
  const pair = fc.oneof(
    fc.tuple(fc.array(value), fc.array(value)).map((both) => both.map(numbers)),
    fc.tuple(fc.array(label), fc.array(label)).map((both) => both.map(labels)),
  );
  const convention = fc.constantFrom<Convention>(
    ...new Set(driftTests.flatMap(({ conventions }) => conventions)),
  );
  const sampleOf = (reference: TestColumn, current: TestColumn, from: number): FigureOptions =>
    reference.kind === 'numeric' && current.kind === 'numeric'
      ? {
          sample: {
            computable: true,
            reference: reference.values.subarray(from),
            current: current.values.subarray(from),
            random: seededRandom(1),
          },
        }
      : {};
  fc.assert(
    fc.property(pair, convention, fc.boolean(), ([reference, current], convention, isAll) => {
      const options = { convention, ...sampleOf(reference!, current!, isAll ? 0 : 1) };
      for (const figure of Object.values(figuresOf(reference!, current!, options))) {
        if ('not_computable' in figure) continue;
        const { convention: _, ...kept } = figure;
        expect(Object.values(kept).every(Number.isFinite)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
