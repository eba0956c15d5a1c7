import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftTest, driftTests } from '../drift/tests/registry.ts';
import { buildAnchors } from '../profile/anchors.ts';
import { featureOf } from '../profile/profile.ts';
import { categorical, numeric, profileOf } from '../profile/testing.ts';
import { normal, seededRandom } from '../random.ts';
import type { TestFigure } from './comparison.ts';
import { testFigures } from './test-figures.ts';

type TestColumn = ReturnType<typeof numeric> | ReturnType<typeof categorical>;

function figuresOf(reference: TestColumn, current: TestColumn): Record<string, TestFigure> {
  const anchors = buildAnchors([reference]);
  const [before, now] = [reference, current].map((column) =>
    featureOf(profileOf([column], anchors), reference.name),
  );
  return testFigures(anchors.anchors[0]!, before!, now!);
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

  it('are under the short name where there is one, each once, without the tests that need the rows', () => {
    expect(figures).toHaveProperty('ks');
    const known = new Set(driftTests.map(({ name }) => (name === 'kolmogorov_smirnov' ? 'ks' : name)));
    expect(Object.keys(figures).filter((name) => !known.has(name))).toEqual([]);
    expect(figures).not.toHaveProperty('mmd');
    expect(figures).not.toHaveProperty('epps_singleton');
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

it('every figure is of finite numbers or a reason, whatever the rows: JSON keeps it as it is', () => {
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
  fc.assert(
    fc.property(pair, ([reference, current]) => {
      for (const figure of Object.values(figuresOf(reference!, current!))) {
        const kept = 'not_computable' in figure ? [] : Object.values(figure);
        expect(kept.every(Number.isFinite)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
