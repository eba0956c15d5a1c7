/** What every drift measure answers: a figure, or why there is none. */

/** A degenerate input, in words. Never NaN. */
export interface NotComputable {
  readonly computable: false;
  readonly reason: string;
}

export function notComputable(reason: string): NotComputable {
  return { computable: false, reason };
}

/** Sum of counts. */
export function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at]!;
  return sum;
}

/** Counts as shares of their sum, which must not be 0. */
export function shares(counts: ArrayLike<number>): Float64Array {
  const sum = total(counts);
  return Float64Array.from(counts, (count) => count / sum);
}
