/** The Kolmogorov–Smirnov null law: from a distance and an effective size to a p-value. */

import { binomialMass } from './special-functions.ts';

/** Up to this size the law is evaluated exactly; above, the expansion errs by less than 4e-6. */
const MAX_EXACT = 140;
/** Terms summed of the one-sided tail. */
const TAIL_TERMS = 512;

/**
 * P(D ≥ d) of the two-sided one-sample statistic at size n: `scipy.stats.kstwo.sf`, after Simard and L'Ecuyer (2011).
 * Exact by Durbin's matrix up to n = 140; above it the Pelz–Good expansion to order n^-1.5, and for n·d² ≥ 2.2 (≥ 4
 * up to 140) twice the one-sided tail, which then is the two-sided one to relative 2e-6. For two samples pass
 * n = round(n₁n₂/(n₁+n₂)), as SciPy does. About 5 µs a call above 140, 30 µs in the tail.
 *
 * @param distance in [0, 1]
 * @param n effective size, ≥ 1
 * @example kolmogorovSurvival(0.05, 500) // 0.15866
 */
export function kolmogorovSurvival(distance: number, n: number): number {
  if (n * distance <= 0.5) return 1;
  if (distance >= 1) return 0;
  const squared = n * distance * distance;
  if (squared >= 370 && n > MAX_EXACT) return 0;
  if (distance >= 0.5 || squared >= (n > MAX_EXACT ? 2.2 : 4))
    return Math.min(1, 2 * oneSidedSurvival(distance, n));
  const below = n > MAX_EXACT ? pelzGood(Math.sqrt(squared), n) : durbin(distance, n);
  return Math.min(1, Math.max(0, 1 - below));
}

/**
 * P(D⁺ ≥ d), Smirnov's sum (`scipy.special.smirnov`). Its terms are a smooth bump that vanishes at both ends with all
 * derivatives once n is large, so there every k-th of them gives the sum to rounding (the trapezoidal rule).
 */
function oneSidedSurvival(distance: number, n: number): number {
  const stride = Math.max(1, Math.floor(n / TAIL_TERMS));
  const last = n * (1 - distance);
  let sum = 0;
  for (let j = 0; j <= last; j += stride) {
    const level = distance + j / n;
    if (level < 1) sum += binomialMass(j, n, level) / level;
  }
  return Math.min(1, distance * stride * sum);
}

/** P(D < d) for small n, d < 1: a power of Durbin's matrix (Marsaglia, Tsang and Wang 2003). */
function durbin(distance: number, n: number): number {
  const k = Math.ceil(n * distance);
  const size = 2 * k - 1;
  const h = k - n * distance;
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column <= Math.min(size - 1, row + 1); column++) matrix[row * size + column] = 1;
  for (let row = 0; row < size; row++) {
    matrix[row * size]! -= h ** (row + 1);
    matrix[(size - 1) * size + row]! -= h ** (size - row);
  }
  if (2 * h > 1) matrix[(size - 1) * size]! += (2 * h - 1) ** size;
  let factorial = 1;
  for (let down = 1; down <= size; down++) {
    factorial *= down;
    for (let row = down - 1; row < size; row++) matrix[row * size + row - down + 1]! /= factorial;
  }
  const power = matrixPower({ values: matrix, exponent: 0 }, n, size);
  let probability = power.values[(k - 1) * size + k - 1]!;
  for (let i = 1; i <= n; i++) probability *= i / n / 2 ** (power.exponent / n);
  return probability;
}

/** values · 2^exponent: entries grow like n^n / n!, beyond doubles. */
interface ScaledMatrix {
  readonly values: Float64Array;
  readonly exponent: number;
}

function matrixPower(base: ScaledMatrix, power: number, size: number): ScaledMatrix {
  if (power === 1) return base;
  const half = matrixPower(base, Math.floor(power / 2), size);
  const square = multiply(half, half, size);
  return power % 2 === 0 ? square : multiply(square, base, size);
}

function multiply(left: ScaledMatrix, right: ScaledMatrix, size: number): ScaledMatrix {
  const values = new Float64Array(size * size);
  let largest = 0;
  for (let row = 0; row < size; row++)
    for (let inner = 0; inner < size; inner++) {
      const factor = left.values[row * size + inner]!;
      if (factor === 0) continue;
      for (let column = 0; column < size; column++)
        values[row * size + column]! += factor * right.values[inner * size + column]!;
    }
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const exponent = left.exponent + right.exponent;
  if (largest < 2 ** 400) return { values, exponent };
  return { values: values.map((value) => value * 2 ** -400), exponent: exponent + 400 };
}

/** P(D < z/√n): K₀(z) + K₁(z)/√n + K₂(z)/n + K₃(z)/n^1.5 in the form that converges at small z (Pelz and Good 1976). */
function pelzGood(z: number, n: number): number {
  if (z < 0.15) return 0;
  const z2 = z * z;
  const [z4, z6] = [z2 * z2, z2 ** 3];
  let [k0, k1, k2, k3, k2Rest, k3Rest] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < 12; k++) {
    const half = ((k + 0.5) * Math.PI) ** 2;
    const halfTerm = Math.exp(-half / (2 * z2));
    k0 += halfTerm;
    k1 += (half - z2) * halfTerm;
    k2 += (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * half + (1 - 2 * z2) * half ** 2) * halfTerm;
    k3 +=
      (-30 * z6 -
        90 * z4 * z4 +
        (135 * z4 - 96 * z6) * half +
        (212 * z4 - 60 * z2) * half ** 2 +
        (5 - 30 * z2) * half ** 3) *
      halfTerm;
    const whole = (k * Math.PI) ** 2;
    const wholeTerm = whole * Math.exp(-whole / (2 * z2));
    k2Rest += wholeTerm;
    k3Rest += (3 * z2 - whole) * wholeTerm;
  }
  const root = Math.sqrt(2 * Math.PI);
  return (
    (root / z) * k0 +
    ((root / (6 * z4)) * k1) / Math.sqrt(n) +
    ((root / (72 * z ** 7)) * k2 - (root / (36 * z ** 3)) * k2Rest) / n +
    ((root / (6480 * z ** 10)) * k3 + (root / (216 * z6)) * k3Rest) / n ** 1.5
  );
}
