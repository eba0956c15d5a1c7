/** Random draws for simulations of billions of rows: a long-period generator, normal, binomial and multinomial. */

import gammaln from '@stdlib/math-base-special-gammaln';

export type Uniform = () => number;

/**
 * xoshiro128** (Blackman and Vigna 2018), uniform on [0, 1) in steps of 2^-32, seeded through splitmix32. Its period of
 * 2^128 − 1 is why it is used here: a 32-bit generator would come round within one table.
 */
export function uniformStream(seed: number): Uniform {
  let mixed = seed | 0;
  const next = () => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return (result >>> 0) / 4_294_967_296;
  };
}

/** Standard normal draws, two per pair of uniforms (Marsaglia's polar method). */
export function normalDraws(random: Uniform): () => number {
  let hasSpare = false;
  let spare = 0;
  return () => {
    if (hasSpare) {
      hasSpare = false;
      return spare;
    }
    let [x, y, square] = [0, 0, 0];
    do {
      x = 2 * random() - 1;
      y = 2 * random() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    hasSpare = true;
    spare = y * factor;
    return x * factor;
  };
}

/** Binomial(n, p): inversion while the mean is below 10, else Hörmann's BTRS (1993). */
function binomial(random: Uniform, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  return n * p < 10 ? byInversion(random, n, p) : byRejection(random, n, p);
}

function byInversion(random: Uniform, n: number, p: number): number {
  const odds = p / (1 - p);
  let mass = (1 - p) ** n;
  let left = random();
  let count = 0;
  while (left >= mass && count < n) {
    left -= mass;
    count++;
    mass *= (odds * (n - count + 1)) / count;
  }
  return count;
}

function byRejection(random: Uniform, n: number, p: number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const alpha = (2.83 + 5.1 / b) * spread;
  const inner = 0.92 - 4.2 / b;
  const logOdds = Math.log(p / (1 - p));
  const mode = Math.floor((n + 1) * p);
  const atMode = logFactorial(mode) + logFactorial(n - mode);
  for (;;) {
    const u = random() - 0.5;
    const v = random();
    const distance = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / distance + b) * u + centre);
    if (distance >= 0.07 && v <= inner) return count;
    if (count < 0 || count > n) continue;
    const bound = Math.log((v * alpha) / (a / (distance * distance) + b));
    if (bound <= atMode - logFactorial(count) - logFactorial(n - count) + (count - mode) * logOdds)
      return count;
  }
}

const smallFactorials = Float64Array.from({ length: 1024 }, (_, n) => gammaln(n + 1));

/** Stirling's series beyond the table: relative error below 1e-12 there. */
function logFactorial(n: number): number {
  if (n < smallFactorials.length) return smallFactorials[n]!;
  return (n + 0.5) * Math.log(n) - n + 0.9189385332046728 + 1 / (12 * n) - 1 / (360 * n ** 3);
}

/**
 * Multinomial counts, by halving: one binomial per cell that rows can reach, whatever the number of rows.
 *
 * @param cumulative P(cell ≤ i) for every cell, ending in 1
 * @param counts overwritten
 */
export function multinomial(random: Uniform, rows: number, cumulative: Float64Array, counts: Float64Array) {
  counts.fill(0);
  const halve = (from: number, to: number, left: number): void => {
    if (left === 0) return;
    if (to - from === 1) {
      counts[from] = left;
      return;
    }
    const middle = (from + to) >>> 1;
    const below = from === 0 ? 0 : cumulative[from - 1]!;
    const all = cumulative[to - 1]! - below;
    const share = all > 0 ? (cumulative[middle - 1]! - below) / all : 0.5;
    const first = binomial(random, left, share);
    halve(from, middle, first);
    halve(middle, to, left - first);
  };
  halve(0, cumulative.length, rows);
}

/** Compares the samplers with their theory; every simulation starts with it. @throws Error when one is off */
export function checkDraws(): void {
  const random = uniformStream(20261121);
  const draw = normalDraws(random);
  const checks: readonly (readonly [string, () => number, number, number])[] = [
    ['uniform', random, 0.5, 1 / 12],
    ['normal', draw, 0, 1],
    ['binomial by inversion', () => binomial(random, 50, 0.1), 5, 4.5],
    ['binomial by rejection', () => binomial(random, 5000, 0.7), 3500, 1050],
  ];
  for (const [name, sample, mean, variance] of checks) {
    const values = Float64Array.from({ length: 40_000 }, sample);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // Five standard errors; the spread of a variance is at most √2 of it here.
    const isOff =
      Math.abs(average - mean) > 5 * Math.sqrt(variance / values.length) ||
      Math.abs(spread / variance - 1) > 5 * Math.sqrt(2 / values.length);
    if (isOff)
      throw new Error(
        `${name} draws have mean ${average} and variance ${spread}, not ${mean} and ${variance}`,
      );
  }
  const counts = new Float64Array(3);
  multinomial(random, 90_000, Float64Array.of(0.2, 0.5, 1), counts);
  if ([18_000, 27_000, 45_000].some((expected, at) => Math.abs(counts[at]! - expected) > 900))
    throw new Error(`multinomial draws are ${counts.join(', ')} of 90000`);
}
