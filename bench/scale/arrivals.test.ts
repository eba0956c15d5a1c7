// The simulated day is the day it says it is: its mean, its peak, and every record in exactly one batch.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { busyness, DAY_SECONDS, type Feed, simulateDay } from './arrivals.ts';

const feed = (more: Partial<Feed> = {}): Feed => ({
  recordsPerSecond: 14,
  shards: 4,
  batchSize: 1000,
  windowSeconds: 60,
  recordBytes: 1000,
  captureSeconds: () => 0.15,
  granuleSeconds: 300,
  random: seededRandom(1),
  ...more,
});
const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);

describe('a day', () => {
  test('has a mean of 1 and a highest second of 3', () => {
    const seconds = Array.from({ length: DAY_SECONDS }, (_, second) => busyness(second));
    expect(sum(seconds) / DAY_SECONDS).toBeCloseTo(1, 6);
    expect(Math.max(...seconds)).toBeCloseTo(3, 6);
    expect(Math.min(...seconds)).toBeGreaterThan(0.2);
  });

  test('brings as many records as its mean says', () => {
    const { recordsPerGranule } = simulateDay(feed());
    expect(Math.abs(sum(recordsPerGranule) / (14 * DAY_SECONDS) - 1)).toBeLessThan(0.01);
    expect(recordsPerGranule).toHaveLength(288);
  });
});

describe('batches', () => {
  test('are cut by the clock where few records come: one a minute and shard at most', () => {
    const { batches, lag } = simulateDay(feed());
    expect(batches).toBeLessThanOrEqual(4 * 24 * 60);
    expect(batches).toBeGreaterThan(4 * 24 * 55);
    expect(lag.p50).toBeCloseTo(60, 0);
    expect(lag.most).toBeLessThan(61);
  });

  test('are cut by size where many come, and the last by the clock', () => {
    const { batches, recordsPerGranule, lag } = simulateDay(feed({ recordsPerSecond: 1400 }));
    const full = sum(recordsPerGranule) / 1000;
    expect(batches).toBeGreaterThanOrEqual(Math.floor(full) - 4);
    expect(batches).toBeLessThan(full * 1.01);
    expect(lag.p50).toBeLessThan(10);
  });

  test('are cut by the 6 MB of an event where records are large', () => {
    const [small, large] = [1000, 60_000].map((recordBytes) =>
      simulateDay(feed({ recordsPerSecond: 1400, recordBytes })),
    );
    expect(large!.batches / small!.batches).toBeCloseTo(10, 0);
  });

  test('leave a partial in each granule they lie in', () => {
    const { batches, partials, partialsPerGranule } = simulateDay(feed());
    expect(partials).toBe(sum(partialsPerGranule));
    expect(partials).toBeGreaterThan(batches);
    expect(partials).toBeLessThan(batches * 1.3);
  });

  test('wait when capture takes longer than its shard brings: the lag grows', () => {
    const { lag, busiestShard } = simulateDay(feed({ recordsPerSecond: 2800, captureSeconds: () => 1.5 }));
    expect(busiestShard).toBeGreaterThan(0.99);
    expect(lag.most).toBeGreaterThan(60);
  });
});
