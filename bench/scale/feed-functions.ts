/** Capture, tick and monitor, as they are deployed, on one granule or window of simulated traffic. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { createCaptureHandler } from '#lambdas/capture/handler.ts';
import { createMonitorHandler } from '#lambdas/monitor/handler.ts';
import { createTickHandler } from '#lambdas/tick/handler.ts';
import { type StoredPartial, unpackPartial } from '#shared/capture/partial.ts';
import { readCounters } from '#shared/capture/rollup.ts';
import type { Json } from '#shared/json.ts';
import { objectKeys, predictionKey, stateKeys } from '#shared/registry/keys.ts';
import { eventOf, labelRecord, predictionRecord } from '#shared/testing/stream.ts';
import { type CountedDeps, type Counts, countedDeps } from './counted-deps.ts';
import { type Metered, metered } from './meter.ts';
import { record, registerScaleModel, rowsOf } from './model.ts';

export interface World extends CountedDeps {
  readonly version: string;
  readonly granuleMs: number;
}

/** A whole day, so that it is also the start of a window. */
const startMs = Date.UTC(2026, 10, 21);

export async function openWorld(granuleMs: number): Promise<World> {
  const counted = countedDeps(granuleMs);
  const version = await registerScaleModel(counted.memory, startMs);
  return { ...counted, version, granuleMs };
}

export interface Captured extends Metered<void> {
  readonly batches: number;
  readonly records: number;
  /** Of one record, as Lambda delivers it. */
  readonly recordBytes: number;
  readonly counts: Counts;
}

/**
 * Hands `batches` of `records` each to capture, one after another as a shard does.
 *
 * @param labelShare labels per prediction; each is of a prediction made earlier, which capture reads from the table
 */
export async function captureBatches(
  world: World,
  { batches, records, labelShare }: { batches: number; records: number; labelShare: number },
): Promise<Captured> {
  const { memory, deps, version } = world;
  const labels = Math.round((records * labelShare) / (1 + labelShare));
  const events: DynamoDBStreamEvent[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const at = startMs + Math.floor((batch / batches) * (world.granuleMs - 1));
    const rows = rowsOf(records, 100 + batch, `b${batch}`, at);
    const stream: DynamoDBRecord[] = [];
    for (const [index, row] of rows.entries()) {
      const sequence = batch * records + index;
      const predicted = predictionRecord(record.name, version, row, sequence, at);
      if (index >= labels) stream.push(predicted);
      else {
        const value = JSON.parse(predicted.dynamodb!.NewImage!.data!.S!) as Json;
        await memory.predictions.putIfAbsent(predictionKey(record.name, row.id), value);
        stream.push(labelRecord(record.name, row.id, row.label, at, sequence, at));
      }
    }
    events.push(eventOf(stream));
  }
  const capture = createCaptureHandler(deps);
  world.takeCounts();
  const measured = await metered(async () => {
    for (const event of events) await capture(event);
  });
  const recordBytes = Buffer.byteLength(JSON.stringify(events[0])) / records;
  return { ...measured, batches, records: batches * records, recordBytes, counts: world.takeCounts() };
}

/** Until there are `partials` of the first granule: those that capture wrote again, under other names, as batches of other rows. */
export async function repeatPartials({ memory }: World, partials: number): Promise<void> {
  const keys = memory.objects.keys(objectKeys.partials(record.name));
  const stored: StoredPartial[] = [];
  for (const key of keys) stored.push(await unpackPartial((await memory.objects.get(key))!));
  for (let at = keys.length; at < partials; at += 1) {
    const like = stored[at % stored.length]!;
    const random = randomBytes(8 * like.hashes.length);
    const hashes = like.hashes.map((_, index) =>
      random.subarray(8 * index, 8 * index + 8).toString('base64url'),
    );
    const bytes = gzipSync(JSON.stringify({ ...like, hashes }), { level: 1 });
    await memory.objects.put(objectKeys.partial(record.name, startMs, `again-${at}`), bytes);
  }
}

export interface RolledUp extends Metered<unknown> {
  readonly partials: number;
  readonly rows: number;
  readonly counts: Counts;
}

/** The tick that finds the first granule over. */
export async function rollUp(world: World): Promise<RolledUp> {
  const { memory, deps, granuleMs } = world;
  const partials = memory.objects.keys(objectKeys.partials(record.name)).length;
  memory.clock.ms = startMs + granuleMs;
  memory.clock.closedBefore = startMs + granuleMs;
  const tick = createTickHandler(deps);
  world.takeCounts();
  const measured = await metered(tick);
  const counts = world.takeCounts();
  if (measured.answer.granules !== 1 || measured.answer.failed.length > 0)
    throw new Error(`the tick answered ${JSON.stringify(measured.answer)}: ${JSON.stringify(memory.logged)}`);
  const { predictions, labels } = await readCounters(memory, record.name);
  const rows = (predictions[world.version] ?? 0) + (labels[world.version] ?? 0);
  return { ...measured, partials, rows, counts };
}

export interface Judged extends Metered<unknown> {
  readonly granules: number;
  readonly counts: Counts;
}

/** The monitor on a day of granules, each like the first. */
export async function judgeDay(world: World): Promise<Judged> {
  const { memory, deps, granuleMs } = world;
  const granules = Math.floor(86_400_000 / granuleMs);
  const bytes = (await memory.objects.get(objectKeys.granule(record.name, startMs)))!;
  const index = (await memory.state.get(stateKeys.granule(record.name, startMs)))!.value as { start: number };
  for (let at = 1; at < granules; at += 1) {
    const start = startMs + at * granuleMs;
    await memory.objects.put(objectKeys.granule(record.name, start), bytes);
    await memory.state.putIfAbsent(stateKeys.granule(record.name, start), { ...index, start });
  }
  const window = { start: startMs, end: startMs + 86_400_000 };
  memory.clock.ms = window.end;
  const monitor = createMonitorHandler(deps);
  world.takeCounts();
  const measured = await metered(() => monitor({ detail: { model: record.name, windows: [window] } }));
  if (measured.answer.reports.length !== 1) throw new Error('the monitor made no report');
  return { ...measured, granules, counts: world.takeCounts() };
}

/** The tick that finds every row of the first granule delivered twice: it adds nothing up and reads the archive instead. */
export async function rebuildGranule(world: World): Promise<RolledUp> {
  const { memory } = world;
  const [first] = memory.objects.keys(objectKeys.partials(record.name));
  await memory.objects.put(
    objectKeys.partial(record.name, startMs, 'twice'),
    (await memory.objects.get(first!))!,
  );
  return rollUp(world);
}
