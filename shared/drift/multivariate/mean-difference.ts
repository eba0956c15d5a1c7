/** The tail of a standardised difference of means whose rows are skewed or heavy-tailed. */

import { chiSquareSurvival, normalSurvival } from '../special-functions.ts';

interface RowShape {
  readonly skewness: number;
  /** Kurtosis beyond that of the case in which the difference is normal. */
  readonly excessKurtosis: number;
}

/** Below this skewness the gamma tail and the normal one agree to a part in a thousand. */
const NEGLIGIBLE_SKEWNESS = 0.001;

/**
 * Two-sided p-value of z = (current mean − reference mean) / standard error. The normal law is far off where few rows
 * carry the figure: for two flags that are set in 1 % of the rows, one of 200 rows with both set is a z of 7, and
 * happens in 2 % of the windows. The tail is that of a gamma (Pearson III) law with the skewness of the difference;
 * kurtosis without skewness enters as the skewness of equal effect four standard errors out.
 *
 * @param z positive where the current mean is larger
 * @param n reference rows, divided by the design effect
 * @param m current rows, likewise
 * @example meanDifferencePValue(1.96, { skewness: 0, excessKurtosis: 0 }, 1000, 1000) // 0.05
 */
export function meanDifferencePValue(z: number, shape: RowShape, n: number, m: number): number {
  const variance = 1 / n + 1 / m;
  const skewness = (shape.skewness * (1 / (m * m) - 1 / (n * n))) / variance ** 1.5;
  const kurtosis = (Math.max(0, shape.excessKurtosis) * (m ** -3 + n ** -3)) / variance ** 2;
  // A Poisson count has as much kurtosis as squared skewness.
  const unexplained = Math.max(0, kurtosis - skewness * skewness);
  const towards = skewness * z > 0 ? skewness * skewness : 0;
  return Math.min(1, 2 * gammaTail(Math.abs(z), Math.sqrt(towards + unexplained * Math.min(1, unexplained))));
}

/** P(X > z) of the gamma law with mean 0, variance 1 and the given skewness ≥ 0. */
function gammaTail(z: number, skewness: number): number {
  if (skewness < NEGLIGIBLE_SKEWNESS) return normalSurvival(z);
  const degreesOfFreedom = 8 / (skewness * skewness);
  return chiSquareSurvival(degreesOfFreedom + z * Math.sqrt(2 * degreesOfFreedom), degreesOfFreedom);
}
