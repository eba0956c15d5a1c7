import { expect, test } from 'vitest';
import { createOutcomeBudget } from './outcome-budget.ts';

test('twenty failures a second are written one by one; the rest is counted with the next one of its kind', () => {
  let now = 0;
  const toCount = createOutcomeBudget(() => now);
  const flood = Array.from({ length: 50 }, () => toCount('prices#400'));
  expect(flood).toEqual([...new Array<number>(20).fill(1), ...new Array<number>(30).fill(0)]);
  expect(toCount('prices#503')).toBe(0);
  now = 1000;
  expect([toCount('prices#400'), toCount('prices#400'), toCount('prices#503')]).toEqual([31, 1, 2]);
});

test('a flood of names is not remembered for ever', () => {
  const toCount = createOutcomeBudget(() => 0);
  for (let at = 0; at < 10_000; at++) expect(toCount(`model ${at}#400`)).toBe(at < 20 ? 1 : 0);
});
