/** What `tidemark compare --json` printed, parsed, with what no output may hold refused. */
import { expect } from 'vitest';
import type { Comparison } from '#shared/comparison/comparison.ts';

/** Keys that say "none" by null; anywhere else it would be a NaN that JSON swallowed. */
const mayBeNull = new Set(['primary', 'adjusted_p', 'psi_debiased', 'lower', 'upper', 'worst']);

export function parsedComparison({
  stdout,
  stderr,
}: {
  readonly stdout: string;
  readonly stderr: string;
}): Comparison {
  expect(stderr).not.toMatch(/^\s+at |Error:|node:internal/m);
  expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
  return JSON.parse(stdout, (key, value: unknown) => {
    if (value === null && !mayBeNull.has(key)) throw new Error(`${key} is null`);
    return value;
  });
}
