/** Is one model better than another on the same rows? A lower bound of the mean paired improvement. */

import { studentTQuantile } from '../drift/special-functions.ts';

export interface PairedBound {
  /** Mean of (reference loss − candidate loss): positive is better. */
  readonly estimate: number;
  /** One-sided lower bound at level alpha. */
  readonly lower: number;
  readonly rows: number;
}

const resamples = 2000;

/**
 * The smallest of three bounds, since each alone is too hopeful somewhere: the paired-bootstrap percentile where few pairs differ
 * (five 0/1 losses that all favour the candidate clear its 1 % bound while chance does that 3 % of the time), Student's there less so,
 * and both where losses are skewed (log-normal labels, equal candidates erring to opposite sides: 5 % at 60 rows; 2.5 % with the
 * studentised bootstrap).
 * Source: Efron & Tibshirani 1993, §12.5 and §13.3.
 *
 * @param alpha one-sided level, e.g. 0.01
 * @param random uniform on [0, 1)
 */
export function pairedLowerBound(
  reference: ArrayLike<number>,
  candidate: ArrayLike<number>,
  alpha: number,
  random: () => number,
): PairedBound {
  const rows = reference.length;
  if (candidate.length !== rows || rows < 2)
    throw new RangeError(
      `two loss lists of the same length, at least 2, are needed; got ${rows} and ${candidate.length}`,
    );
  const improvements = new Float64Array(rows);
  for (let row = 0; row < rows; row++) improvements[row] = reference[row]! - candidate[row]!;
  const estimate = mean(improvements);
  const error = standardError(improvements, estimate);
  const { percentile, studentised } = bootstrapQuantiles(improvements, estimate, error, alpha, random);
  const lower = Math.min(
    percentile,
    estimate - studentised * error,
    estimate - studentTQuantile(alpha, rows - 1) * error,
  );
  return { estimate, lower, rows };
}

/** The lower quantile of the resampled means, and the upper one of their t statistics. */
function bootstrapQuantiles(
  values: Float64Array,
  estimate: number,
  error: number,
  alpha: number,
  random: () => number,
) {
  const count = values.length;
  // what is left of equal values after rounding is no spread
  const leastVariance = 1e-9 * error * error * count;
  const means = new Float64Array(resamples);
  const statistics = new Float64Array(resamples);
  for (let at = 0; at < resamples; at++) {
    let sum = 0;
    let squares = 0;
    for (let draw = 0; draw < count; draw++) {
      const centred = values[Math.floor(random() * count)]! - estimate;
      sum += centred;
      squares += centred * centred;
    }
    const centredMean = sum / count;
    const variance = (squares - sum * centredMean) / (count - 1);
    means[at] = estimate + centredMean;
    // a resample without any spread says nothing of the statistic's
    statistics[at] = variance > leastVariance ? centredMean / Math.sqrt(variance / count) : 0;
  }
  means.sort();
  statistics.sort();
  const rank = Math.max(0, Math.floor(alpha * resamples) - 1);
  return { percentile: means[rank]!, studentised: statistics[resamples - 1 - rank]! };
}

function standardError(values: Float64Array, estimate: number): number {
  let squares = 0;
  for (const value of values) squares += (value - estimate) ** 2;
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
