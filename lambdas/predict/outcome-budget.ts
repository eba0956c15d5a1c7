/** Caps how many failures one process writes down, so that a flood of bad requests is not also a flood of puts. */

const perSecond = 20;

/** Answers whether one more outcome may be written now. */
export function createOutcomeBudget(now: () => number): () => boolean {
  let second = 0;
  let used = 0;
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      used = 0;
    }
    used += 1;
    return used <= perSecond;
  };
}
