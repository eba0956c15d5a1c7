/** How far an evaluation's figures could be off for want of rows: percentile-bootstrap intervals. */

import { shuffledIndices } from '../random.ts';
import { type EvaluationTask, equalWeights, type Figure, isComputable, type Metric } from './metric.ts';

export type Interval = readonly [low: number, high: number];

export interface BootstrapOptions {
  /** Uniform on [0, 1). */
  readonly random: () => number;
  /** At least 40, so that the ends of a 95 % interval are among them; 200 place an end of a 95 % interval to about a tenth of its length. */
  readonly resamples?: number;
  /** Share of intervals that hold the true value, above 0 and below 1. */
  readonly level?: number;
  /** Most rows that are resampled; of more a random part is. */
  readonly maxRows?: number;
}

/** Numbers weighed in one resample: at most 100,000 rows of two classes, 30,000 of ten. */
const maxNumbers = 300_000;
const leastRows = 5000;
/** A metric that this share of the resamples has no figure for has no interval. */
const maxFailed = 0.1;

/**
 * Percentile intervals of all metrics that have one. Each resample draws as many rows as there are, with replacement, and every
 * metric is worked out from how often each row was drawn; nothing is sorted again. Of more than 100,000 rows (fewer with many
 * classes) a random part is resampled and its deviations are scaled by √(part ∕ rows).
 * Source: Efron & Tibshirani 1993, §13.3; Politis, Romano & Wolf 1999, §2.2 (the scaling).
 *
 * Left out is a metric without a figure on the rows themselves, without one on more than a tenth of the resamples, or with the same
 * figure on all of them (no errors among 50 rows do not show that there are none).
 *
 * @param estimates the metrics' figures on all rows, by name
 * @throws RangeError when `resamples` or `level` is out of range
 * @example bootstrapIntervals(scoreNumbers(truth, predicted), regression, [rmse], { rmse: 2.1 }, { random: seededRandom(1) }) // { rmse: [1.9, 2.4] }
 */
export function bootstrapIntervals<Scored extends { readonly rows: number }, Weighted>(
  scored: Scored,
  task: EvaluationTask<Scored, Weighted>,
  metrics: readonly Metric<Scored, Weighted>[],
  estimates: Readonly<Record<string, Figure>>,
  options: BootstrapOptions,
): Record<string, Interval> {
  const { random, resamples = 200, level = 0.95, maxRows = 100_000 } = options;
  if (!Number.isInteger(resamples) || resamples < 40)
    throw new RangeError(`resamples must be a whole number of at least 40; got ${resamples}`);
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be above 0 and below 1; got ${level}`);
  const most = Math.min(maxRows, Math.max(leastRows, Math.floor(maxNumbers / task.width(scored))));
  const part =
    scored.rows <= most
      ? scored
      : task.take(scored, Uint32Array.from(shuffledIndices(scored.rows, random).subarray(0, most)));
  const scale = Math.sqrt(part.rows / scored.rows);
  const whole = task.weigh(part, equalWeights(part.rows));
  const measured = metrics
    .filter((metric) => metric.hasInterval)
    .flatMap((metric) => {
      const estimate = estimates[metric.name];
      if (estimate === undefined || !isComputable(estimate)) return [];
      const compute = metric.of(part);
      const centre = compute(whole);
      if (!isComputable(centre)) return [];
      return [{ name: metric.name, compute, centre, estimate, found: [] as number[] }];
    });
  if (measured.length === 0) return {};
  const weights = new Float64Array(part.rows);
  for (let resample = 0; resample < resamples; resample++) {
    weights.fill(0);
    for (let draw = 0; draw < part.rows; draw++) weights[Math.floor(random() * part.rows)]! += 1;
    const weighted = task.weigh(part, weights);
    for (const { compute, found } of measured) {
      const figure = compute(weighted);
      if (isComputable(figure)) found.push(figure);
    }
  }
  const intervals: Record<string, Interval> = {};
  for (const { name, found, centre, estimate } of measured) {
    if (found.length < (1 - maxFailed) * resamples) continue;
    const sorted = Float64Array.from(found).sort();
    const end = (probability: number) => estimate + scale * (quantile(sorted, probability) - centre);
    const interval: Interval = [end((1 - level) / 2), end((1 + level) / 2)];
    if (interval[0] < interval[1]) intervals[name] = interval;
  }
  return intervals;
}

/**
 * The (resamples + 1)·p-th smallest, linear between neighbours (`numpy.quantile(method='weibull')`): the usual (resamples − 1)·p + 1
 * would make a 95 % interval one of 94 % with 200 resamples.
 */
function quantile(sorted: Float64Array, probability: number): number {
  const at = Math.min(sorted.length - 1, Math.max(0, probability * (sorted.length + 1) - 1));
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
