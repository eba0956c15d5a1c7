import { expect, test } from 'vitest';
import { createPool } from './pool.ts';

test('a pool gives its rows in order and begins again when they run out', () => {
  const pool = createPool(['a', 'b', 'c']);
  expect(pool.take(2)).toEqual(['a', 'b']);
  expect(pool.take(5)).toEqual(['c', 'a', 'b', 'c', 'a']);
});

test('passes count how often a row was given at most', () => {
  const pool = createPool(['a', 'b', 'c']);
  expect(pool.passes()).toBe(1);
  pool.take(3);
  expect(pool.passes()).toBe(1);
  pool.take(1);
  expect(pool.passes()).toBe(2);
  pool.take(2);
  expect(pool.passes()).toBe(2);
  pool.take(1);
  expect(pool.passes()).toBe(3);
});
