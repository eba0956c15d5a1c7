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
