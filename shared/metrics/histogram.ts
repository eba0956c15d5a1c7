/** Histograms as they are counted and stored: whole numbers only, so that adding in any order gives the same sum. */

export interface StoredHistogram {
  /** Observations per bucket, not cumulative; the last one is above every edge. */
  readonly counts: readonly number[];
  /** Of the observations, in millionths of their unit. */
  readonly sum_millionths: number;
}

/** Seconds; an edge at the 2 s that a p99 is alarmed at. */
export const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10] as const;

/** An edge at the 0.55 that a mean confidence is alarmed at. */
export const confidenceBuckets = [0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1] as const;

/** Nothing observed yet. */
export function emptyHistogram(buckets: readonly number[]): StoredHistogram {
  return { counts: new Array<number>(buckets.length + 1).fill(0), sum_millionths: 0 };
}

/**
 * Counts observations; an observation on an edge is in the bucket below it, as Prometheus has it.
 *
 * @param values finite, in the unit of the buckets
 * @example observe([1, 2], [0.5, 1, 7]) // { counts: [2, 0, 1], sum_millionths: 8500000 }
 */
export function observe(buckets: readonly number[], values: readonly number[]): StoredHistogram {
  const counts = new Array<number>(buckets.length + 1).fill(0);
  let sum = 0;
  for (const value of values) {
    const bucket = buckets.findIndex((edge) => value <= edge);
    const at = bucket < 0 ? buckets.length : bucket;
    counts[at] = counts[at]! + 1;
    sum += Math.round(value * 1e6);
  }
  return { counts, sum_millionths: sum };
}

/** @example addHistograms({ counts: [1, 0], sum_millionths: 5 }, { counts: [0, 2], sum_millionths: 7 }) // { counts: [1, 2], sum_millionths: 12 } */
export function addHistograms(
  sum: StoredHistogram | undefined,
  more: StoredHistogram | undefined,
): StoredHistogram | undefined {
  if (!sum || !more) return sum ?? more;
  const length = Math.max(sum.counts.length, more.counts.length);
  return {
    counts: Array.from({ length }, (_, at) => (sum.counts[at] ?? 0) + (more.counts[at] ?? 0)),
    sum_millionths: sum.sum_millionths + more.sum_millionths,
  };
}
