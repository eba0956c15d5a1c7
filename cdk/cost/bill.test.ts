// The bill adds up, tiers count what all lines of a price use together, and crossings are found where they are.
import { expect, test } from 'vitest';
import { billOf, breakEven } from './bill.ts';
import { cheapestEndpoint } from './endpoint.ts';
import { readPrices } from './prices.ts';
import type { Charge } from './usage.ts';
import type { Workload } from './workload.ts';

const prices = readPrices();
const charge = (quantity: number, what = 'x'): Charge => ({
  component: 'API Gateway',
  what,
  price: 'apiGatewayRest',
  quantity,
});

test('two lines of one price reach its next tier together', () => {
  const bill = billOf([charge(333e6, 'a'), charge(333e6, 'b')], prices, false);
  expect(bill.usd).toBeCloseTo(333 * 3.5 + 333 * 2.8, 6);
  expect(bill.lines.map(({ usd }) => usd)).toEqual([bill.usd / 2, bill.usd / 2]);
  expect(bill.byComponent['API Gateway']).toBeCloseTo(bill.usd, 9);
  expect(bill.byComponent.Lambda).toBe(0);
});

test('the free allowance is one for all lines of a price', () => {
  const lines: Charge[] = [600_000, 600_000].map((quantity) => ({
    component: 'Lambda',
    what: 'requests',
    price: 'lambdaRequest',
    quantity,
  }));
  expect(billOf(lines, prices, false).usd).toBeCloseTo(0.24, 9);
  expect(billOf(lines, prices, true).usd).toBeCloseTo(0.04, 9);
});

test('a crossing is found to a hundredth', () => {
  const found = breakEven(
    (volume) => volume * 2e-6,
    () => 100,
  )!;
  expect(found).toBeGreaterThanOrEqual(50e6);
  expect(found).toBeLessThan(50.6e6);
});

test('there is none where the left side stays below, and the smallest volume where it starts above', () => {
  expect(
    breakEven(
      () => 1,
      () => 2,
    ),
  ).toBeUndefined();
  expect(
    breakEven(
      () => 2,
      () => 2,
    ),
  ).toBe(1000);
});

const traffic = (perSecond: number): Workload => ({
  predictions: perSecond * 730 * 3600,
  models: 1,
  rowsPerRequest: 1,
  labelShare: 0,
  retrains: 0,
  predictMs: 15,
});

test('an endpoint has as many machines as three times the mean needs: 150 a second each for ml.m5.large', () => {
  expect(cheapestEndpoint(traffic(49.9), prices, 1, 'ml.m5.large').machines).toBe(1);
  expect(cheapestEndpoint(traffic(50.1), prices, 1, 'ml.m5.large').machines).toBe(2);
  expect(cheapestEndpoint(traffic(1), prices, 2, 'ml.m5.large').machines).toBe(2);
});

test('an endpoint costs its machines’ hours whether or not it is asked', () => {
  expect(cheapestEndpoint(traffic(0), prices, 2, 'ml.m5.large').usd).toBeCloseTo(2 * 730 * 0.115, 9);
  expect(cheapestEndpoint(traffic(0), prices, 1)).toMatchObject({ machine: 'ml.t2.medium', machines: 1 });
});

test('the cheapest machine is taken: one of 150 a second before four of 30', () => {
  expect(cheapestEndpoint(traffic(40), prices, 1)).toMatchObject({ machine: 'ml.m5.large', machines: 1 });
});
