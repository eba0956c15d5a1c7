/** Kolmogorov–Smirnov distance from fine cells: a proven bracket instead of a guess. */

import { kolmogorovSurvival } from './kolmogorov.ts';
import { type NotComputable, notComputable, total } from './measure.ts';

export interface KolmogorovSmirnov {
  readonly computable: true;
  /** The distance of the raw rows lies in [lo, hi]; lo is attained at an edge. */
  readonly lo: number;
  readonly hi: number;
  /** Of `lo`, so never smaller than the raw rows' own: evidence beside the primary test. */
  readonly pValue: number;
}

/**
 * Brackets max |F − G| from counts on point cells and the open intervals between them. Both distribution functions
 * are known at and just below every edge; inside an open cell the distance cannot exceed one function's end against
 * the other's start. Exact where the open cells are empty on either side.
 *
 * @param reference counts on cells `2i` (open, below edge i) and `2i + 1` (edge i)
 * @param current counts on the same cells
 * @param designEffect variance inflation of clustered rows, ≥ 1
 * @example kolmogorovSmirnov([0, 20, 0], [0, 0, 12]) // every row above the only edge: lo 1, hi 1
 */
export function kolmogorovSmirnov(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  designEffect = 1,
): KolmogorovSmirnov | NotComputable {
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return notComputable('a sample without rows has no distribution');
  let [below, belowCurrent, lo, hi] = [0, 0, 0, 0];
  for (let cell = 0; cell < reference.length; cell++) {
    const inReference = reference[cell]!;
    const inCurrent = current[cell]!;
    const start = below / n;
    const startCurrent = belowCurrent / m;
    below += inReference;
    belowCurrent += inCurrent;
    const gap = Math.abs(below / n - belowCurrent / m);
    if (gap > lo) lo = gap;
    if (cell % 2 === 0 && inReference > 0 && inCurrent > 0)
      hi = Math.max(hi, below / n - startCurrent, belowCurrent / m - start);
  }
  const effective = Math.max(1, Math.round((n * m) / (n + m) / designEffect));
  return {
    computable: true,
    lo,
    hi: Math.min(1, Math.max(lo, hi)),
    pValue: kolmogorovSurvival(lo, effective),
  };
}
