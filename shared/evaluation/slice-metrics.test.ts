import { describe, expect, test } from 'vitest';
import { seededRandom } from '../random.ts';
import { errorRate } from './class-metrics.ts';
import { classification } from './classification-metrics.ts';
import { regression, rmse } from './regression-metrics.ts';
import { scoreClasses } from './scored-classes.ts';
import { scoreNumbers } from './scored-numbers.ts';
import { type SliceColumn, type SliceOptions, sliceMetrics } from './slice-metrics.ts';

/** As many rows of each value as said; a row of value v is off by the v-th error, with either sign. */
function sliced(
  sizes: readonly (readonly [value: string | null, rows: number, error: number])[],
  options: Partial<SliceOptions> = {},
) {
  const values = sizes.flatMap(([value, rows]) => new Array<string | null>(rows).fill(value));
  const errors = sizes.flatMap(([, rows, error]) =>
    Array.from({ length: rows }, (_, row) => error * (1 + (row % 3))),
  );
  const scored = scoreNumbers(
    new Float64Array(values.length).fill(10),
    errors.map((error) => 10 + error),
  );
  const column: SliceColumn = { name: 'cut', values };
  return sliceMetrics(scored, regression, rmse, column, { random: seededRandom(1), ...options });
}

describe('sliceMetrics', () => {
  test('30 rows are a slice of their own, 29 are not; what is left is one group', () => {
    const { slices, rest } = sliced([
      ['a', 30, 1],
      ['b', 29, 2],
      ['c', 1, 3],
      [null, 40, 0.5],
    ]);
    expect(slices.map(({ value, rows }) => [value, rows])).toEqual([
      [null, 40],
      ['a', 30],
    ]);
    expect(rest).toMatchObject({ values: 2, rows: 30 });
  });

  test('without small values there is no rest', () => {
    expect(sliced([['a', 30, 1]])).not.toHaveProperty('rest');
  });

  test('the figure is the metric of the slice’s rows alone, within its interval', () => {
    const { slices } = sliced([
      ['a', 60, 1],
      ['b', 90, 5],
    ]);
    const expected = Math.sqrt((1 + 4 + 9) / 3);
    expect(slices[0]!.figure).toBeCloseTo(5 * expected, 12);
    expect(slices[1]!.figure).toBeCloseTo(expected, 12);
    for (const { figure, interval } of slices) {
      expect(interval![0]).toBeLessThan(figure as number);
      expect(interval![1]).toBeGreaterThan(figure as number);
    }
  });

  test('the 50 largest of 60 values are shown', () => {
    const sizes = Array.from({ length: 60 }, (_, at) => [`v${at}`, 30 + at, 1] as const);
    const { slices, rest } = sliced(sizes, { resamples: 40 });
    expect(slices).toHaveLength(50);
    expect(slices[0]!.value).toBe('v59');
    expect(rest).toMatchObject({ values: 10, rows: 10 * 30 + 45 });
  });

  test('the error rate of a slice the model fails on stands out', () => {
    const values = Array.from({ length: 400 }, (_, row) => (row % 4 === 0 ? 'failing' : 'fine'));
    const random = seededRandom(2);
    const labels = values.map(() => (random() < 0.5 ? 'a' : 'b'));
    const predicted = labels.map((label, row) => {
      const isWrong = random() < (values[row] === 'failing' ? 0.5 : 0.05);
      return isWrong === (label === 'a') ? 'b' : 'a';
    });
    const scored = scoreClasses({ task: 'classification', labels, predicted, classes: ['a', 'b'] });
    const [fine, failing] = sliceMetrics(
      scored,
      classification,
      errorRate,
      { name: 'x', values },
      { random },
    ).slices;
    expect(failing!.interval![0]).toBeGreaterThan(fine!.interval![1]);
  });

  test('a column of another length is refused', () => {
    const scored = scoreNumbers(Float64Array.of(1, 2), [1, 2]);
    expect(() =>
      sliceMetrics(scored, regression, rmse, { name: 'cut', values: ['a'] }, { random: seededRandom(1) }),
    ).toThrow('column "cut" needs a value for each of 2 rows; got 1');
  });
});
