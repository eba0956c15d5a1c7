/** The first faults of a replay as lines for a person. */
import type { Fault } from './put-records.ts';

const MOST_NAMED = 20;

/** @example namedFaults('refused', [{ where: 'line 3', reason: 'it expired' }]) // ['  refused: line 3: it expired'] */
export function namedFaults(kind: string, faults: readonly Fault[]): string[] {
  const lines = faults.slice(0, MOST_NAMED).map(({ where, reason }) => `  ${kind}: ${where}: ${reason}`);
  const more = faults.length - MOST_NAMED;
  return more > 0 ? [...lines, `  and ${more} more ${kind}; --json names them all`] : lines;
}
