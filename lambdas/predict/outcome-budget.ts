/** Caps how many failures one process writes down, so that a flood of bad requests is not also a flood of puts. */

const perSecond = 20;
/** Different failures that are remembered while they may not be written. */
const maxKinds = 200;

/**
 * Answers how many failures of a kind to write down as one item now: this one and those before it that could not be; 0 when the second
 * is used up. A process that ends takes what it could not write with it.
 *
 * @example
 * const toCount = createOutcomeBudget(() => 0);
 * toCount('prices#400'); // 1, twenty times, then 0
 */
export function createOutcomeBudget(now: () => number): (kind: string) => number {
  let second = 0;
  let used = 0;
  const waiting = new Map<string, number>();
  return (kind) => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      used = 0;
    }
    used += 1;
    const count = (waiting.get(kind) ?? 0) + 1;
    if (used <= perSecond) {
      waiting.delete(kind);
      return count;
    }
    if (waiting.has(kind) || waiting.size < maxKinds) waiting.set(kind, count);
    return 0;
  };
}
