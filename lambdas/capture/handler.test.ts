import type { DynamoDBRecord } from 'aws-lambda';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { deduplicate, readArchive } from '#shared/capture/archive.ts';
import { buildPartial, decodePartial, type Partial } from '#shared/capture/partial.ts';
import { closeGranules, readCounters } from '#shared/capture/rollup.ts';
import type { JsonObject } from '#shared/json.ts';
import { encodeProfile } from '#shared/profile/encode.ts';
import { featureOf, rowsOf } from '#shared/profile/profile.ts';
import { type AnchorsOf, createAnchorsCache } from '#shared/registry/baseline.ts';
import { objectKeys, predictionKey, stateKeys } from '#shared/registry/keys.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import {
  eventOf,
  expiryOf,
  labelRecord,
  outcomeRecord,
  predictionRecord,
  recordOf,
} from '#shared/testing/stream.ts';
import { createCaptureHandler } from './handler.ts';

const granuleMs = 60_000;
const model = smallRecord();
const rows = smallRows(60, 3, { from: startMs });

let deps: MemoryDeps;
let version: string;
let anchorsOf: AnchorsOf;
let capture: ReturnType<typeof createCaptureHandler>;

async function open(): Promise<void> {
  deps = memoryDeps({ GRANULE_MS: String(granuleMs) });
  version = await registerSmall(deps, model);
  anchorsOf = createAnchorsCache(deps);
  capture = createCaptureHandler(deps);
}
beforeEach(open);

/** Row `at` of the stream: its sequence number and its time within the minutes. */
const predicted = (at: number, streamTimeMs = startMs + at * 5000): DynamoDBRecord =>
  predictionRecord('small', version, rows[at]!, at, streamTimeMs);
const labelled = (at: number, sequence = 1000 + at, streamTimeMs = startMs + at * 5000) =>
  labelRecord('small', rows[at]!.id, rows[at]!.label, startMs, sequence, streamTimeMs);
/** As predict leaves it in the table. */
const logged = (at: number) =>
  deps.predictions.putIfAbsent(predictionKey('small', rows[at]!.id), itemOf(predicted(at)));
const itemOf = (record: DynamoDBRecord) => JSON.parse(record.dynamodb!.NewImage!.data!.S!) as JsonObject;
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, at) => predicted(from + at));

const deliver = (records: readonly DynamoDBRecord[]) => capture(eventOf(records));
const close = (until = startMs + 600_000) => closeGranules(deps, 'small', until, anchorsOf);

async function granule(start = startMs): Promise<Partial> {
  const bytes = await deps.objects.get(objectKeys.granule('small', start));
  return decodePartial(bytes!, anchorsOf);
}

/** What one delivery of exactly these rows would have made. */
async function profileOf(indices: readonly number[], labelledIndices: readonly number[] = []) {
  const clean = memoryDeps({ GRANULE_MS: String(granuleMs) });
  await registerSmall(clean, model);
  const records = [
    ...indices.map((at) => predicted(at, startMs)),
    ...labelledIndices.map((at) => labelled(at, 1000 + at, startMs)),
  ];
  await createCaptureHandler(clean)(eventOf(records));
  const [key] = clean.objects.keys('partials/');
  const partial = await decodePartial((await clean.objects.get(key!))!, anchorsOf);
  return encodeProfile(partial.versions.get(version)!.profile);
}

async function archived() {
  const found = [];
  for await (const file of readArchive(deps, 'small', 0, startMs + 3_600_000)) found.push(...file.rows);
  return found;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('what is delivered more than once', () => {
  test('the same batch again under the same name adds nothing', async () => {
    await deliver(upTo(10));
    await deliver(upTo(10));
    await close();
    expect((await granule()).versions.get(version)?.predictions).toBe(10);
    expect(await archived()).toHaveLength(10);
    expect(await readCounters(deps, 'small')).toMatchObject({ predictions: { [version]: 10 }, late: 0 });
  });

  test('batches 1 … 10 and 5 … 20 under other names count 20 rows, and the profile is that of 20 rows', async () => {
    const at = (from: number, to: number) =>
      range(from, to).map((row) => predicted(row, startMs + row * 1000));
    await deliver(at(0, 10));
    await deliver(at(4, 20));
    await close();
    const { predictions, profile } = (await granule()).versions.get(version)!;
    expect(predictions).toBe(20);
    expect(encodeProfile(profile)).toEqual(await profileOf(range(0, 20)));
    expect(await archived()).toHaveLength(26);
    expect(deduplicate(await archived())).toHaveLength(20);
  });

  test('a shorter batch that begins with the same record takes nothing away', async () => {
    await deliver(upTo(10));
    await deliver(upTo(3));
    await close();
    expect((await granule()).versions.get(version)?.predictions).toBe(10);
    expect(deduplicate(await archived())).toHaveLength(10);
  });

  test('an overlap touches only the granules it lies in', async () => {
    await deliver(upTo(30));
    await deliver(upTo(8, 8));
    await close();
    for (const [start, indices] of [
      [startMs, range(0, 12)],
      [startMs + granuleMs, range(12, 24)],
      [startMs + 2 * granuleMs, range(24, 30)],
    ] as const) {
      const { predictions, profile } = (await granule(start)).versions.get(version)!;
      expect(predictions).toBe(indices.length);
      expect(encodeProfile(profile)).toEqual(await profileOf(indices));
    }
  });

  test('however a stream is cut into batches and repeated, granules hold each row once', async () => {
    const stream = (): DynamoDBRecord[] => [
      ...upTo(24),
      ...range(0, 12).map((at) => labelled(at)),
      ...range(0, 4).map((at) =>
        outcomeRecord('small', `f${at}`, 400 + (at % 2), 2000 + at, startMs + at * 20_000),
      ),
    ];
    const batch = fc.tuple(fc.nat(39), fc.integer({ min: 1, max: 40 }));
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 6 }), async (extra) => {
        await open();
        for (const at of range(0, 24)) await logged(at);
        const records = stream();
        for (const [from, length] of [[0, 15], [15, 40], ...extra] as const)
          if (from < records.length) await deliver(records.slice(from, from + length));
        await close();
        expect(await readCounters(deps, 'small')).toMatchObject({
          predictions: { [version]: 24 },
          labels: { [version]: 12 },
          outcomes: { 400: 2, 401: 2 },
          unmatched_labels: 0,
          late: 0,
        });
        const labels = range(0, 12);
        expect(encodeProfile((await granule()).versions.get(version)!.profile)).toEqual(
          await profileOf(labels, labels),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('labels', () => {
  test('one that comes with or after its prediction is profiled with the version that answered', async () => {
    await deliver([predicted(0), labelled(0), predicted(1)]);
    // the label comes in a batch of its own: its prediction is read from the table
    await logged(1);
    await deliver([labelled(1)]);
    await close();
    expect(await granule()).toMatchObject({ unmatchedLabels: 0 });
    expect((await granule()).versions.get(version)).toMatchObject({ predictions: 2, labels: 2 });
  });

  test('one that comes before its prediction is archived and counted as unmatched', async () => {
    await deliver([labelled(0)]);
    await deliver([predicted(0, startMs + 2000)]);
    await close();
    expect(await granule()).toMatchObject({ unmatchedLabels: 1 });
    expect((await granule()).versions.get(version)).toMatchObject({ predictions: 1, labels: 0 });
    expect((await archived()).map((row) => row.kind).sort()).toEqual(['label', 'prediction']);
  });

  test('one that is corrected within its granule is counted once, with the later value', async () => {
    const id = rows[0]!.id;
    await deliver([predicted(0), labelRecord('small', id, 100, startMs + 1, 1, startMs + 10)]);
    await deliver([labelRecord('small', id, -100, startMs + 2, 2, startMs + 20)]);
    await logged(0);
    await deliver([labelRecord('small', id, -100, startMs + 2, 2, startMs + 20), predicted(0)]);
    await close();
    const part = (await granule()).versions.get(version)!;
    expect(part.labels).toBe(1);
    const answer = { prediction: rows[0]!.label as number };
    const expected = await buildPartial(
      {
        model: 'small',
        granule: startMs,
        rows: [
          { kind: 'prediction', id, version, at: startMs, features: rows[0]!.features, context: {}, answer },
          { kind: 'label', id, label: -100, labelled_at: 2, prediction: { version, at: startMs, answer } },
        ],
      },
      anchorsOf,
    );
    expect(encodeProfile(part.profile)).toEqual(encodeProfile(expected.versions.get(version)!.profile));
  });
});

describe('what cannot be read', () => {
  const key = { pk: 'small#bad', sk: 'prediction' };
  const good = () => itemOf(predicted(0));
  test.each([
    [
      'a record without an image',
      () => ({ ...predicted(1), dynamodb: { Keys: predicted(1).dynamodb!.Keys! } }),
    ],
    ['a value of null', () => recordOf(key, null, 7, startMs)],
    ['a value that is a text', () => recordOf(key, 'text', 7, startMs)],
    ['a prediction without features', () => recordOf(key, { ...good(), features: null }, 7, startMs)],
    ['a feature that is a list', () => recordOf(key, { ...good(), features: { weight: [1] } }, 7, startMs)],
    ['a model name that is a path', () => recordOf(key, { ...good(), model: '../x' }, 7, startMs)],
    ['a version that is a path', () => recordOf(key, { ...good(), version: 'a/../b' }, 7, startMs)],
    [
      'an answer that is neither number nor class',
      () => recordOf(key, { ...good(), answer: {} }, 7, startMs),
    ],
    [
      'a label without a value',
      () => recordOf({ pk: 'small#x', sk: 'label' }, { model: 'small' }, 7, startMs),
    ],
  ])('%s is kept whole in quarantine, and the rest of its batch is captured', async (_, bad) => {
    const record = bad() as DynamoDBRecord;
    await deliver([predicted(0), record, predicted(2)]);
    const [file, ...others] = deps.objects.keys('quarantine/');
    expect(others).toEqual([]);
    const kept = JSON.parse(Buffer.from((await deps.objects.get(file!))!).toString()) as unknown[];
    expect(kept).toEqual([
      { error: expect.stringMatching(/^UnreadableStreamRecordError: stream record/), record },
    ]);
    expect(deps.measured).toEqual([{ name: 'QuarantinedRecords', value: 1 }]);
    expect(deps.logged).toEqual([
      expect.objectContaining({ level: 'error', detail: { key: file, records: 1 } }),
    ]);
    await close();
    expect((await granule()).versions.get(version)?.predictions).toBe(2);
  });

  test('rows of a version without its files are archived and counted, and their neighbours profiled', async () => {
    const ghost = predictionRecord('small', 'ghost', rows[7]!, 7, startMs);
    await deliver([...upTo(3), ghost]);
    await close();
    const whole = await granule();
    expect(whole.versions.get(version)?.predictions).toBe(3);
    expect(whole.unprofiled).toBe(1);
    expect((await readCounters(deps, 'small')).unprofiled).toBe(1);
    const archived: string[] = [];
    for await (const file of readArchive(deps, 'small', startMs, startMs + 600_000))
      archived.push(...file.rows.map((row) => row.id));
    expect(archived).toHaveLength(4);
  });

  test('items of other kinds are passed over, and so is what the table’s TTL removes', async () => {
    const other = recordOf({ pk: 'small#1', sk: 'note' }, { model: 'small' }, 1, startMs);
    await deliver([other, expiryOf({ pk: 'small#1', sk: 'prediction' }, 2, startMs)]);
    expect(deps.objects.keys('quarantine/')).toEqual([]);
    expect(deps.objects.keys('archive/')).toEqual([]);
    expect(deps.objects.keys('partials/')).toEqual([]);
  });

  test('a store that is down throws, so that the batch is delivered again', async () => {
    deps.objects.beforeWrite = () => {
      throw new Error('the store is down');
    };
    await expect(deliver(upTo(3))).rejects.toThrow('the store is down');
  });
});

describe('rows that come after their granule has closed', () => {
  test('are archived in their own granule, counted as late, and in no profile', async () => {
    await deliver(upTo(5));
    await close(startMs + granuleMs);
    expect(deps.measured).toEqual([]);
    deps.clock.ms = startMs + 3 * granuleMs + 1;
    await deliver(upTo(7, 5));
    expect(deps.measured).toEqual([{ name: 'LateRows', value: 7 }]);
    await close();
    expect((await granule()).versions.get(version)?.predictions).toBe(5);
    expect(await granule(startMs + 3 * granuleMs)).toMatchObject({ late: 7, versions: new Map() });
    expect(await readCounters(deps, 'small')).toMatchObject({ predictions: { [version]: 5 }, late: 7 });
    const files = [];
    for await (const file of readArchive(deps, 'small', startMs, startMs + granuleMs)) files.push(file);
    expect(files.map((file) => file.rows.length).sort()).toEqual([5, 7]);
  });

  test('on the border: the last millisecond of a closed granule is late, the first of the next is not', async () => {
    await close(startMs + granuleMs);
    deps.clock.ms = startMs + granuleMs;
    await deliver([predicted(0, startMs + granuleMs - 1), predicted(1, startMs + granuleMs)]);
    await close();
    expect(await readCounters(deps, 'small')).toMatchObject({ predictions: { [version]: 1 }, late: 1 });
  });
});

test('the values of the policy’s segments are counted apart, each row in one of them', async () => {
  const sliced = smallRecord({ monitor: { segments: ['colour'] } });
  await deps.state.delete(stateKeys.record('small'));
  await deps.state.putIfAbsent(stateKeys.record('small'), sliced);
  await deliver(upTo(10));
  await close();
  const { segments } = (await granule()).versions.get(version)!;
  const counted = [...segments.values()].map((of) => rowsOf(featureOf(of, 'weight')));
  expect(counted.length).toBeGreaterThan(0);
  expect(counted.reduce((sum, one) => sum + one, 0)).toBe(10);
});

test('models of one batch are kept apart', async () => {
  const other = smallRecord({ name: 'other' });
  const otherVersion = await registerSmall(deps, other);
  await deliver([
    ...upTo(3),
    ...range(0, 2).map((at) => predictionRecord('other', otherVersion, rows[at]!, 50 + at, startMs)),
  ]);
  await close();
  await closeGranules(deps, 'other', startMs + granuleMs, anchorsOf);
  expect((await readCounters(deps, 'small')).predictions).toEqual({ [version]: 3 });
  expect((await readCounters(deps, 'other')).predictions).toEqual({ [otherVersion]: 2 });
});
