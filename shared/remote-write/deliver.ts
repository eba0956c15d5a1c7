/** Many samples → requests of at most 500; where one is refused for what it holds, the samples at fault are found and the rest go through. */
import { encodeWriteRequest } from './encode.ts';
import type { CheckedSample } from './sample.ts';
import type { Sent } from './send.ts';

export interface Delivery {
  readonly accepted: readonly CheckedSample[];
  readonly refused: readonly { readonly sample: CheckedSample; readonly message: string }[];
  /** To be sent again, with why. */
  readonly undelivered: readonly CheckedSample[];
  /** Of what was not delivered, the first. */
  readonly reason?: string;
  readonly requests: number;
}

const batchSeries = 500;
/** Requests under way at the same time. */
const atOnce = 4;
/** Requests spent on finding what is at fault; one sample of 500 takes 18. */
const maxSearches = 80;

/** Statuses that may be the fault of a single sample: bad data, and too much of it. */
const searchable = [400, 413];

/**
 * A receiver takes all of a request or nothing of it, so one sample that it refuses would take 499 with it.
 *
 * @param samples each series once
 * @param sendBody one request; answers, never throws
 */
export async function deliver(
  samples: readonly CheckedSample[],
  sendBody: (body: Uint8Array) => Promise<Sent>,
): Promise<Delivery> {
  const accepted: CheckedSample[] = [];
  const refused: Delivery['refused'][number][] = [];
  const undelivered: CheckedSample[] = [];
  let reason: string | undefined;
  let requests = 0;
  let searches = 0;

  const giveUp = (batch: readonly CheckedSample[], why: string) => {
    undelivered.push(...batch);
    reason ??= why;
  };

  async function deliverBatch(batch: readonly CheckedSample[]): Promise<void> {
    requests += 1;
    const sent = await sendBody(encodeWriteRequest(batch));
    if (sent.kind === 'accepted') {
      accepted.push(...batch);
      return;
    }
    if (sent.kind === 'undelivered') return giveUp(batch, sent.reason);
    const message = `the receiver refuses it with ${sent.status}: ${sent.message}`;
    if (!searchable.includes(sent.status)) return giveUp(batch, message);
    if (batch.length === 1) {
      refused.push({ sample: batch[0]!, message });
      return;
    }
    if (searches >= maxSearches) return giveUp(batch, message);
    searches += 2;
    const half = Math.ceil(batch.length / 2);
    await deliverBatch(batch.slice(0, half));
    await deliverBatch(batch.slice(half));
  }

  const batches: (readonly CheckedSample[])[] = [];
  for (let from = 0; from < samples.length; from += batchSeries)
    batches.push(samples.slice(from, from + batchSeries));
  const worker = async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) await deliverBatch(batch);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { accepted, refused, undelivered, requests, ...(reason === undefined ? {} : { reason }) };
}
