// The price file is well formed and dated, and tiers are charged from where they begin to where they end.
import { expect, test } from 'vitest';
import { costOf, type Price, readPrices } from './prices.ts';

const price = (more: Partial<Price>): Price => ({
  what: 'thing',
  per: 1,
  tiers: [{ usd: 1 }],
  free: 0,
  source: 'a page',
  confirmed: true,
  ...more,
});

test('every price names its source, and its tiers follow each other, never dearer, the last without an end', () => {
  const { date, region, items } = readPrices();
  expect([date, region]).toEqual([expect.stringMatching(/^20\d\d-\d\d-\d\d$/), 'us-east-1']);
  for (const { tiers, source } of Object.values(items)) {
    const ends = tiers.map(({ upTo }) => upTo ?? Number.POSITIVE_INFINITY);
    expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
    expect(ends.at(-1)).toBe(Number.POSITIVE_INFINITY);
    const usd = tiers.map((tier) => tier.usd);
    expect(usd).toEqual([...usd].sort((a, b) => b - a));
    expect(source).not.toBe('');
  }
});

test.each([
  [0, 0],
  [100, 200],
  [101, 201],
  [300, 400],
  [302, 401],
])('%d units cost %d where 100 are at 2, the next 200 at 1 and the rest at 0.5', (quantity, usd) => {
  const tiers = [{ upTo: 100, usd: 2 }, { upTo: 300, usd: 1 }, { usd: 0.5 }];
  expect(costOf(price({ tiers }), quantity, false)).toBe(usd);
});

test('REST requests: 3.50 a million up to 333 million, then 2.80', () => {
  const { apiGatewayRest } = readPrices().items;
  expect(costOf(apiGatewayRest, 333e6, false)).toBeCloseTo(1165.5, 6);
  expect(costOf(apiGatewayRest, 334e6, false)).toBeCloseTo(1168.3, 6);
});

test('free units are taken off only when asked, and never make a month cost less than nothing', () => {
  const one = price({ free: 10 });
  expect(costOf(one, 12, false)).toBe(12);
  expect(costOf(one, 12, true)).toBe(2);
  expect(costOf(one, 10, true)).toBe(0);
  expect(costOf(one, 9, true)).toBe(0);
});

test('a price for a thousand is divided by a thousand', () => {
  expect(costOf(price({ per: 1000, tiers: [{ usd: 5 }] }), 200, false)).toBe(1);
});
