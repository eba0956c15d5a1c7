// The other way to serve the same traffic: SageMaker real-time endpoints, as few and as small as carry it.

import { assumed } from './assumptions.ts';
import { MONTH_SECONDS } from './inventory.ts';
import { costOf, type PriceFile, type PriceName } from './prices.ts';
import type { Workload } from './workload.ts';

export type MachineName = 'ml.t2.medium' | 'ml.m5.large' | 'ml.c5.xlarge' | 'ml.c5.2xlarge';

interface Machine {
  readonly name: MachineName;
  readonly price: PriceName;
  /** Requests a second of a small tabular model in a Python container: assumed, at about 75 per virtual CPU; a burstable one at its baseline. */
  readonly perSecond: number;
}

const machines: readonly Machine[] = [
  { name: 'ml.t2.medium', price: 'sagemakerT2Medium', perSecond: 30 },
  { name: 'ml.m5.large', price: 'sagemakerM5Large', perSecond: 150 },
  { name: 'ml.c5.xlarge', price: 'sagemakerC5Xlarge', perSecond: 300 },
  { name: 'ml.c5.2xlarge', price: 'sagemakerC52xlarge', perSecond: 600 },
];

export interface Endpoint {
  readonly machine: MachineName;
  readonly machines: number;
  readonly usd: number;
}

/**
 * The cheapest endpoint that carries the peak, all models on it (a multi-model endpoint). It answers; it logs, watches and
 * retrains nothing, and has no HTTP front of its own: callers sign `sagemaker:InvokeEndpoint`.
 *
 * @param least machines whatever the traffic: 1, or 2 for two availability zones, as AWS advises
 * @param only this machine, instead of the one that comes cheapest
 */
export function cheapestEndpoint(
  work: Workload,
  { items }: PriceFile,
  least: 1 | 2,
  only?: MachineName,
): Endpoint {
  const requests = work.predictions / work.rowsPerRequest;
  const peak = (requests / MONTH_SECONDS) * assumed.peakFactor;
  // about as many bytes in as out
  const gigabytes = (2 * requests * assumed.answerBytes) / 1e9;
  const data = costOf(items.sagemakerData, gigabytes, false);
  const allowed = machines.filter(({ name }) => only === undefined || name === only);
  const candidates = allowed.map(({ name, price, perSecond }) => {
    const count = Math.max(least, Math.ceil(peak / perSecond));
    return {
      machine: name,
      machines: count,
      usd: costOf(items[price], (count * MONTH_SECONDS) / 3600, false) + data,
    };
  });
  return candidates.reduce((best, one) => (one.usd < best.usd ? one : best));
}
