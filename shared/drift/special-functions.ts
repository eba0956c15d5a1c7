/** Special functions: the tail probabilities behind the p-values of drift, quality and performance. */

import { gammaln } from 'simple-statistics';

/**
 * Upper tail P(X > x) of the chi-square distribution.
 *
 * Regularised incomplete gamma Q(df/2, x/2): series below df/2 + 1, Lentz continued fraction above (Press et al.,
 * Numerical Recipes §6.2); held to SciPy's `chi2.sf` at relative 1e-9.
 *
 * @param x statistic, ≥ 0
 * @param degreesOfFreedom > 0
 * @example chiSquareSurvival(3.84, 1) // 0.0500435
 */
export function chiSquareSurvival(x: number, degreesOfFreedom: number): number {
  return x <= 0 ? 1 : upperGamma(degreesOfFreedom / 2, x / 2);
}

/** Upper tail P(Z > z) of the standard normal. @example normalSurvival(1.96) // 0.0249979 */
export function normalSurvival(z: number): number {
  const tail = 0.5 * chiSquareSurvival(z * z, 1);
  return z >= 0 ? tail : 1 - tail;
}

/**
 * Upper tail P(T > t) of Student's t, by the regularised incomplete beta (Numerical Recipes §6.4).
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

const TINY = 1e-300;
const PRECISION = 1e-16;

function upperGamma(shape: number, x: number): number {
  const scale = Math.exp(shape * Math.log(x) - x - gammaln(shape));
  if (x < shape + 1) {
    let [term, sum] = [1 / shape, 1 / shape];
    for (let step = 1; step < 100_000 && term > sum * PRECISION; step++) {
      term *= x / (shape + step);
      sum += term;
    }
    return Math.max(0, 1 - scale * sum);
  }
  let b = x + 1 - shape;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let step = 1; step < 100_000; step++) {
    const a = -step * (step - shape);
    b += 2;
    d = 1 / nonZero(a * d + b);
    c = nonZero(b + a / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return scale * fraction;
}

/** Regularised incomplete beta I_x(a, b), a and b > 0: also P(Binomial(a + b − 1, x) ≥ a) for whole numbers. */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const scale = Math.exp(gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2)
    ? (scale * betaFraction(x, a, b)) / a
    : 1 - (scale * betaFraction(1 - x, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return fraction;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
