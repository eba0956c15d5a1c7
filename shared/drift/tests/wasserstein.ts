/** The Wasserstein distance: how far values moved on average, in their own unit. */

import { meanOf, STEPS_PER_SCALE, standardDeviationOf } from '#shared/profile/moments.ts';
import { type NotComputable, notComputable } from '../measure.ts';
import { gapIntegral } from './cell-integrals.ts';
import {
  conclude,
  type DriftTest,
  type NumericPair,
  type SampleOptions,
  type TestResult,
} from './drift-test.ts';
import { groupValues, type TwoSamples, twoSamples } from './two-samples.ts';

/** The least standard deviation Evidently divides by. */
const EVIDENTLY_LEAST_DEVIATION = 0.001;

/**
 * W₁ = ∫ |F − G| dx: `scipy.stats.wasserstein_distance`. `evidently` divides by the reference's standard deviation, or
 * 0.001 where that is smaller (so a constant reference multiplies by 1000).
 *
 * @example wasserstein.samples([1, 2, 3], [10, 11, 12]) // statistic 9
 */
function wassersteinSamples(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { convention }: SampleOptions = {},
): TestResult | NotComputable {
  const samples = twoSamples(reference, current);
  if (!samples.computable) return samples;
  const distance = sampleGapIntegral(samples, 1);
  if (convention !== 'evidently') return conclude(distance);
  return conclude(distance / Math.max(EVIDENTLY_LEAST_DEVIATION, populationDeviation(samples.reference)));
}

/** ∫ |F − G|^power dx of raw samples; NaN where their range overflows. */
export function sampleGapIntegral(samples: TwoSamples, power: 1 | 2): number {
  const { values, reference, current } = groupValues(samples);
  const [n, m] = [samples.reference.length, samples.current.length];
  let [f, g, sum] = [0, 0, 0];
  for (let at = 0; at + 1 < values.length; at++) {
    f += reference[at]!;
    g += current[at]!;
    sum += Math.abs((f * m - g * n) / (n * m)) ** power * (values[at + 1]! - values[at]!);
  }
  return Number.isFinite(sum) ? sum : Number.NaN;
}

/** With n in the denominator; in units of the largest value, so that no square overflows. */
function populationDeviation(sorted: Float64Array): number {
  const unit = Math.max(-sorted[0]!, sorted.at(-1)!) || 1;
  const mean = sorted.reduce((sum, value) => sum + value / unit / sorted.length, 0);
  const variance = sorted.reduce((sum, value) => sum + (value / unit - mean) ** 2 / sorted.length, 0);
  return Math.sqrt(variance) * unit;
}

/**
 * The bracket from the cells, its lower end raised to the difference of the means, which no W₁ falls short of. That
 * difference is known, so the estimate is corrected by what its signed gaps miss of it: in heavy tails, by per cents.
 */
function wassersteinProfiles(
  pair: NumericPair,
  { convention }: SampleOptions = {},
): TestResult | NotComputable {
  const integral = gapIntegral(pair, 1);
  if (!integral.computable) return integral;
  const { anchor, reference, current } = pair;
  let { estimate, lo } = integral;
  const { hi, signed, lean } = integral;
  if (reference.clipped + current.clipped === 0) {
    const meanShift = meanOf(anchor, current)! - meanOf(anchor, reference)!;
    // Each mean is known to half a fixed-point step.
    lo = Math.min(hi, Math.max(lo, Math.abs(meanShift) - anchor.scale / STEPS_PER_SCALE));
    estimate += lean * (meanShift - signed);
  }
  const distance = Math.min(hi, Math.max(lo, estimate));
  if (convention !== 'evidently') return conclude(distance, undefined, { lo, hi });
  if (reference.clipped > 0)
    return notComputable(`${reference.clipped} values are too far out for the deviation to be known`);
  const { count } = reference;
  const deviation = (standardDeviationOf(anchor, reference) ?? 0) * Math.sqrt((count - 1) / count);
  const unit = Math.max(EVIDENTLY_LEAST_DEVIATION, deviation);
  return conclude(distance / unit, undefined, { lo: lo / unit, hi: hi / unit });
}

export const wasserstein: DriftTest = {
  name: 'wasserstein',
  summary: 'Mean distance values moved, in the unit of the column (or in reference standard deviations).',
  judgedBy: 'distance',
  isSymmetric: true,
  conventions: ['scipy', 'evidently'],
  samples: wassersteinSamples,
  profiles: wassersteinProfiles,
};
