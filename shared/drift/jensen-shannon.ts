/** Jensen–Shannon distance: the bounded companion of the PSI. */

import { type NotComputable, notComputable, total } from './measure.ts';

/**
 * √(½·KL(p‖m) + ½·KL(q‖m)) with m = (p + q)/2 and natural logarithms: `scipy.spatial.distance.jensenshannon`.
 * Needs no smoothing. In [0, √ln 2 = 0.8326]; symmetric.
 *
 * @param reference counts per cell
 * @param current counts of the same cells
 * @example jensenShannonDistance([50, 50, 0], [40, 50, 10]) // { computable: true, distance: 0.19350 }
 */
export function jensenShannonDistance(
  reference: readonly number[],
  current: readonly number[],
): { readonly computable: true; readonly distance: number } | NotComputable {
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return notComputable('a sample without rows has no shares');
  let divergence = 0;
  for (let cell = 0; cell < reference.length; cell++) {
    const p = reference[cell]! / n;
    const q = current[cell]! / m;
    const middle = (p + q) / 2;
    if (p > 0) divergence += (p * Math.log(p / middle)) / 2;
    if (q > 0) divergence += (q * Math.log(q / middle)) / 2;
  }
  return { computable: true, distance: Math.sqrt(Math.max(0, divergence)) };
}
