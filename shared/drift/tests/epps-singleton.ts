/** The Epps–Singleton test: whether two empirical characteristic functions differ; made for discrete data too. */

import { symmetricEigen } from '#shared/linear-algebra.ts';
import { type NotComputable, notComputable } from '../measure.ts';
import { chiSquareSurvival } from '../special-functions.ts';
import { linearQuantile } from './binning.ts';
import { conclude, type DriftTest, type TestResult } from './drift-test.ts';
import { groupValues, type TwoSamples, twoSamples } from './two-samples.ts';

/** Where the functions are compared, in units of 2 / pooled interquartile range (Epps and Singleton 1986). */
const POINTS = [0.4, 0.8] as const;
const MIN_ROWS = 5;
/** Below this size of the larger sample the statistic is shrunk (Goerg and Kaiser 2009). */
const SMALL_SAMPLE = 25;
/** Directions with less of the largest variance than this are rounding noise and left out. */
const RANK_TOLERANCE = 1e-14;

/**
 * W₂ of the real and imaginary parts at two points, χ² with as many degrees of freedom as their covariance has rank:
 * `scipy.stats.epps_singleton_2samp`.
 *
 * @example eppsSingleton.samples([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]) // statistic 0, pValue 1
 */
function eppsSingletonSamples(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): TestResult | NotComputable {
  const samples = twoSamples(reference, current, { minimum: MIN_ROWS });
  if (!samples.computable) return samples;
  const pooled = pooledValues(samples);
  const halfRange = (linearQuantile(pooled, 0.75) - linearQuantile(pooled, 0.25)) / 2;
  if (!(halfRange > 0)) return notComputable('half of all rows have one value: the interquartile range is 0');
  const { values, reference: inReference, current: inCurrent } = groupValues(samples);
  const waves = POINTS.flatMap((point) => [
    values.map((value) => Math.cos((point / halfRange) * value)),
    values.map((value) => Math.sin((point / halfRange) * value)),
  ]);
  const [n, m] = [samples.reference.length, samples.current.length];
  const before = moments(waves, inReference, n);
  const now = moments(waves, inCurrent, m);
  const rows = n + m;
  const covariance = before.covariance.map((row, i) =>
    row.map((value, j) => (rows / n) * value + (rows / m) * now.covariance[i]![j]!),
  );
  if (covariance.some((row) => !row.every(Number.isFinite)))
    return notComputable('values are too large beside their spread for double precision');
  const { values: eigenvalues, vectors: eigenvectors } = symmetricEigen(covariance);
  const largest = Math.max(...eigenvalues);
  if (!(largest > RANK_TOLERANCE)) return notComputable('neither sample varies within itself');
  let [statistic, rank] = [0, 0];
  eigenvalues.forEach((eigenvalue, at) => {
    if (eigenvalue <= RANK_TOLERANCE * largest) return;
    const along = eigenvectors[at]!.reduce((sum, x, i) => sum + x * (before.mean[i]! - now.mean[i]!), 0);
    statistic += (rows * along * along) / eigenvalue;
    rank++;
  });
  if (Math.max(n, m) < SMALL_SAMPLE) statistic /= 1 + rows ** -0.45 + 10.1 * (n ** -1.7 + m ** -1.7);
  return conclude(statistic, chiSquareSurvival(statistic, rank));
}

function pooledValues({ reference, current }: TwoSamples): Float64Array {
  const pooled = new Float64Array(reference.length + current.length);
  pooled.set(reference);
  pooled.set(current, reference.length);
  return pooled.sort();
}

/** Means and covariances (with n in the denominator) of the waves over one sample. */
function moments(waves: readonly Float64Array[], counts: ArrayLike<number>, rows: number) {
  const mean = waves.map((wave) => wave.reduce((sum, value, at) => sum + counts[at]! * value, 0) / rows);
  const covariance = waves.map(() => waves.map(() => 0));
  waves.forEach((first, i) => {
    for (let j = i; j < waves.length; j++) {
      const second = waves[j]!;
      let sum = 0;
      for (let at = 0; at < first.length; at++)
        sum += counts[at]! * (first[at]! - mean[i]!) * (second[at]! - mean[j]!);
      covariance[i]![j] = sum / rows;
      covariance[j]![i] = sum / rows;
    }
  });
  return { mean, covariance };
}

export const eppsSingleton: DriftTest = {
  name: 'epps_singleton',
  summary: 'Distance of the characteristic functions at two points; strong where only the shape changed.',
  judgedBy: 'p_value',
  isSymmetric: true,
  conventions: ['scipy'],
  samples: eppsSingletonSamples,
};
