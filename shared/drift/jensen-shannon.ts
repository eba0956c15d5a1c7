/** Jensen–Shannon distance: the bounded companion of the PSI. */

import { type NotComputable, notComputable, shares, total } from './measure.ts';

/**
 * √(½·KL(p‖m) + ½·KL(q‖m)) with m = (p + q)/2 and natural logarithms: `scipy.spatial.distance.jensenshannon`.
 * Needs no smoothing. In [0, √ln 2 = 0.8326]; symmetric.
 *
 * @param reference counts per cell
 * @param current counts of the same cells
 * @example jensenShannonDistance([50, 50, 0], [40, 50, 10]) // { computable: true, distance: 0.19350 }
 */
export function jensenShannonDistance(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): { readonly computable: true; readonly distance: number } | NotComputable {
  if (total(reference) === 0 || total(current) === 0)
    return notComputable('a sample without rows has no shares');
  const p = shares(reference);
  const q = shares(current);
  const middle = p.map((share, cell) => (share + q[cell]!) / 2);
  const divergence = relativeEntropy(p, middle) + relativeEntropy(q, middle);
  return { computable: true, distance: Math.sqrt(Math.max(0, divergence) / 2) };
}

/**
 * Kullback–Leibler divergence Σ p·ln(p / q) in nats, with 0·ln 0 = 0; infinite where q is 0 and p is not.
 *
 * @example relativeEntropy([0.5, 0.5], [0.1, 0.9]) // 0.51083
 */
export function relativeEntropy(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let entropy = 0;
  for (let cell = 0; cell < p.length; cell++)
    if (p[cell]! > 0) entropy += p[cell]! * Math.log(p[cell]! / q[cell]!);
  return entropy;
}
