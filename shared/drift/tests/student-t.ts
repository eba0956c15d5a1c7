/** Student's and Welch's t tests: whether two means differ. */

import { meanOf, standardDeviationOf } from '#shared/profile/moments.ts';
import { type NotComputable, notComputable } from '../measure.ts';
import { studentTSurvival } from '../special-functions.ts';
import {
  conclude,
  type DriftTest,
  type NumericPair,
  type SampleOptions,
  type TestResult,
} from './drift-test.ts';
import { twoSamples } from './two-samples.ts';

interface Moments {
  readonly n: number;
  readonly mean: number;
  /** With n − 1; 0 for a single row. */
  readonly variance: number;
}

type Alternative = NonNullable<SampleOptions['alternative']>;

function compareMeans(
  reference: Moments,
  current: Moments,
  isWelch: boolean,
  alternative: Alternative = 'two-sided',
): TestResult | NotComputable {
  const { n } = reference;
  const { n: m } = current;
  if (Math.min(n, m) < (isWelch ? 2 : 1) || n + m < 3)
    return notComputable(`${n} and ${m} rows are too few to know a variance from`);
  const [perReference, perCurrent] = [reference.variance / n, current.variance / m];
  const pooled = ((n - 1) * reference.variance + (m - 1) * current.variance) / (n + m - 2);
  const squaredError = isWelch ? perReference + perCurrent : pooled * (1 / n + 1 / m);
  const difference = reference.mean - current.mean;
  if (squaredError === 0 && difference === 0)
    return notComputable('neither sample varies and both are equal');
  const degreesOfFreedom =
    isWelch && squaredError > 0
      ? squaredError ** 2 / (perReference ** 2 / (n - 1) + perCurrent ** 2 / (m - 1))
      : n + m - 2;
  const t = difference / Math.sqrt(squaredError);
  const above = Number.isFinite(t) ? studentTSurvival(t, degreesOfFreedom) : t > 0 ? 0 : 1;
  const below = Number.isFinite(t) ? studentTSurvival(-t, degreesOfFreedom) : t > 0 ? 1 : 0;
  if (alternative === 'greater') return conclude(t, above);
  return conclude(t, alternative === 'less' ? below : 2 * Math.min(above, below));
}

function compareSamples(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  isWelch: boolean,
  alternative?: Alternative,
): TestResult | NotComputable {
  const samples = twoSamples(reference, current);
  if (!samples.computable) return samples;
  // t does not depend on the unit; in this one neither squares nor sums overflow or vanish.
  const reach = [
    ...[samples.reference, samples.current].map((values) => Math.max(-values[0]!, values.at(-1)!)),
  ];
  const unit = Math.max(...reach) || 1;
  return compareMeans(
    momentsOf(samples.reference, unit),
    momentsOf(samples.current, unit),
    isWelch,
    alternative,
  );
}

function momentsOf(values: Float64Array, unit: number): Moments {
  const n = values.length;
  if (values[0] === values[n - 1]) return { n, mean: values[0]! / unit, variance: 0 };
  let sum = 0;
  for (const value of values) sum += value / unit;
  const mean = sum / n;
  let squares = 0;
  for (const value of values) squares += (value / unit - mean) ** 2;
  return { n, mean, variance: n < 2 ? 0 : squares / (n - 1) };
}

function compareProfiles({ anchor, reference, current }: NumericPair, isWelch: boolean) {
  for (const profile of [reference, current]) {
    if (profile.count === 0) return notComputable('a sample without rows has no mean');
    if (profile.positiveInfinite + profile.negativeInfinite > 0)
      return notComputable('a sample holds infinite values');
    if (profile.clipped > 0)
      return notComputable(`${profile.clipped} values are too far out for the mean to be known`);
  }
  const [before, now] = [reference, current].map((profile) => ({
    n: profile.count,
    mean: meanOf(anchor, profile)!,
    variance: (standardDeviationOf(anchor, profile) ?? 0) ** 2,
  }));
  return compareMeans(before!, now!, isWelch);
}

/**
 * Student's t with pooled variance: `scipy.stats.ttest_ind`. Infinite, with p = 0, where two constants differ.
 *
 * @param options.alternative `greater`: the reference's mean is larger
 * @example tTest.samples([1, 2, 3], [10, 11, 12]) // statistic −11.023, pValue 0.00038507
 */
export const tTest: DriftTest = {
  name: 't_test',
  summary: 'Whether the means differ, taking both samples to vary equally.',
  judgedBy: 'p_value',
  isSymmetric: true,
  conventions: ['scipy'],
  samples: (reference, current, options) => compareSamples(reference, current, false, options?.alternative),
  profiles: (pair) => compareProfiles(pair, false),
};

/**
 * Welch's t, without the assumption of equal variances: `scipy.stats.ttest_ind(equal_var=False)`.
 *
 * @example welchTTest.samples([2, 3, 5], [10, 11, 12]) // statistic −7.2732, pValue 0.0033023
 */
export const welchTTest: DriftTest = {
  name: 'welch_t_test',
  summary: 'Whether the means differ, each sample varying in its own way.',
  judgedBy: 'p_value',
  isSymmetric: true,
  conventions: ['scipy'],
  samples: (reference, current, options) => compareSamples(reference, current, true, options?.alternative),
  profiles: (pair) => compareProfiles(pair, true),
};
