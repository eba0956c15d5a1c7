import { expect, test } from 'vitest';
import { hostEnvironment } from './start.ts';

test('--granule-ms beats the environment, which beats 5000', () => {
  expect(hostEnvironment({ GRANULE_MS: '700' }, 250).GRANULE_MS).toBe('250');
  expect(hostEnvironment({ GRANULE_MS: '700' }, undefined).GRANULE_MS).toBe('700');
  expect(hostEnvironment({}, undefined).GRANULE_MS).toBe('5000');
});
