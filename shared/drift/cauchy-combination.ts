/** Cauchy combination: one p-value of two tests that looked at the same rows. */

/**
 * A p-value near 1 scores towards −∞: one of exactly 1, which discrete counts give often, would silence the other test
 * however small its p-value. Truncated here, it cannot; the level is the same (Fang, Chang, Park and Tseng 2023).
 */
const LARGEST = 0.99;

/**
 * Combines two p-values with equal weights by the mean of their Cauchy scores cot(πp) = tan((½ − p)π), which holds its
 * level at small p whatever their dependence (Liu and Xie 2020). Small p-values enter as their harmonic mean. Use it for
 * two views of the same rows; independent samples are better combined otherwise.
 *
 * @param first in [0, 1]
 * @param second in [0, 1]
 * @returns in [0, 0.99]: two p-values of 1 give 0.99
 * @example cauchyCombination(0.01, 0.5) // 0.0200
 * @example cauchyCombination(1e-12, 1) // 2e-12
 */
export function cauchyCombination(first: number, second: number): number {
  // The cotangent and the two-argument arctangent keep all digits where ½ − p and ½ − atan(…)/π have none left.
  return Math.atan2(1, (score(first) + score(second)) / 2) / Math.PI;
}

function score(pValue: number): number {
  return 1 / Math.tan(Math.PI * Math.min(LARGEST, pValue));
}
