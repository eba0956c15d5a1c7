import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryObjects } from '#shared/testing/memory-objects.ts';
import { smallRows } from '#shared/testing/small-model.ts';
import { eventOf, predictionRecord } from '#shared/testing/stream.ts';
import { replayBatches } from './batches.ts';
import type { Invoked } from './ports.ts';

const rows = smallRows(6, 1, { from: 0 });
const batch = (from: number, to: number) =>
  eventOf(rows.slice(from, to).map((row, at) => predictionRecord('small', 'v1', row, from + at, 1000)));
/** Written once: each item has a token of its own. */
const [first, second] = [batch(0, 3), batch(3, 6)] as const;
const keyOf = (name: string) => `aws/lambda/5b1e0c6e-uuid/shardId-0001/2026/11/21/${name}`;
const filed = (event: unknown) => ({
  requestContext: { functionArn: 'arn:…:tidemark-dev-capture', condition: 'RetryAttemptsExhausted' },
  version: '1.0',
  DDBStreamBatchInfo: { shardId: 'shardId-0001', batchSize: 3 },
  payload: JSON.stringify(event),
});

let objects: MemoryObjects;
let invoked: [string, unknown][];
let answer: (count: number) => Invoked;
beforeEach(() => {
  objects = new MemoryObjects();
  invoked = [];
  answer = () => ({ ok: true });
});

const put = (name: string, content: unknown) =>
  objects.put(keyOf(name), Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)));
const replay = (isDry = false) =>
  replayBatches(
    {
      objects,
      invoke: async (fn, payload) => {
        invoked.push([fn, payload]);
        return answer(invoked.length);
      },
    },
    { isDry, progress: () => undefined },
    () => Date.UTC(2026, 10, 21),
  );

describe('replayBatches', () => {
  test('capture is given each batch as Lambda had it, in the order of the keys; a second run hands nothing back', async () => {
    await put('2026-11-21T10.00.00-b', filed(second));
    await put('2026-11-21T09.00.00-a', filed(first));
    expect(await replay()).toMatchObject({ replayed: 2, alreadyThere: 0, failed: [], unreadable: [] });
    expect(invoked).toEqual([
      ['capture', first],
      ['capture', second],
    ]);
    expect(await replay()).toMatchObject({ replayed: 0, alreadyThere: 2, failed: [], unreadable: [] });
    expect(invoked).toHaveLength(2);
  });

  test('what was filed stays as it was, and a note says when it was handed back', async () => {
    await put('a', filed(first));
    await replay();
    expect(JSON.parse(Buffer.from((await objects.get(keyOf('a')))!).toString())).toEqual(filed(first));
    const note = await objects.get(`replayed/${keyOf('a')}`);
    expect(JSON.parse(Buffer.from(note!).toString())).toEqual({
      replayed_at: '2026-11-21T00:00:00.000Z',
      records: 3,
    });
  });

  test('a batch that capture fails on again has no note, is named, and stops none of the others', async () => {
    await put('a', filed(first));
    await put('b', filed(second));
    answer = (count) => (count === 1 ? { ok: false, reason: 'Error: no' } : { ok: true });
    expect(await replay()).toMatchObject({
      replayed: 1,
      failed: [{ where: keyOf('a'), reason: 'capture: Error: no' }],
    });
    answer = () => ({ ok: true });
    expect(await replay()).toMatchObject({ replayed: 1, alreadyThere: 1, failed: [] });
  });

  test.each([
    ['a text', 'not JSON'],
    ['a record without its payload', { DDBStreamBatchInfo: {} }],
    ['a payload that is no event', filed({ detail: 1 })],
    ['an event without records', filed({ Records: [] })],
    ['records of something else', filed({ Records: [{ s3: {} }] })],
  ])('%s is no batch: named, never handed on', async (_, content) => {
    await put('a', content);
    await put('b', filed(first));
    expect(await replay()).toMatchObject({
      replayed: 1,
      failed: [],
      unreadable: [{ where: keyOf('a'), reason: expect.stringMatching(/^not a batch that Lambda filed: ./) }],
    });
    expect(invoked).toHaveLength(1);
    expect(objects.keys('replayed/')).toEqual([`replayed/${keyOf('b')}`]);
  });

  test('a look invokes nothing and notes nothing', async () => {
    await put('a', filed(first));
    await put('b', 'not JSON');
    expect(await replay(true)).toMatchObject({ replayed: 1, unreadable: [{ where: keyOf('b') }] });
    expect([invoked, objects.keys('replayed/')]).toEqual([[], []]);
  });
});
