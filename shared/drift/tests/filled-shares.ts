/** Shares without zeros, as other tools fill them so that logarithms stay finite. */

import { shares } from '../measure.ts';

/** Shares below `least` raised to it; they then sum to a little over 1. */
export function raisedShares(counts: ArrayLike<number>, rows: number, least: number): Float64Array {
  return Float64Array.from(counts, (count) => Math.max(count / rows, least));
}

/** Evidently's filling: empty cells get 1e-4, or a millionth of the smallest share where that is no larger. */
export function evidentlyShares(counts: ArrayLike<number>): Float64Array {
  const all = shares(counts);
  const smallest = Math.min(...all.filter((share) => share > 0));
  const filling = smallest <= 1e-4 ? smallest / 1e6 : 1e-4;
  return all.map((share) => (share === 0 ? filling : share));
}
