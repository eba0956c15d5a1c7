import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAnchors } from '../profile/anchors.ts';
import { featureOf } from '../profile/profile.ts';
import { categorical, draws, numeric, profileOf } from '../profile/testing.ts';
import { normal, seededRandom } from '../random.ts';
import type { DistributionBin } from './comparison.ts';
import { distributionOf } from './distribution.ts';

type TestColumn = ReturnType<typeof numeric> | ReturnType<typeof categorical>;

function binsOf(reference: TestColumn, current: TestColumn): readonly DistributionBin[] {
  const anchors = buildAnchors([reference]);
  const [before, now] = [reference, current].map((column) =>
    featureOf(profileOf([column], anchors), reference.name),
  );
  return distributionOf(anchors.anchors[0]!, before!, now!);
}

const numbers = (values: ArrayLike<number>) => numeric('x', values);
const labels = (values: readonly (string | null)[]) => categorical('x', values);
const times = <T>(count: number, value: T) => new Array<T>(count).fill(value);
const range = (count: number, of: (at: number) => number = (at) => at) =>
  Float64Array.from({ length: count }, (_, at) => of(at));

describe('the bins of a numeric column', () => {
  it('are 20 equal ones over the middle 99 % of the reference, between two open ones', () => {
    const bins = binsOf(numbers(range(1000, (at) => at / 1000)), numbers(range(500, (at) => at / 500)));
    expect(bins).toHaveLength(22);
    expect([bins[0]?.lower, bins[21]?.upper]).toEqual([null, null]);
    expect(bins[0]?.upper).toBeCloseTo(0.004, 2);
    expect(bins[21]?.lower).toBeCloseTo(0.994, 2);
    for (const { lower, upper, reference, current } of bins.slice(1, 21)) {
      expect(upper! - lower!).toBeCloseTo(0.0495, 4);
      expect(reference).toBeCloseTo(0.0495, 2);
      expect(current).toBeCloseTo(0.0495, 2);
    }
  });

  it('hold the rows that lie in them, but for cells that straddle two', () => {
    const random = seededRandom(3);
    const [before, now] = [0, 0.8].map((shift) => Array.from({ length: 4000 }, () => normal(random) + shift));
    const bins = binsOf(numbers(before!), numbers(now!));
    for (const { lower, upper, reference, current } of bins) {
      const raw = (values: readonly number[]) =>
        values.filter(
          (value) =>
            value > (lower ?? Number.NEGATIVE_INFINITY) && value <= (upper ?? Number.POSITIVE_INFINITY),
        ).length / 4000;
      expect(Math.abs(reference - raw(before!))).toBeLessThan(0.003);
      expect(Math.abs(current - raw(now!))).toBeLessThan(0.003);
    }
  });

  it('are named by as many digits as tell them apart, six where those do', () => {
    const far = range(1000, (at) => 3_000_000 + at / 4);
    const named = binsOf(numbers(far), numbers(far)).map(({ label }) => label);
    expect(new Set(named).size).toBe(named.length);
    for (const label of named) expect(label).toMatch(/^[^.]*30\d{5}(\.\d{1,2})?\D*(30\d{5}(\.\d{1,2})?\])?$/);
    const few = times(20, 16_000_001).concat(times(20, 16_000_002));
    expect(binsOf(numbers(few), numbers(few)).map(({ label }) => label)).toEqual(['16000001', '16000002']);
    const near = range(1000, (at) => at / 3);
    expect(binsOf(numbers(near), numbers(near))[1]?.label).toMatch(/^\([\d.]{1,7}, [\d.]{1,7}\]$/);
  });

  it('do not widen for one outlier', () => {
    const random = seededRandom(4);
    const values = Array.from({ length: 1000 }, () => normal(random));
    const widths = [values, [...values, 1e6]].map((rows) => {
      const bins = binsOf(numbers(rows), numbers(values));
      return bins[1]!.upper! - bins[1]!.lower!;
    });
    expect(widths[1]! / widths[0]!).toBeCloseTo(1, 1);
  });

  it.each([
    [16, 1],
    [60, 3],
    [100, 5],
  ])(
    'of whole numbers from 0 to %i hold %i of them each, so that an even column looks even',
    (most, width) => {
      const values = range(most * 100, (at) => at % (most + 1));
      const bins = binsOf(numbers(values), numbers(values)).slice(1, -1);
      expect(new Set(bins.map(({ lower, upper }) => upper! - lower!))).toEqual(new Set([width]));
      const heights = bins.slice(0, -1).map(({ reference }) => reference * (most + 1));
      for (const height of heights) expect(height).toBeCloseTo(width, 1);
    },
  );

  it('are two where nearly all rows have one value', () => {
    const values = Float64Array.from([...times(9970, 7), ...range(30, (at) => 8.5 + at)]);
    const [below, above, ...others] = binsOf(numbers(values), numbers(times(10, 7)));
    expect(others).toEqual([]);
    expect(below).toEqual({ label: '≤ 7', lower: null, upper: 7, reference: 0.997, current: 1 });
    expect(above).toMatchObject({ label: '> 7', lower: 7, upper: null, current: 0 });
  });

  it.each([
    [10, 10],
    [11, 12],
  ])(
    'are its values, in order, while the reference has at most ten: of %i there are %i',
    (distinct, expected) => {
      const values = range(110, (at) => (at * 7) % distinct);
      const bins = binsOf(numbers(values), numbers(values));
      expect(bins).toHaveLength(expected);
      expect(bins.every(({ lower }) => lower === undefined)).toBe(distinct === 10);
      if (distinct === 10) expect(bins.map(({ label }) => label)).toEqual([...'0123456789']);
    },
  );

  it('of few values have one for values that only the current rows have', () => {
    const bins = binsOf(numbers([...times(6, 2), ...times(4, 1)]), numbers([1, 2, 2, 3, 3, 3, 3, 3]));
    expect(bins).toEqual([
      { label: '1', reference: 0.4, current: 0.125 },
      { label: '2', reference: 0.6, current: 0.25 },
      { label: 'other', reference: 0, current: 0.625 },
    ]);
  });

  it('have labels that differ, far from zero too', () => {
    const seconds = numbers(range(5000, (at) => 1_700_000_000 + 128 * at));
    const bins = binsOf(seconds, seconds);
    expect(new Set(bins.map(({ label }) => label)).size).toBe(bins.length);
    for (const { label } of bins.slice(1, -1)) {
      const [lower, upper] = label.slice(1, -1).split(', ').map(Number);
      expect(upper).toBeGreaterThan(lower!);
    }
  });
});

describe('the bins of a categorical column', () => {
  const letters = (count: number) => Array.from({ length: count }, (_, at) => `c${at}`);

  it.each([
    [12, 12],
    [13, 13],
    [40, 13],
  ])(
    'are its twelve most frequent labels and one for the rest: of %i labels %i bins',
    (distinct, expected) => {
      const values = letters(distinct).flatMap((label, at) => times(100 - at, label));
      const bins = binsOf(labels(values), labels(values));
      expect(bins).toHaveLength(expected);
      expect(bins.slice(0, 12).map(({ label }) => label)).toEqual(letters(12));
      expect(bins.at(-1)?.label === 'other').toBe(distinct > 12);
    },
  );

  it('count what the reference never had as other', () => {
    const bins = binsOf(
      labels([...times(12, 'a'), ...times(4, 'b')]),
      labels(['a', 'new', 'newer', 'b', null]),
    );
    expect(bins).toEqual([
      { label: 'a', reference: 0.75, current: 0.25 },
      { label: 'b', reference: 0.25, current: 0.25 },
      { label: 'other', reference: 0, current: 0.5 },
    ]);
  });
});

describe('the bins of any column', () => {
  const anyNumber = fc.oneof(
    fc.double({ noNaN: true, min: -1e38, max: 1e38 }),
    fc.constantFrom(
      0,
      1,
      2,
      0.5,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      3e38,
      -3e38,
    ),
  );
  const anyLabel = fc.option(fc.constantFrom(...'abcdefghijklmnopq'), { freq: 9 });
  const pairs = fc.oneof(
    fc.tuple(fc.array(anyNumber), fc.array(anyNumber)).map((pair) => pair.map(numbers)),
    fc
      .tuple(fc.array(fc.integer({ min: -40, max: 40 })), fc.array(anyNumber))
      .map((pair) => pair.map(numbers)),
    fc.tuple(fc.array(anyLabel), fc.array(anyLabel)).map((pair) => pair.map(labels)),
  );

  it('share out all rows of a side that has any: shares in [0, 1] with sum 1, else 0', () => {
    fc.assert(
      fc.property(pairs, ([reference, current]) => {
        const bins = binsOf(reference!, current!);
        const hasRows = (column: TestColumn) =>
          column.kind === 'numeric'
            ? [...column.values].some((value) => Number.isFinite(Math.fround(value)))
            : column.values.some((value) => value !== null);
        for (const [side, column] of [
          ['reference', reference],
          ['current', current],
        ] as const) {
          const shares = bins.map((bin) => bin[side]);
          expect(shares.every((share) => share >= 0 && share <= 1 + 1e-12)).toBe(true);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(hasRows(column!) ? 1 : 0, 9);
        }
        expect(bins.length).toBeLessThanOrEqual(22);
      }),
      { numRuns: 300 },
    );
  });

  it('do not name a value that fewer than five rows have: it may tell whose rows they are', () => {
    const named = (reference: TestColumn, current: TestColumn) =>
      binsOf(reference, current).map(({ label }) => label);
    const plain = times(20, 'a');
    const alice = (rows: number) => labels([...plain, ...times(rows, 'alice')]);
    expect(named(alice(3), alice(1))).toEqual(['a', 'other']);
    expect(named(alice(3), alice(2))).toEqual(['a', 'alice']);
    const salary = (rows: number) => numbers([...times(20, 1), ...times(rows, 4711)]);
    expect(named(salary(4), salary(0))).toEqual(['1', 'other']);
    expect(named(salary(4), salary(1))).toEqual(['1', '4711']);
  });

  it('are none without rows on either side', () => {
    expect(binsOf(numbers([Number.NaN]), numbers([Number.POSITIVE_INFINITY]))).toEqual([]);
    expect(binsOf(labels([null]), labels([]))).toEqual([]);
  });

  it('do not depend on the order of the rows', () => {
    const random = seededRandom(5);
    const column = draws('x', 300, () => normal(random));
    expect(binsOf(column, column)).toEqual(binsOf(numbers([...column.values].reverse()), column));
  });
});
