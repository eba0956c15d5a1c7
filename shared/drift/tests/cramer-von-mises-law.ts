/** The null law of the two-sample Cramér–von Mises statistic: counted for few rows, a series for many. */

import { greatestCommonDivisor } from './lattice-paths.ts';

/**
 * P(U ≥ u) for n and m rows without ties, by counting all orders (Xiao, Gordon and Yakovlev 2007, algorithm 1).
 * Exact to 20 rows a side, where the number of orders still fits a double.
 */
export function cramerVonMisesExceedance(u: number, n: number, m: number): number {
  const lcm = (n / greatestCommonDivisor(n, m)) * m;
  const [a, b] = [lcm / n, lcm / m];
  const pairs = n * m;
  const threshold = Math.floor((lcm ** 2 * (n + m) * (6 * u - pairs * (4 * pairs - 1))) / (6 * pairs ** 2));
  // frequencies[v] counts the paths to (step, v) by their sum of squared heights, as long as it is below.
  let frequencies: Map<number, number>[] = Array.from({ length: n + 1 }, () => new Map());
  let beyond = 0;
  for (let step = 0; step <= m; step++) {
    let below = new Map<number, number>();
    frequencies = frequencies.map((before, v) => {
      const squaredHeight = (a * v - b * step) ** 2;
      const here = new Map<number, number>();
      const rest = binomial(m - step + n - v, n - v);
      const paths = step === 0 && v === 0 ? [new Map([[0, 1]])] : [before, below];
      for (const from of paths)
        for (const [before, count] of from) {
          const sum = before + squaredHeight;
          if (sum < threshold) here.set(sum, (here.get(sum) ?? 0) + count);
          else beyond += count * rest;
        }
      below = here;
      return here;
    });
  }
  return beyond / binomial(n + m, n);
}

function binomial(n: number, k: number): number {
  let product = 1;
  for (let i = 1; i <= k; i++) product = (product * (n - k + i)) / i;
  return product;
}

/**
 * The distribution function of the statistic as both samples grow (Anderson and Darling 1952, 4.35).
 *
 * @param smallestTerm the series ends with the first term below it
 * @example cramerVonMisesLimit(0.4614) // 0.95001
 */
export function cramerVonMisesLimit(x: number, smallestTerm = 1e-17): number {
  if (x <= 0) return 0;
  let sum = 0;
  // Γ(k + ½) / Γ(k + 1), from k to k + 1 by their ratio.
  let gammaRatio = Math.sqrt(Math.PI);
  for (let k = 0; k < 1000; k++) {
    const y = 4 * k + 1;
    const q = (y * y) / (16 * x);
    const term =
      (gammaRatio / (Math.PI ** 1.5 * Math.sqrt(x))) * Math.sqrt(y) * Math.exp(-2 * q) * scaledBessel(q);
    sum += term;
    if (term < smallestTerm) break;
    gammaRatio *= (k + 0.5) / (k + 1);
  }
  return Math.min(1, sum);
}

/** e^q·K of order ¼: ∫ exp(−q(cosh t − 1))·cosh(t/4) dt by the trapezoidal rule, which converges geometrically. */
function scaledBessel(q: number): number {
  const step = Math.min(0.125, 0.5 / Math.sqrt(q));
  let sum = 0.5;
  for (let t = step; ; t += step) {
    const term = Math.exp(-q * 2 * Math.sinh(t / 2) ** 2) * Math.cosh(t / 4);
    sum += term;
    if (term < 1e-18) return sum * step;
  }
}
