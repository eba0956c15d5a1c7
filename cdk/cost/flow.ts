// From a month's workload to how often things happen in it: requests, stream batches, granules with rows, windows, runs.
import { assumed } from './assumptions.ts';
import { type Inventory, MONTH_SECONDS } from './inventory.ts';
import type { Workload } from './workload.ts';

/** Expected numbers of a month, from Poisson arrivals spread evenly over time, shards and models. */
export interface Flow {
  /** Models that are watched, asked or not; one more where there is a canary. */
  readonly watched: number;
  readonly requests: number;
  readonly labelRequests: number;
  readonly labels: number;
  readonly captures: number;
  /** Batches × models in them: one archive file and one partial each. */
  readonly pairs: number;
  /** Granules with rows, over all models. */
  readonly granules: number;
  readonly windows: number;
  readonly runs: number;
}

export function flowOf({ feed, granuleMs, schedules }: Inventory, work: Workload): Flow {
  const { predictions, models, labelShare } = work;
  const labels = predictions * labelShare;
  const records = predictions + labels;
  const peakWrites = (records / MONTH_SECONDS) * assumed.peakFactor;
  const shards = Math.max(assumed.minShards, Math.ceil(peakWrites / 1000));
  const windows = MONTH_SECONDS / feed.windowSeconds;
  const perWindow = records / shards / windows;
  const batches = Math.max(1, perWindow / feed.batchSize);
  const perBatch = perWindow / batches;
  const batchesPerMonth = shards * windows * batches;
  const granulesPerModel = (MONTH_SECONDS * 1000) / granuleMs;
  const granules = models * granulesPerModel * -Math.expm1(-records / models / granulesPerModel);
  const isServing = predictions > 0;
  return {
    watched: models + (schedules.canary ? 1 : 0),
    requests: predictions / work.rowsPerRequest,
    labelRequests: labels / assumed.labelsPerRequest,
    labels,
    captures: batchesPerMonth * -Math.expm1(-perBatch),
    pairs: batchesPerMonth * models * -Math.expm1(-perBatch / models),
    granules,
    windows: isServing ? models * Math.min(assumed.windowsPerMonth, predictions / models) : 0,
    runs: models * work.retrains,
  };
}
