/** Special functions: the tail probabilities behind the p-values of drift, quality and performance. */

import betainc from '@stdlib/math-base-special-betainc';
import erfc from '@stdlib/math-base-special-erfc';
import gammainc from '@stdlib/math-base-special-gammainc';

/**
 * Upper tail P(X > x) of the chi-square distribution.
 *
 * Regularised upper incomplete gamma Q(df/2, x/2); agrees with SciPy's `chi2.sf` to relative 2e-14.
 *
 * @param x statistic, ≥ 0
 * @param degreesOfFreedom > 0
 * @example chiSquareSurvival(3.84, 1) // 0.0500435
 */
export function chiSquareSurvival(x: number, degreesOfFreedom: number): number {
  return x <= 0 ? 1 : gammainc(x / 2, degreesOfFreedom / 2, true, true);
}

/** Upper tail P(Z > z) of the standard normal. @example normalSurvival(1.96) // 0.0249979 */
export function normalSurvival(z: number): number {
  return 0.5 * erfc(z / Math.SQRT2);
}

/**
 * Upper tail P(T > t) of Student's t, by the regularised incomplete beta.
 *
 * @param degreesOfFreedom > 0, not necessarily whole (Welch)
 * @example studentTSurvival(2, 10) // 0.0366940
 */
export function studentTSurvival(t: number, degreesOfFreedom: number): number {
  const tail =
    0.5 * regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
  return t >= 0 ? tail : 1 - tail;
}

/** The t with upper tail `tail`, 0 < tail < 0.5, by bisection. @example studentTQuantile(0.025, 10) // 2.2281 */
export function studentTQuantile(tail: number, degreesOfFreedom: number): number {
  return bisect((t) => studentTSurvival(t, degreesOfFreedom) > tail);
}

/** The z with upper tail `tail`, 0 < tail ≤ 0.5, by bisection. @example normalQuantile(0.01) // 2.3263 */
export function normalQuantile(tail: number): number {
  return bisect((z) => normalSurvival(z) > tail);
}

/** The x ≥ 0 where a decreasing claim turns from true to false. */
export function bisect(isBelow: (x: number) => boolean): number {
  let [low, high] = [0, 1];
  while (isBelow(high) && high < 1e9) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Regularised incomplete beta I_x(a, b), a and b > 0: also P(Binomial(a + b − 1, x) ≥ a) for whole numbers. */
export function regularizedBeta(x: number, a: number, b: number): number {
  return betainc(Math.min(1, Math.max(0, x)), a, b, true, false);
}
