/** Stream batches that Lambda filed in the bucket: handed to capture again, and marked, so that none is handed back twice. */
import * as z from 'zod';
import { failedBatchesPrefix, replayedPrefix } from '#shared/api/names.ts';
import { InvalidObjectKeyError } from '#shared/ports/objects.ts';
import type { Deployment, ReplayOptions } from './ports.ts';
import { newTally, type Tally } from './tally.ts';

type BatchDeps = Pick<Deployment, 'objects' | 'invoke'>;

/**
 * In the order of their keys, which begin with the shard and the time. Capture names what it writes after the batch's first record, so a
 * batch it had half done is completed. Its rows are late by now: archived and counted as late, their windows not judged again.
 *
 * The filed object stays; beside it, `replayed/<its key>` says when. A run that ends between the two hands the batch back once more,
 * which adds nothing.
 */
export async function replayBatches(
  { objects, invoke }: BatchDeps,
  { isDry, progress }: ReplayOptions,
  now: () => number = Date.now,
): Promise<Tally> {
  const tally = newTally();
  const [filed, marks] = await Promise.all([
    objects.list(failedBatchesPrefix),
    objects.list(replayedPrefix + failedBatchesPrefix),
  ]);
  const marked = new Set(marks.map(({ key }) => key));
  for (const [at, { key }] of filed.entries()) {
    if (marked.has(replayedPrefix + key)) tally.alreadyThere += 1;
    else await replayOne(key);
    progress(`${at + 1} of ${filed.length} filed batches`);
  }
  return tally;

  async function replayOne(key: string): Promise<void> {
    try {
      const batch = readBatch(await objects.get(key));
      if (batch.kind === 'unreadable') {
        tally.unreadable.push({ where: key, reason: batch.reason });
        return;
      }
      if (!isDry) {
        const invoked = await invoke('capture', batch.event);
        if (!invoked.ok) {
          tally.failed.push({ where: key, reason: `capture: ${invoked.reason}` });
          return;
        }
        const note = { replayed_at: new Date(now()).toISOString(), records: batch.event.Records.length };
        await objects.putIfAbsent(replayedPrefix + key, Buffer.from(JSON.stringify(note)));
      }
      tally.replayed += 1;
    } catch (error) {
      const faults = error instanceof InvalidObjectKeyError ? tally.unreadable : tally.failed;
      faults.push({ where: key, reason: (error as Error).message });
    }
  }
}

const recordSchema = z.looseObject({ eventID: z.string(), dynamodb: z.looseObject({}) });
const eventSchema = z.object({ Records: z.array(recordSchema).min(1) });
/** The event is a text in it, as Lambda was about to send it. */
const filedSchema = z.looseObject({ payload: z.string() });

type Batch =
  | { readonly kind: 'batch'; readonly event: z.infer<typeof eventSchema> }
  | { readonly kind: 'unreadable'; readonly reason: string };

function readBatch(bytes: Uint8Array | undefined): Batch {
  if (!bytes) return { kind: 'unreadable', reason: 'it is no longer there' };
  try {
    const { payload } = filedSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return { kind: 'batch', event: eventSchema.parse(JSON.parse(payload)) };
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    return { kind: 'unreadable', reason: `not a batch that Lambda filed: ${reason.replaceAll('\n', ' ')}` };
  }
}
