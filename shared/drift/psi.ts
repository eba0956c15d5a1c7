/** Population stability index: how far the current shares moved from the reference's. */

import { type NotComputable, notComputable, total } from './measure.ts';

export interface PopulationStability {
  readonly computable: true;
  /** ≥ 0 in nats; as reported. */
  readonly psi: number;
  /** PSI less what two samples of these sizes show without drift; may be below 0. Tiers compare this one. */
  readonly psiDebiased: number;
}

/**
 * PSI = Σ (q − p)·ln(q / p) over the same cells of two samples, with half a count added to every cell so that it is
 * finite (Laplace ½). Without drift PSI·nm/(n+m) is about χ² with K − 1 degrees of freedom, so its mean is
 * (K − 1)(1/n + 1/m): with 10 cells at n = 100, four windows in ten would exceed 0.1 for no reason. That mean is
 * what `psiDebiased` takes off.
 *
 * @param reference counts per cell
 * @param current counts of the same cells
 * @param designEffect variance inflation of clustered rows, ≥ 1; scales the null mean
 * @example
 * populationStability([10, 20, 30], [30, 20, 10]) // psi 0.69356, psiDebiased 0.62689
 */
export function populationStability(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  designEffect = 1,
): PopulationStability | NotComputable {
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return notComputable('a sample without rows has no shares');
  const cells = reference.length;
  const smoothed = (counts: ArrayLike<number>, rows: number) =>
    Float64Array.from(counts, (count) => (count + 0.5) / (rows + 0.5 * cells));
  const psi = stabilityOfShares(smoothed(reference, n), smoothed(current, m));
  return { computable: true, psi, psiDebiased: psi - designEffect * (cells - 1) * (1 / n + 1 / m) };
}

/** Σ (q − p)·ln(q / p) of shares that are all above 0. @example stabilityOfShares([0.5, 0.5], [0.1, 0.9]) // 0.87889 */
export function stabilityOfShares(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  let psi = 0;
  for (let cell = 0; cell < reference.length; cell++) {
    const [p, q] = [reference[cell]!, current[cell]!];
    psi += (q - p) * Math.log(q / p);
  }
  return psi;
}
