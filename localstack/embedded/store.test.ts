import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseStreamRecord } from '#shared/aws/stream-record.ts';
import type { Objects } from '#shared/ports/objects.ts';
import type { Table } from '#shared/ports/table.ts';
import { createFolderObjects } from './folder-objects.ts';
import { openStore, type Store } from './store.ts';

const PUTS = 10_000;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-store-'));
});
afterEach(() => rm(dir, { recursive: true }));

interface Writer {
  readonly child: ChildProcess;
  /** What it has printed so far; a line is written whole or not at all. */
  acknowledged(): string[];
  readonly ended: Promise<unknown>;
}

let writers = 0;

/** It prints into a file: a pipe that is full would refuse a write. */
function startWriter(round: number, puts = PUTS, captures = false): Writer {
  const script = fileURLToPath(new URL('./store-kill-child.ts', import.meta.url));
  const parameters = [dir, `${round}`, `${puts}`, captures ? 'yes' : 'no'];
  const printed = join(dir, `acknowledged-${writers++}`);
  const output = openSync(printed, 'w');
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...parameters], {
    stdio: ['ignore', output, 'inherit'],
  });
  closeSync(output);
  const acknowledged = () => readFileSync(printed, 'utf8').split('\n').slice(0, -1);
  return { child, acknowledged, ended: once(child, 'close') };
}

async function killAtRandom(writer: Writer): Promise<void> {
  const killAfter = 1 + Math.floor(Math.random() * PUTS * 0.8);
  while (writer.acknowledged().length < killAfter && writer.child.exitCode === null) await sleep(2);
  writer.child.kill('SIGKILL');
  await writer.ended;
  expect(writer.child.signalCode).toBe('SIGKILL');
}

async function allItems(table: Table): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await table.query('p', cursor === undefined ? {} : { cursor });
    found.push(...page.items.map((item) => item.sk));
    cursor = page.next;
  } while (cursor !== undefined);
  return found.sort();
}

function missingFrom(stored: readonly string[], wanted: readonly string[]): string[] {
  const known = new Set(stored);
  return wanted.filter((sk) => !known.has(sk));
}

/** Delivers until sequence number `last`; answers the sequence numbers of each batch. */
async function deliverUntil(
  store: Store,
  last: number,
  capture: (event: DynamoDBStreamEvent) => Promise<void>,
  batchSize: number,
): Promise<number[][]> {
  const batches: number[][] = [];
  store.feed('items').deliver(
    async (event) => {
      await capture(event);
      batches.push(event.Records.map((record) => Number(record.dynamodb!.SequenceNumber)));
    },
    { batchSize, maxWaitMs: 0 },
  );
  while ((batches.at(-1)?.at(-1) ?? 0) < last) await sleep(5);
  await store.feed('items').close();
  return batches;
}

function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Capture in small: one blob per batch, named by its first record. */
async function captureInto(blobs: Objects, event: DynamoDBStreamEvent): Promise<void> {
  const sortKeys = event.Records.map((record) => parseStreamRecord(record).key.sk);
  await blobs.put(event.Records[0]!.eventID!, Buffer.from(JSON.stringify(sortKeys)));
}

async function readBlobs(blobs: Objects): Promise<Map<string, string[]>> {
  const read = new Map<string, string[]>();
  for (const { key } of await blobs.list(''))
    read.set(key, JSON.parse(Buffer.from((await blobs.get(key))!).toString()) as string[]);
  return read;
}

describe('a process killed with SIGKILL at a random moment', () => {
  test.each([1, 2, 3])(
    'loses no acknowledged item, and the feed has each stored one, in order, without gaps (round %i)',
    async (round) => {
      const writer = startWriter(round);
      await killAtRandom(writer);
      const store = openStore({ dir });
      const stored = await allItems(store.table('items', { feed: true }));
      expect(missingFrom(stored, writer.acknowledged())).toEqual([]);
      const delivered: string[] = [];
      const capture = async (event: DynamoDBStreamEvent) => {
        delivered.push(...event.Records.map((record) => parseStreamRecord(record).key.sk));
      };
      const batches = await deliverUntil(store, stored.length, capture, 700);
      expect(batches.flat()).toEqual(upTo(stored.length));
      expect(delivered.sort()).toEqual(stored);
      await store.close();
    },
  );

  test('goes on with capture where its checkpoint stands, and the blobs hold each item exactly once', async () => {
    const blobs = createFolderObjects(join(dir, 'blobs'));
    const acknowledged: string[] = [];
    for (const round of [1, 2, 3, 4]) {
      const writer = startWriter(round, PUTS, true);
      await killAtRandom(writer);
      acknowledged.push(...writer.acknowledged());
    }
    const captured = (await readBlobs(blobs)).size;
    expect(captured).toBeGreaterThan(0);

    const store = openStore({ dir });
    const stored = await allItems(store.table('items', { feed: true }));
    expect(missingFrom(stored, acknowledged)).toEqual([]);
    const last = [...(await readBlobs(blobs))].at(-1)!;
    const lastFirst = Number(last[0].split('-')[1]);
    const capture = (event: DynamoDBStreamEvent) => captureInto(blobs, event);
    const batches = (await deliverUntil(store, stored.length, capture, 100)).flat();
    // either the last captured batch was not checkpointed and comes again whole, or the first one after it
    expect([lastFirst, lastFirst + last[1].length]).toContain(batches[0]);
    expect(batches).toEqual(upTo(stored.length, batches[0]));
    expect([...(await readBlobs(blobs)).values()].flat().sort()).toEqual(stored);
    await store.close();
  });
});

describe('two processes on one data directory', () => {
  test('each put of either is stored, and one feed delivers both while they write', async () => {
    const started = [startWriter(1, 3000), startWriter(2, 3000)];
    const store = openStore({ dir });
    const table = store.table('items', { feed: true });
    const delivered: string[] = [];
    const capture = async (event: DynamoDBStreamEvent) => {
      delivered.push(...event.Records.map((record) => parseStreamRecord(record).key.sk));
    };
    const delivering = deliverUntil(store, 6500, capture, 1000);
    for (let i = 0; i < 500; i++) await table.putIfAbsent({ pk: 'p', sk: `3-${i}` }, i);
    await Promise.all(started.map((writer) => writer.ended));
    expect(started.map((writer) => writer.child.exitCode)).toEqual([0, 0]);
    expect((await delivering).flat()).toEqual(upTo(6500));
    expect(delivered.sort()).toEqual(await allItems(table));
    await store.close();
  });

  test('simultaneous puts of the same keys have one winner each', async () => {
    const started = [startWriter(1, 2000), startWriter(1, 2000)];
    await Promise.all(started.map((writer) => writer.ended));
    const won = started.flatMap((writer) => writer.acknowledged());
    expect(won).toHaveLength(2000);
    expect(new Set(won).size).toBe(2000);
  });

  test('a read sees what another process has just been told is stored', async () => {
    const store = openStore({ dir });
    const table = store.table('items', { feed: true });
    const writer = startWriter(1, 500);
    for (let seen = 0; seen < 500; ) {
      await sleep(1);
      for (const sk of writer.acknowledged().slice(seen)) {
        expect(await table.get({ pk: 'p', sk })).toBeDefined();
        seen++;
      }
    }
    await writer.ended;
    await store.close();
  });
});
