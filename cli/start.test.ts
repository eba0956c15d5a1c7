import { expect, test } from 'vitest';
import { hostEnvironment, prometheusWish } from './start.ts';

test('--granule-ms beats the environment, which beats 5000', () => {
  expect(hostEnvironment({ GRANULE_MS: '700' }, 250).GRANULE_MS).toBe('250');
  expect(hostEnvironment({ GRANULE_MS: '700' }, undefined).GRANULE_MS).toBe('700');
  expect(hostEnvironment({}, undefined).GRANULE_MS).toBe('5000');
});

const neither = { prometheus: false, 'no-prometheus': false };

test.each([
  [neither, undefined, 'where there is one'],
  [neither, '', 'where there is one'],
  [neither, 'on', 'where there is one'],
  [neither, 'off', 'off'],
  [{ ...neither, prometheus: true }, 'off', 'demanded'],
  [{ ...neither, 'no-prometheus': true }, 'on', 'off'],
] as const)(
  'with %j and TIDEMARK_PROMETHEUS=%s a Prometheus is wished for: %s',
  (given, environment, wish) => {
    expect(prometheusWish(given, environment)).toBe(wish);
  },
);

test('a wish for and against it, and another word, are refused with what is allowed', () => {
  expect(() => prometheusWish({ prometheus: true, 'no-prometheus': true }, undefined)).toThrow(
    'exclude each other',
  );
  expect(() => prometheusWish(neither, 'no')).toThrow('TIDEMARK_PROMETHEUS=no is not allowed: on or off');
});
