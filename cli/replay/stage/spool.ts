/** Predictions the table refused, which the functions wrote into their logs instead: put back into the table. */
import { listModels } from '#shared/registry/registry.ts';
import { type Found, messageRecords } from '../lost-records.ts';
import { putRecords } from '../put-records.ts';
import type { Deployment, ReplayOptions } from './ports.ts';
import { newTally, type Tally } from './tally.ts';

export interface SpoolSpan {
  /** Unix milliseconds. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** A put-if-absent each: the stream then tells capture of those that were really missing. Throws when the logs or the table fail. */
export async function replaySpoolLines(
  deployment: Pick<Deployment, 'predictions' | 'state' | 'spoolLines'>,
  { sinceMs, untilMs }: SpoolSpan,
  { isDry, progress }: ReplayOptions,
  now: () => number = Date.now,
): Promise<Tally> {
  const { predictions, state } = deployment;
  const models = new Set((await listModels({ state })).map(({ name }) => name));
  let lines = 0;
  async function* lost(): AsyncGenerator<Found> {
    for await (const { where, message } of deployment.spoolLines(sinceMs, untilMs)) {
      yield* messageRecords({ message }, where);
      progress(`${++lines} spooled records read`);
    }
  }
  const { put, alreadyThere, refused, unreadable } = await putRecords(lost(), {
    predictions,
    models,
    now,
    isDry,
  });
  const expired = refused.filter(({ hasExpired }) => hasExpired).length;
  const failed = refused
    .filter(({ hasExpired }) => !hasExpired)
    .map(({ where, reason }) => ({ where, reason }));
  return { ...newTally(), replayed: put, alreadyThere, skipped: expired, failed, unreadable };
}
