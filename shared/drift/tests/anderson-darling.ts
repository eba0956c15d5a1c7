/** The two-sample Anderson–Darling test: squared distance of distribution functions, weighted towards the tails. */

import { type NotComputable, notComputable, total } from '../measure.ts';
import { conclude, type DriftTest, type TestResult } from './drift-test.ts';
import { type Groups, groupCells, groupValues, twoSamples } from './two-samples.ts';

/** Critical values of two samples, each the sum b₀ + b₁ + b₂ of table 2 of Scholz and Stephens (1987). */
const CRITICAL = [
  0.675 - 0.245 - 0.105,
  1.281 + 0.25 - 0.305,
  1.645 + 0.678 - 0.362,
  1.96 + 1.149 - 0.391,
  2.326 + 1.822 - 0.396,
  2.573 + 2.364 - 0.345,
  3.085 + 3.615 - 0.154,
] as const;
/** An open cell is taken for ties of at most this part of all rows. */
const OPEN_CELL_TIES = 2000;
/** The p-values they belong to. */
const SIGNIFICANCE = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001] as const;
/** ln p ≈ c₀ + c₁·A + c₂·A² through those seven by least squares, as SciPy interpolates. */
const LOG_P = quadraticFit(CRITICAL, SIGNIFICANCE.map(Math.log));

/**
 * The standardised k-sample statistic with mid-ranks (Scholz and Stephens 1987): `scipy.stats.anderson_ksamp`. Its
 * p-value is interpolated between tabulated ones, so never above 0.25 or below 0.001.
 *
 * @param options.isMidRank false for the right-continuous statistic, which takes ties for rounding only
 * @example andersonDarlingSamples([1, 2, 3], [10, 11, 12]) // statistic 2.6332, pValue 0.027147
 */
export function andersonDarlingSamples(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { isMidRank = true } = {},
): TestResult | NotComputable {
  const samples = twoSamples(reference, current, { infinities: 'rank' });
  return samples.computable ? andersonDarlingOf(groupValues(samples), isMidRank) : samples;
}

function andersonDarlingOf(groups: Groups, isMidRank: boolean): TestResult | NotComputable {
  const [n, m] = [total(groups.reference), total(groups.current)];
  const rows = n + m;
  if (n === 0 || m === 0 || rows < 4)
    return notComputable(`${n} and ${m} rows; both samples and 4 rows together are needed`);
  let [a0, below, filled, sum] = [0, 0, 0, 0];
  const part = isMidRank ? 0.5 : 1;
  for (let group = 0; group < groups.reference.length; group++) {
    const both = groups.reference[group]! + groups.current[group]!;
    if (both === 0) continue;
    filled++;
    // A wide open cell of a profile holds rows in an unknown order: taken as evenly mixed, in smaller ties.
    const pieces = groups.isTied(group) ? 1 : Math.min(both, Math.ceil((both / rows) * OPEN_CELL_TIES));
    const tied = both / pieces;
    const inReference = groups.reference[group]! / pieces;
    for (let piece = 0; piece < pieces; piece++) {
      const upTo = below + part * tied;
      // (N·M − B·n)² is the same for both samples; 1/n + 1/m joins their terms.
      const gap = rows * (a0 + part * inReference) - upTo * n;
      const weight = upTo * (rows - upTo) - (isMidRank ? (rows * tied) / 4 : 0);
      if (weight > 0) sum += ((tied / rows) * gap * gap) / weight;
      a0 += inReference;
      below += tied;
    }
  }
  if (filled < 2) return notComputable('every row has the same value');
  const raw = (isMidRank ? (rows - 1) / rows : 1) * sum * (1 / n + 1 / m);
  const statistic = (raw - 1) / Math.sqrt(nullVariance(n, m));
  return conclude(statistic, interpolatedPValue(statistic));
}

/** Variance of the statistic under the null for two samples (Scholz and Stephens 1987, eq. 4). */
function nullVariance(n: number, m: number): number {
  const rows = n + m;
  const reciprocals = 1 / n + 1 / m;
  const h = harmonic(rows - 1, 1);
  // Σ Σ 1/((N − i)·j) over i < j in closed form.
  const g = h * h - harmonic(rows, 1) ** 2 + harmonic(rows, 2);
  const a = 4 * g - 6 + (10 - 6 * g) * reciprocals;
  const b = 4 * (2 * g - 4) + 16 * h + (2 * g - 14 * h - 4) * reciprocals - 8 * h + 4 * g - 6;
  const c = 4 * (6 * h + 2 * g - 2) + 2 * (4 * h - 4 * g + 6) + (2 * h - 6) * reciprocals + 4 * h;
  const d = 4 * (2 * h + 6) - 8 * h;
  return (((a * rows + b) * rows + c) * rows + d) / ((rows - 1) * (rows - 2) * (rows - 3));
}

/** Σ 1/i^order for i up to n; order 1 or 2. */
function harmonic(n: number, order: 1 | 2): number {
  if (n <= 100) {
    let sum = 0;
    for (let i = n; i >= 1; i--) sum += 1 / i ** order;
    return sum;
  }
  const square = n * n;
  if (order === 1)
    return (
      Math.log(n) +
      0.5772156649015329 +
      1 / (2 * n) -
      (1 / 12 - (1 / 120 - 1 / 252 / square) / square) / square
    );
  return Math.PI ** 2 / 6 - (1 - 1 / (2 * n) + (1 / 6 - 1 / 30 / square) / square) / n;
}

function interpolatedPValue(statistic: number): number {
  if (statistic < CRITICAL[0]) return 0.25;
  if (statistic > CRITICAL[6]) return 0.001;
  return Math.exp(LOG_P[0] + statistic * (LOG_P[1] + statistic * LOG_P[2]));
}

/** Least squares of y on 1, x, x² by Gram–Schmidt on centred powers. */
function quadraticFit(x: readonly number[], y: readonly number[]): readonly [number, number, number] {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const product = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, value, at) => sum + value * q[at]!, 0);
  const centre = mean(x);
  const linear = x.map((value) => value - centre);
  const spread = mean(linear.map((value) => value * value));
  const skew =
    product(
      linear,
      linear.map((value) => value * value),
    ) / product(linear, linear);
  const square = linear.map((value) => value * value - spread - skew * value);
  const c2 = product(square, y) / product(square, square);
  const c1 = product(linear, y) / product(linear, linear) - c2 * skew;
  const c0 = mean(y) - c2 * spread;
  return [c0 - c1 * centre + c2 * centre * centre, c1 - 2 * c2 * centre, c2];
}

export const andersonDarling: DriftTest = {
  name: 'anderson_darling',
  summary:
    'Squared distance of the distribution functions, weighted towards the tails; p between 0.001 and 0.25.',
  judgedBy: 'p_value',
  isSymmetric: true,
  conventions: ['scipy'],
  samples: (reference, current) => andersonDarlingSamples(reference, current),
  profiles: (pair) => andersonDarlingOf(groupCells(pair), true),
};
