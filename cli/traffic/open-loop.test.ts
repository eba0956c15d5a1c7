import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runOpenLoop } from './open-loop.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Sent {
  readonly at: number;
  readonly dueMs: number;
  readonly sentMs: number;
  readonly answeredMs?: number;
}

/** A server of `serviceMs` on a clock that the test moves. */
async function run(
  given: {
    count: number;
    ratePerSecond: number;
    concurrency: number;
    drainMs?: number;
    abortAfterMs?: number;
  },
  serviceMs: (at: number) => number,
) {
  const sent: Sent[] = [];
  const stop = new AbortController();
  if (given.abortAfterMs !== undefined) setTimeout(() => stop.abort(), given.abortAfterMs);
  const started = performance.now();
  const now = () => performance.now() - started;
  const running = runOpenLoop({
    drainMs: 10_000,
    ...given,
    signal: stop.signal,
    now,
    send: async (at, dueMs) => {
      const one = { at, dueMs, sentMs: now() };
      sent.push(one);
      await new Promise((resolve) => setTimeout(resolve, serviceMs(at)));
      sent[at] = { ...one, answeredMs: now() };
    },
  });
  await vi.runAllTimersAsync();
  return { ...(await running), arrivals: sent };
}

describe('runOpenLoop', () => {
  test('sends each arrival when it is due, however long answers take, while places are free', async () => {
    const { sent, due, arrivals } = await run({ count: 50, ratePerSecond: 100, concurrency: 64 }, () => 400);
    expect([sent, due]).toEqual([50, 50]);
    for (const [at, { dueMs, sentMs }] of arrivals.entries()) {
      expect(dueMs).toBe(at * 10);
      expect(sentMs).toBeGreaterThanOrEqual(dueMs);
      expect(sentMs).toBeLessThanOrEqual(dueMs + 1);
    }
  });

  test('a stall counts for every arrival that was due in it, not only for the request that met it', async () => {
    const { arrivals } = await run({ count: 100, ratePerSecond: 100, concurrency: 1 }, (at) =>
      at === 10 ? 500 : 1,
    );
    const delayed = arrivals.filter(({ answeredMs, dueMs }) => answeredMs! - dueMs > 100);
    // 500 ms at 100 per second, less those due in the last 100 ms and plus the ones caught up with meanwhile
    expect(delayed.length).toBeGreaterThanOrEqual(40);
    expect(delayed.length).toBeLessThanOrEqual(50);
    expect(arrivals.filter(({ answeredMs, sentMs }) => answeredMs! - sentMs > 100)).toHaveLength(1);
  });

  test('never has more under way than allowed', async () => {
    const { arrivals } = await run({ count: 60, ratePerSecond: 1000, concurrency: 3 }, () => 20);
    const most = arrivals.map(
      ({ sentMs }) => arrivals.filter((one) => one.sentMs <= sentMs && one.answeredMs! > sentMs).length,
    );
    expect(Math.max(...most)).toBe(3);
  });

  test('gives up what could not be sent or answered in the time to drain, and counts it', async () => {
    const given = { count: 100, ratePerSecond: 100, concurrency: 1, drainMs: 1000 };
    // 2 s in all, one each 200 ms
    expect(await run(given, () => 200)).toMatchObject({ due: 100, sent: 10 });
    expect(await run(given, () => 60_000)).toMatchObject({ due: 100, sent: 1 });
  });

  test('stops at once when it is told to, with what was due by then', async () => {
    const { due, sent } = await run(
      { count: 1000, ratePerSecond: 100, concurrency: 64, abortAfterMs: 205 },
      () => 1,
    );
    expect([due, sent]).toEqual([21, 21]);
  });
});
