import { expect, test } from 'vitest';
import { buildAnchors } from '#shared/profile/anchors.ts';
import type { NumericAnchor } from '#shared/profile/numeric-anchor.ts';
import { numeric } from '#shared/profile/testing.ts';
import { seededRandom } from '#shared/random.ts';
import { expectedLoss } from './expected-loss.ts';

const repeat = (count: number, value: number) => new Array<number>(count).fill(value);

function binsOf(values: readonly number[], losses: readonly number[] = values.map(() => 0)) {
  const [anchor] = buildAnchors([numeric('$confidence', values, 'confidence')]).anchors;
  return expectedLoss('error_rate', anchor as NumericAnchor, values, losses);
}

test('bins hold at least 50 rows, all of them, in order and without gaps', () => {
  const random = seededRandom(3);
  const values = Array.from({ length: 1234 }, () => random() ** 2);
  const losses = values.map((value) => (random() < value ? 0 : 1));
  const found = binsOf(values, losses);
  const bins = found.computable ? found.bins : [];
  expect(bins.length).toBe(24);
  expect(Math.min(...bins.map(({ rows }) => rows))).toBeGreaterThanOrEqual(50);
  expect(bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(1234);
  expect(bins.slice(1).map(({ from }) => from)).toEqual(bins.slice(0, -1).map(({ to }) => to));
  const errors = losses.reduce<number>((sum, loss) => sum + loss, 0);
  expect(bins.reduce((sum, { rows, mean }) => sum + rows * mean, 0)).toBeCloseTo(errors, 9);
});

test('of many rows bins are larger, not more than a hundred', () => {
  const random = seededRandom(4);
  const found = binsOf(Array.from({ length: 20_000 }, () => random()));
  expect(found.computable && found.bins.length).toBeLessThanOrEqual(100);
  expect(found.computable && found.bins.length).toBeGreaterThan(80);
});

test('equal confidences are never parted', () => {
  const found = binsOf([...repeat(30, 0.5), ...repeat(200, 0.7), ...repeat(60, 0.9)]);
  expect(found.computable && found.bins.map(({ rows }) => rows)).toEqual([230, 60]);
});

test('100 rows are enough, 99 are not; nor are rows of one confidence, however many', () => {
  const spread = (count: number) => Array.from({ length: count }, (_, at) => at / count);
  expect(binsOf(spread(100)).computable).toBe(true);
  expect(binsOf(spread(99))).toEqual({
    computable: false,
    reason: '99 labelled held-out rows with a confidence; 100 are needed',
  });
  expect(binsOf(repeat(500, 0.9))).toMatchObject({ reason: expect.stringContaining('too alike') });
});

test('rows without a confidence or a loss are left out', () => {
  const values = [
    ...Array.from({ length: 100 }, (_, at) => at / 100),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    0.5,
  ];
  const losses = [...repeat(102, 1), Number.NaN];
  const found = binsOf(values, losses);
  expect(found.computable && found.bins.map(({ rows, mean }) => [rows, mean])).toEqual([
    [50, 1],
    [50, 1],
  ]);
  expect(binsOf(repeat(200, Number.NaN))).toMatchObject({ computable: false });
});

test('as many losses as values are expected', () => {
  expect(() => binsOf([0.5], [])).toThrow('1 values need as many losses; got 0');
});
