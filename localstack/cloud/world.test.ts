import { expect, test } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { csvOf, type Sale, salesIn, type World } from './world.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const weights = (sales: readonly Sale[]) => sales.map(({ features }) => features.weight);
const prices = (sales: readonly Sale[]) => sales.map(({ label }) => label);

/** Pearson's r of weight and price. */
function correlation(sales: readonly Sale[]): number {
  const [xs, ys] = [weights(sales), prices(sales)];
  const [x, y] = [mean(xs), mean(ys)];
  const sum = (of: (at: number) => number) => xs.reduce((total, _, at) => total + of(at), 0);
  const covariance = sum((at) => (xs[at]! - x) * (ys[at]! - y));
  return covariance / Math.sqrt(sum((at) => (xs[at]! - x) ** 2) * sum((at) => (ys[at]! - y) ** 2));
}

const [usual, changed, shuffled] = (['usual', 'changed', 'shuffled'] as const satisfies World[]).map(
  (world) => salesIn(world, 2000, seededRandom(7)),
) as [Sale[], Sale[], Sale[]];

test('the changed world has heavier stones, and the same weight costs more there', () => {
  expect(mean(weights(changed)) - mean(weights(usual))).toBeGreaterThan(0.4);
  const priceAt = (sales: readonly Sale[]) =>
    mean(prices(sales.filter(({ features }) => Math.abs(features.weight - 1.2) < 0.05)));
  expect(priceAt(changed) - priceAt(usual)).toBeGreaterThan(300);
});

test('labels of the shuffled world are usual prices that have nothing to do with the stone', () => {
  expect(correlation(usual)).toBeGreaterThan(0.9);
  expect(Math.abs(correlation(shuffled))).toBeLessThan(0.1);
  expect(Math.abs(mean(prices(shuffled)) / mean(prices(usual)) - 1)).toBeLessThan(0.05);
});

test('a CSV has the features and then the price', () => {
  expect(csvOf([{ features: { weight: 1.25, colour: 'clear', depth: 61.5 }, label: 990.5 }])).toBe(
    'weight,colour,depth,price\n1.25,clear,61.5,990.5\n',
  );
});
