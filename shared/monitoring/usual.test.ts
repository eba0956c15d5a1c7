import { describe, expect, test } from 'vitest';
import { freshness } from '../quality/arrival.ts';
import { labelRatio } from '../quality/label-ratio.ts';
import type { ReportEntry } from './report-index.ts';
import { usualCounts } from './usual.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const midnight = Date.UTC(2026, 10, 1);

function entry(start: number, length: number, rows: number, labels = rows, quietMs = 0): ReportEntry {
  const window = { start: new Date(start).toISOString(), end: new Date(start + length).toISOString() };
  return {
    id: '',
    version: 'v',
    window,
    rows,
    labels,
    quietMs,
    outcome: {} as never,
    worst: null,
    reasons: [],
  };
}
const days = (rows: readonly number[], labels = rows) =>
  rows.map((count, day) => entry(midnight + day * dayMs, dayMs, count, labels[day]));
const today = { start: midnight + 9 * dayMs, end: midnight + 10 * dayMs };

describe('what is usual', () => {
  test('is the median of five earlier windows, and unknown with four', () => {
    const now = { rows: 100, labels: 100, quietMs: 0 };
    expect(usualCounts(days([90, 5000, 110, 100, 1]), today, now).expectedRows).toBe(100);
    expect(usualCounts(days([90, 5000, 110, 100]), today, now)).toEqual({});
  });

  test('of an hour is what the same hour of other days had, not the night before it', () => {
    const hours = Array.from({ length: 24 * 6 }, (_, at) =>
      entry(midnight + at * hourMs, hourMs, at % 24 === 13 ? 800 : 10),
    );
    const at = (hour: number) => ({
      start: midnight + 7 * dayMs + hour * hourMs,
      end: midnight + 7 * dayMs + (hour + 1) * hourMs,
    });
    expect(usualCounts(hours, at(13), { rows: 1, labels: 0, quietMs: 0 }).expectedRows).toBe(800);
    expect(usualCounts(hours, at(3), { rows: 1, labels: 0, quietMs: 0 }).expectedRows).toBe(10);
  });

  test('counts windows of the same length only: one by rows is as long as it takes', () => {
    const mixed = [...days([100, 100, 100, 100]), entry(midnight + 5 * dayMs, 2 * hourMs, 100)];
    expect(usualCounts(mixed, today, { rows: 1, labels: 0, quietMs: 0 })).toEqual({});
  });
});

describe('labels that stop', () => {
  const found = (labels: readonly number[], now: number) =>
    labelRatio.scope === 'window' &&
    labelRatio.run({
      windowRows: 1000,
      columns: [],
      designEffect: 1,
      ...usualCounts(
        days(
          labels.map(() => 1000),
          labels,
        ),
        today,
        { rows: 1000, labels: now, quietMs: 0 },
      ),
    });

  test('are found once half of the smallest share no longer comes', () => {
    expect(found([400, 450, 390, 500, 420], 100)).toMatchObject({
      message: '10 % of rows got a label, 39 % did',
    });
    expect(found([400, 450, 390, 500, 420], 200)).toBeUndefined();
  });

  test('are not missed on the days between weekly deliveries', () => {
    expect(found([0, 0, 0, 7000, 0, 0], 0)).toBeUndefined();
  });

  test('that come for other days too are at most all of them', () => {
    expect(found([5000, 5000, 5000, 5000, 5000], 999)).toBeUndefined();
    expect(found([5000, 5000, 5000, 5000, 5000], 100)).toMatchObject({ observed: 0.1 });
  });
});

describe('a stream that stops', () => {
  const found = (usual: number, quietMs: number) => {
    const earlier = Array.from({ length: 5 }, (_, day) =>
      entry(midnight + day * dayMs, dayMs, 100, 100, usual),
    );
    return (
      freshness.scope === 'window' &&
      freshness.run({
        windowRows: 100,
        columns: [],
        designEffect: 1,
        ...usualCounts(earlier, today, { rows: 100, labels: 100, quietMs }),
      })
    );
  };

  test('is found after a quarter of the window where traffic never pauses', () => {
    expect(found(0, 6 * hourMs)).toBeUndefined();
    expect(found(0, 6 * hourMs + 1)).toMatchObject({ message: expect.stringContaining('360 minutes old') });
  });

  test('is found after twice its longest silence where it sleeps at night', () => {
    expect(found(9 * hourMs, 18 * hourMs)).toBeUndefined();
    expect(found(9 * hourMs, 19 * hourMs)).toMatchObject({ observed: 19 / 18 });
  });
});
