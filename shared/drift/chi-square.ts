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
 * @example chiSquareContingency([10, 20, 30], [30, 20, 10]) // statistic 20, degreesOfFreedom 2, pValue 4.54e-5
 */
export function chiSquareContingency(
  reference: readonly number[],
  current: readonly number[],
  designEffect = 1,
): ChiSquare | NotComputable {
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return notComputable('a sample without rows cannot be tested');
  let statistic = 0;
  let filled = 0;
  for (let cell = 0; cell < reference.length; cell++) {
    const both = reference[cell]! + current[cell]!;
    if (both === 0) continue;
    filled++;
    // Σ (O − E)²/E of the two rows, which miss their expectation by the same amount.
    const expected = (both / (n + m)) * m;
    statistic += ((current[cell]! - expected) ** 2 / expected) * (1 + m / n);
  }
  if (filled < 2) return notComputable('every row is in one cell');
  const degreesOfFreedom = filled - 1;
  return {
    computable: true,
    statistic,
    degreesOfFreedom,
    pValue: chiSquareSurvival(statistic / designEffect, degreesOfFreedom),
  };
}
