import { beforeEach, describe, expect, test } from 'vitest';
import { createCaptureHandler } from '../../lambdas/capture/handler.ts';
import { createAnchorsCache } from '../registry/baseline.ts';
import { stateKeys } from '../registry/keys.ts';
import { failAtWrite, type MemoryDeps, memoryDeps, startMs, stopFailing } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import { eventOf, predictionRecord } from '../testing/stream.ts';
import { dueWindows } from '../windows/due.ts';
import { closeGranules, readCounters, readGranuleCursor } from './rollup.ts';

const granuleMs = 60_000;
const yearMs = 365 * 86_400_000;
const future = startMs + yearMs;
const record = smallRecord({ monitor: { window_ms: granuleMs } });
let deps: MemoryDeps;
let version: string;
let sequence: number;

beforeEach(open);
async function open(): Promise<void> {
  deps = memoryDeps({ GRANULE_MS: String(granuleMs) });
  version = await registerSmall(deps, record);
  sequence = 0;
}

/** Captures so many rows in the granule of that time, by a clock that stands there. */
async function capture(count: number, at: number): Promise<void> {
  deps.clock.ms = at;
  const rows = smallRows(count, ++sequence, { prefix: `${sequence}-`, from: at });
  const records = rows.map((row, i) => predictionRecord('small', version, row, sequence * 1000 + i, at));
  await createCaptureHandler(deps)(eventOf(records));
}

const close = (closedBefore: number) => closeGranules(deps, 'small', closedBefore, createAnchorsCache(deps));
async function counted() {
  const { predictions, late } = await readCounters(deps, 'small');
  return { rows: predictions[version] ?? 0, late };
}

/** Ten rows by a right clock, then seven by one that is a year ahead, both counted. */
async function runAhead(): Promise<void> {
  await capture(10, startMs);
  await close(startMs + granuleMs);
  await capture(7, future);
  await close(future + granuleMs);
}

describe('after a clock that was a year ahead', () => {
  test('granules close again and every row is counted once, also when the year is over', async () => {
    await runAhead();
    const corrected = startMs + 2 * granuleMs;
    expect(await close(corrected)).toBe(0);
    expect(await readGranuleCursor(deps, 'small')).toEqual({ next: corrected, rolled: corrected });
    expect(await counted()).toEqual({ rows: 17, late: 0 });

    await capture(5, corrected);
    expect(await close(corrected + granuleMs)).toBe(1);
    await capture(3, corrected + granuleMs);
    expect(await close(corrected + 2 * granuleMs)).toBe(1);
    expect(await counted()).toEqual({ rows: 25, late: 0 });

    await capture(2, future + granuleMs);
    await close(future + 2 * granuleMs);
    expect(await counted()).toEqual({ rows: 27, late: 0 });
  });

  test('windows are due again', async () => {
    await runAhead();
    await deps.state.putIfAbsent(stateKeys.windowCursor('small'), { next: future + granuleMs });
    const corrected = startMs + 2 * granuleMs;
    await close(corrected);
    await capture(5, corrected);
    await close(corrected + granuleMs);
    expect(await dueWindows(deps, record)).toEqual([{ start: corrected, end: corrected + granuleMs }]);
  });

  test('a repair that fails at any write, or is done by two at once, ends the same', async () => {
    const corrected = startMs + 2 * granuleMs;
    const rows = async () => {
      await capture(5, corrected);
      await close(corrected + granuleMs);
      return { ...(await counted()), ...(await readGranuleCursor(deps, 'small')) };
    };
    const exact = { rows: 22, late: 0, next: corrected + granuleMs, rolled: corrected + granuleMs };
    await runAhead();
    await Promise.all([close(corrected), close(corrected)]);
    expect(await rows()).toEqual(exact);
    for (const at of [1, 2, 3]) {
      await open();
      await runAhead();
      failAtWrite(deps, at);
      await expect(close(corrected)).rejects.toThrow(`write ${at} failed`);
      stopFailing(deps);
      await close(corrected);
      expect(await rows()).toEqual(exact);
    }
  });

  test('a cursor 5 minutes ahead stays where it is, one a millisecond further is set back', async () => {
    await close(startMs);
    await close(startMs - 300_000);
    expect(await readGranuleCursor(deps, 'small')).toEqual({ next: startMs, rolled: startMs });
    await close(startMs - 300_001);
    const end = startMs - 6 * granuleMs;
    expect(await readGranuleCursor(deps, 'small')).toEqual({ next: end, rolled: end });
  });
});
