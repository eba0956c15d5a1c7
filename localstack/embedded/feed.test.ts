import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseStreamRecord, type StreamRecord } from '#shared/aws/stream-record.ts';
import type { Table } from '#shared/ports/table.ts';
import { FeedTakenError } from './feed.ts';
import { NoFeedError, openStore, type Store } from './store.ts';

const START_MS = 1_700_000_000_123;
const DAY_MS = 24 * 3_600_000;
let dir: string;
let nowMs: number;
let store: Store;
let table: Table;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-feed-'));
  nowMs = START_MS;
  reopen();
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

function reopen(): void {
  store = openStore({ dir, now: () => nowMs });
  table = store.table('items', { feed: true });
}

const put = (sk: string, expiresAt?: number) =>
  table.putIfAbsent({ pk: 'p', sk }, `value of ${sk}`, expiresAt === undefined ? {} : { expiresAt });

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error('waited 10 s in vain');
    await sleep(5);
  }
}

/** Delivers until so many records came, then stops. */
async function take(count: number, batchSize?: number): Promise<DynamoDBStreamEvent[]> {
  const events: DynamoDBStreamEvent[] = [];
  const feed = store.feed('items');
  const handler = async (event: DynamoDBStreamEvent) => void events.push(event);
  feed.deliver(handler, { maxWaitMs: 0, ...(batchSize === undefined ? {} : { batchSize }) });
  await until(() => events.flatMap((event) => event.Records).length >= count);
  await feed.close();
  return events;
}

function parsed(events: readonly DynamoDBStreamEvent[]): StreamRecord[] {
  return events.flatMap((event) => event.Records).map(parseStreamRecord);
}

function sortKeys(events: readonly DynamoDBStreamEvent[]): string[] {
  return parsed(events).map((record) => record.key.sk);
}

describe('what the feed records', () => {
  test('a put arrives as the event that DynamoDB Streams sends', async () => {
    await put('a', 1_800_000_000);
    const [event] = await take(1);
    expect(event).toEqual({
      Records: [
        {
          eventID: 'items-0000000000000001',
          eventName: 'INSERT',
          eventVersion: '1.1',
          eventSource: 'aws:dynamodb',
          awsRegion: 'local',
          dynamodb: {
            ApproximateCreationDateTime: START_MS / 1000,
            Keys: { pk: { S: 'p' }, sk: { S: 'a' } },
            NewImage: {
              pk: { S: 'p' },
              sk: { S: 'a' },
              rev: { N: '1' },
              token: { S: expect.stringMatching(/^[0-9a-f-]{36}$/) },
              exp: { N: '1800000000' },
              data: { S: '"value of a"' },
            },
            SequenceNumber: '000000000000000000001',
            SizeBytes: 16,
            StreamViewType: 'NEW_IMAGE',
          },
          eventSourceARN: 'arn:aws:dynamodb:local:000000000000:table/items/stream/local',
        },
      ],
    });
  });

  test('each change that happened is one record with its new image, and one that was refused is none', async () => {
    await put('a');
    await put('a');
    await table.putIfRevision({ pk: 'p', sk: 'a' }, { b: 2 }, 1);
    await table.putIfRevision({ pk: 'p', sk: 'a' }, 'late', 1);
    await table.delete({ pk: 'p', sk: 'a' }, 1);
    await table.delete({ pk: 'p', sk: 'a' });
    await table.delete({ pk: 'p', sk: 'a' });
    const events = await take(3);
    expect(events.flatMap((event) => event.Records.map((record) => record.eventName))).toEqual([
      'INSERT',
      'MODIFY',
      'REMOVE',
    ]);
    expect(parsed(events)).toMatchObject([
      { kind: 'put', value: 'value of a', revision: 1 },
      { kind: 'put', value: { b: 2 }, revision: 2 },
      { kind: 'remove', key: { pk: 'p', sk: 'a' }, isExpiry: false },
    ]);
  });

  test('stream time never runs backwards, though the clock may', async () => {
    for (const jump of [0, 500, -2000, 1000, 5000]) {
      nowMs += jump;
      await put(`${jump}`);
    }
    const times = parsed(await take(5)).map((record) => record.streamTimeMs - START_MS);
    expect(times).toEqual([0, 500, 500, 500, 4500]);
  });

  test('stream time starts again at now once its head is more than 5 minutes ahead of the clock, not at 5', async () => {
    const reported = vi.spyOn(console, 'error').mockReturnValue();
    await put('right');
    nowMs += 300_000;
    await put('five minutes ahead');
    nowMs = START_MS;
    await put('held');
    nowMs = START_MS + 365 * DAY_MS;
    await put('a year ahead');
    nowMs = START_MS + 1000;
    await put('corrected');
    nowMs += 1000;
    await put('next');
    // what a wrong clock wrote neither holds back nor carries off what may close
    expect(await store.feed('items').closedBefore()).toBe(START_MS);
    const times = parsed(await take(6)).map((record) => record.streamTimeMs - START_MS);
    expect(times).toEqual([0, 300_000, 300_000, 365 * DAY_MS, 1000, 2000]);
    expect(await store.feed('items').closedBefore()).toBe(nowMs);
    expect(reported).toHaveBeenCalledOnce();
    expect(String(reported.mock.lastCall)).toContain('ahead of the clock');
    nowMs += 2 * DAY_MS;
    expect(await store.feed('items').trim()).toBe(6);
    reported.mockRestore();
  });

  test('a closed stream time is not carried off by a wrong clock’s entry that waits alone', async () => {
    const reported = vi.spyOn(console, 'error').mockReturnValue();
    nowMs += 365 * DAY_MS;
    await put('a year ahead');
    nowMs = START_MS;
    expect(await store.feed('items').closedBefore()).toBe(START_MS);
    nowMs -= 1;
    await put('corrected');
    const [, corrected] = parsed(await take(2));
    expect(corrected!.streamTimeMs).toBe(START_MS);
    reported.mockRestore();
  });

  test('sweeping expired items enters nothing, and only they go', async () => {
    const second = Math.floor(START_MS / 1000);
    await put('expired', second + 10);
    await put('prolonged', second + 10);
    await table.putIfRevision({ pk: 'p', sk: 'prolonged' }, 'still', 1, { expiresAt: second + 100 });
    await put('forever');
    await put('replaced', second + 5);
    nowMs += 6000;
    await put('replaced', second + 100);
    nowMs += 4000;
    expect(await store.sweep()).toBe(1);
    expect(await store.sweep()).toBe(0);
    expect((await table.query('p')).items.map((item) => item.sk)).toEqual([
      'forever',
      'prolonged',
      'replaced',
    ]);
    expect(sortKeys(await take(6))).toEqual([
      'expired',
      'prolonged',
      'prolonged',
      'forever',
      'replaced',
      'replaced',
    ]);
    nowMs += 100_000;
    expect(await store.sweep()).toBe(2);
  });

  test('a table opened without a feed has none', () => {
    store.table('quiet');
    expect(() => store.feed('quiet')).toThrow(NoFeedError);
  });
});

describe('delivery', () => {
  test('is in order, in batches of at most the asked size, one at a time', async () => {
    const keys = Array.from({ length: 25 }, (_, i) => `${100 + i}`);
    await Promise.all(keys.map((sk) => put(sk)));
    let inFlight = 0;
    const sizes: number[] = [];
    const seen: string[] = [];
    const handler = async (event: DynamoDBStreamEvent) => {
      expect(++inFlight).toBe(1);
      await sleep(5);
      sizes.push(event.Records.length);
      seen.push(...sortKeys([event]));
      inFlight--;
    };
    store.feed('items').deliver(handler, { batchSize: 10 });
    await until(() => seen.length === 25);
    expect(sizes).toEqual([10, 10, 5]);
    expect(seen).toEqual(keys);
  });

  test('waits for a batch to fill, and no longer than that', async () => {
    const sizes: number[] = [];
    const handler = async (event: DynamoDBStreamEvent) => void sizes.push(event.Records.length);
    store.feed('items').deliver(handler, { batchSize: 3, maxWaitMs: 60_000 });
    for (const sk of ['a', 'b']) await put(sk);
    await sleep(300);
    expect(sizes).toEqual([]);
    await put('c');
    await until(() => sizes.length > 0);
    expect(sizes).toEqual([3]);
  });

  test('sends a batch that did not fill in time', async () => {
    await put('a');
    expect(sortKeys(await take(1, 1000))).toEqual(['a']);
    const sizes: number[] = [];
    const handler = async (event: DynamoDBStreamEvent) => void sizes.push(event.Records.length);
    store.feed('items').deliver(handler, { batchSize: 1000, maxWaitMs: 50 });
    await put('b');
    await until(() => sizes.length > 0);
    expect(sizes).toEqual([1]);
  });

  test('takes at most 6 MB at a time, as a Lambda does', async () => {
    const big = 'x'.repeat(300_000);
    for (let i = 0; i < 25; i++) await table.putIfAbsent({ pk: 'p', sk: `${100 + i}` }, big);
    expect((await take(25)).map((event) => event.Records.length)).toEqual([19, 6]);
  });

  test('a failing handler gets the same first record again until it succeeds, and nothing is skipped', async () => {
    for (const sk of ['a', 'b', 'c', 'd']) await put(sk);
    const attempts: string[][] = [];
    const errors: unknown[] = [];
    const handler = async (event: DynamoDBStreamEvent) => {
      attempts.push(sortKeys([event]));
      if (attempts.length <= 3) throw new Error(`failure ${attempts.length}`);
    };
    const onError = (error: unknown, attempt: number) => errors.push([String(error), attempt]);
    store.feed('items').deliver(handler, { batchSize: 2, retryMs: 1, onError });
    await until(() => attempts.length === 5);
    expect(attempts).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(errors).toEqual([1, 2, 3].map((attempt) => [`Error: failure ${attempt}`, attempt]));
  });

  test('goes on from the checkpoint after a restart', async () => {
    for (const sk of ['a', 'b', 'c']) await put(sk);
    expect(sortKeys(await take(2, 2)).slice(0, 2)).toEqual(['a', 'b']);
    await store.close();
    reopen();
    await put('d');
    const rest = sortKeys(await take(1));
    expect(['c', 'd']).toEqual(expect.arrayContaining(rest));
    expect(rest.at(-1)).toBe('d');
  });

  test('what a handler did not finish comes again from the same first record', async () => {
    for (const sk of ['a', 'b', 'c']) await put(sk);
    const failing = store.feed('items');
    let firstId: string | undefined;
    failing.deliver(
      async (event) => {
        firstId = event.Records[0]!.eventID!;
        throw new Error('no');
      },
      { batchSize: 2, retryMs: 1, onError: () => {} },
    );
    await until(() => firstId !== undefined);
    await store.close();
    reopen();
    const events = await take(3);
    expect(events[0]!.Records[0]!.eventID).toBe(firstId);
    expect(sortKeys(events)).toEqual(['a', 'b', 'c']);
  });

  test('close waits for the batch in flight and checkpoints it', async () => {
    await put('a');
    let isDone = false;
    let hasStarted = false;
    const handler = async () => {
      hasStarted = true;
      await sleep(50);
      isDone = true;
    };
    const delivery = store.feed('items').deliver(handler);
    await until(() => hasStarted);
    await delivery.close();
    expect(isDone).toBe(true);
    await put('b');
    expect(sortKeys(await take(1))).toEqual(['b']);
  });

  test('a second consumer is refused while the first one runs', async () => {
    store.feed('items').deliver(async () => {});
    expect(() => store.feed('items').deliver(async () => {})).toThrow(FeedTakenError);
    await store.feed('items').close();
    store.feed('items').deliver(async () => {});
  });

  test('delivered records are kept for a day, undelivered ones for ever', async () => {
    await put('old');
    await take(1);
    await put('waiting');
    nowMs += DAY_MS;
    expect(await store.feed('items').trim()).toBe(0);
    nowMs += 1;
    expect(await store.feed('items').trim()).toBe(1);
    expect(await store.feed('items').trim()).toBe(0);
    expect(sortKeys(await take(1))).toEqual(['waiting']);
    await put('next');
    expect(parsed(await take(1))[0]!.eventId).toBe('items-0000000000000003');
  });
});

describe('closedBefore', () => {
  test('of an idle feed is now, and nothing later gets an earlier stream time, whatever the clock does', async () => {
    const feed = store.feed('items');
    expect(await feed.closedBefore()).toBe(START_MS);
    nowMs += 5000;
    expect(await feed.closedBefore()).toBe(START_MS + 5000);
    nowMs -= 3000;
    expect(await feed.closedBefore()).toBe(START_MS + 5000);
    await put('a');
    expect(parsed(await take(1))[0]!.streamTimeMs).toBe(START_MS + 5000);
  });

  test('stands at the first record that was not delivered', async () => {
    await put('a');
    nowMs += 1000;
    await put('b');
    nowMs += 1000;
    const feed = store.feed('items');
    expect(await feed.closedBefore()).toBe(START_MS);
    let seen = 0;
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    feed.deliver(
      async () => {
        seen++;
        if (seen === 2) await gate;
      },
      { batchSize: 1 },
    );
    await until(() => seen === 2);
    expect(await feed.closedBefore()).toBe(START_MS + 1000);
    release();
    await until(async () => (await feed.closedBefore()) === START_MS + 2000);
  });

  test('holds among racing writers and a jumping clock', async () => {
    const feed = store.feed('items');
    const delivered: number[] = [];
    feed.deliver(async (event) => {
      for (const record of parsed([event])) delivered.push(record.streamTimeMs);
    });
    let count = 0;
    const writer = async (): Promise<void> => {
      while (count < 600) {
        const sk = `${count++}`;
        nowMs += count % 7 === 0 ? -3 : 2;
        await put(sk);
      }
    };
    const asker = async (): Promise<void> => {
      while (count < 600) {
        const closed = await feed.closedBefore();
        const known = delivered.length;
        await sleep(3);
        for (const late of delivered.slice(known)) expect(late).toBeGreaterThanOrEqual(closed);
      }
    };
    await Promise.all([asker(), ...Array.from({ length: 8 }, writer)]);
    await until(() => delivered.length === 600);
  });
});
