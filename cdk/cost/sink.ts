// The prediction log as it is, in a table whose stream is captured, against Firehose writing files that are captured: what each costs.
import { assumed } from './assumptions.ts';
import { billOf } from './bill.ts';
import { flowOf } from './flow.ts';
import type { Inventory } from './inventory.ts';
import { costOf, type PriceFile } from './prices.ts';
import { chargesOf } from './usage.ts';
import type { Workload } from './workload.ts';

/** USD a month of logging and capture, without what else the deployment does. */
export interface SinkCosts {
  readonly table: number;
  readonly firehose: number;
}

/** Firehose counts a record as whole steps of so many bytes. */
const firehoseStep = 5000;
/** Writes of a month that are the log itself, and what keeps it. */
const logLines = ['predictions and labels', `storage, ${assumed.logDays} days`, 'point-in-time recovery'];

/**
 * Capture is taken to cost the same from files as from the stream: the rows are as many. Files are written as seldom as Firehose
 * allows, so their puts are left out, to its advantage.
 *
 * @param inventory what is deployed, from `takeInventory`
 * @param work predictions ≥ 0, models ≥ 1
 * @example sinkCosts(inventory, { ...work, predictions: 0, labelShare: 0 }, prices).firehose // 0
 */
export function sinkCosts(inventory: Inventory, work: Workload, prices: PriceFile): SinkCosts {
  const { lines } = billOf(chargesOf(inventory, work), prices, false);
  const sum = (isMeant: (what: string) => boolean) =>
    lines.reduce((total, { what, usd }) => total + (isMeant(what) ? usd : 0), 0);
  const capture = sum((what) => what.startsWith('capture '));
  const { pairs, labels } = flowOf(inventory, work);
  const puts = costOf(prices.items.s3Put, pairs * assumed.capturePuts, false);
  const steps = Math.ceil(assumed.itemBytes / firehoseStep);
  const gigabytes = ((work.predictions + labels) * steps * firehoseStep) / 1e9;
  return {
    table: sum((what) => logLines.includes(what)) + capture + puts,
    firehose: costOf(prices.items.firehoseDirectPut, gigabytes, false) + capture,
  };
}
