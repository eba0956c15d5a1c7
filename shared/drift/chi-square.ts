/** Chi-square test of homogeneity: the primary test of one feature, on its coarse cells. */

import { type NotComputable, notComputable, total } from './measure.ts';
import { chiSquareSurvival } from './special-functions.ts';

export interface ChiSquare {
  readonly computable: true;
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
}

/**
 * Pearson's χ² of the 2 × K table, both samples taken as samples (`scipy.stats.chi2_contingency(correction=False)`).
 * Goodness of fit, which takes the reference for the truth, rejects 27.6 % of equal-sized null pairs at 5 %.
 * Cells empty in both samples are dropped. Expected counts should be ≥ 5: pool first, see `coarse-cells.ts`.
 *
 * @param reference counts per cell
 * @param current counts of the same cells
 * @param designEffect variance inflation of clustered rows, ≥ 1; divides the statistic (Rao and Scott 1981)
 * @param isCorrected Yates' continuity correction of a 2 × 2 table; other tables are never corrected
 * @example chiSquareContingency([10, 20, 30], [30, 20, 10]) // statistic 20, degreesOfFreedom 2, pValue 4.54e-5
 */
export function chiSquareContingency(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  designEffect = 1,
  isCorrected = false,
): ChiSquare | NotComputable {
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return notComputable('a sample without rows cannot be tested');
  let filled = 0;
  for (let cell = 0; cell < reference.length; cell++) if (reference[cell]! + current[cell]! > 0) filled++;
  if (filled < 2) return notComputable('every row is in one cell');
  const correction = isCorrected && filled === 2 ? (n + m) / 2 : 0;
  let statistic = 0;
  for (let cell = 0; cell < reference.length; cell++) {
    const both = reference[cell]! + current[cell]!;
    if (both === 0) continue;
    // Σ (O − E)²/E of the two rows, which miss their expectation by the same amount: this over n + m.
    const miss = Math.max(0, Math.abs(current[cell]! * n - reference[cell]! * m) - correction);
    statistic += (miss / n / m) * (miss / both);
  }
  const degreesOfFreedom = filled - 1;
  return {
    computable: true,
    statistic,
    degreesOfFreedom,
    pValue: chiSquareSurvival(statistic / designEffect, degreesOfFreedom),
  };
}
