/** Special functions: the tail probabilities behind the p-values of drift, quality and performance. */

import betainc from '@stdlib/math-base-special-betainc';
import erfc from '@stdlib/math-base-special-erfc';
import gammainc from '@stdlib/math-base-special-gammainc';
import gammaln from '@stdlib/math-base-special-gammaln';

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

/**
 * P(Binomial(n, p) = k) to relative 1e-13 at any n, by the saddle-point expansion (Loader 2000): factorials in
 * logarithms would lose a digit for every digit of n.
 *
 * @param n ≥ 0
 * @param p in [0, 1]
 * @example binomialMass(2, 4, 0.5) // 0.375
 */
export function binomialMass(k: number, n: number, p: number): number {
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  const exponent =
    stirlingError(n) -
    stirlingError(k) -
    stirlingError(n - k) -
    deviance(k, n * p) -
    deviance(n - k, n * (1 - p));
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** ln n! less Stirling's formula. */
function stirlingError(n: number): number {
  if (n < 16) return gammaln(n + 1) - (n + 0.5) * Math.log(n) + n - 0.5 * Math.log(2 * Math.PI);
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}

/** x·ln(x / mean) + mean − x, without cancellation where the two are near. */
function deviance(x: number, mean: number): number {
  const difference = x - mean;
  const ratio = difference / (x + mean);
  if (Math.abs(ratio) >= 0.1) return x * Math.log(x / mean) - difference;
  let sum = difference * ratio;
  let power = 2 * x * ratio;
  for (let odd = 3; odd < 40; odd += 2) {
    power *= ratio * ratio;
    const next = sum + power / odd;
    if (next === sum) break;
    sum = next;
  }
  return sum;
}
