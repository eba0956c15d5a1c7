import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Latencies } from './latency.ts';

function nearestRank(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1]!;
}

test('each quantile is the nearest-rank one or at most 1 % above it, and the maximum is exact', () => {
  const ms = fc.double({ min: 0.02, max: 3_600_000, noNaN: true });
  fc.assert(
    fc.property(fc.array(ms, { minLength: 1, maxLength: 300 }), (values) => {
      const latencies = new Latencies();
      for (const value of values) latencies.add(value);
      const sorted = values.toSorted((a, b) => a - b);
      const { p50, p90, p99, max } = latencies.summary().quantiles!;
      for (const [share, quantile] of [
        [0.5, p50],
        [0.9, p90],
        [0.99, p99],
      ] as const) {
        const exact = nearestRank(sorted, share);
        expect(quantile).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
        expect(quantile).toBeLessThanOrEqual(exact * 1.01 * (1 + 1e-9));
      }
      expect(max).toBe(sorted.at(-1));
    }),
  );
});

test('nothing counted has no quantiles; what is too short or too long to tell apart still counts', () => {
  const latencies = new Latencies();
  expect(latencies.summary()).toEqual({ count: 0 });
  latencies.add(-1);
  latencies.add(0);
  latencies.add(1e12);
  expect(latencies.summary()).toMatchObject({ count: 3, quantiles: { p50: 0.01, max: 1e12 } });
});
