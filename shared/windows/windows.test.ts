import { beforeEach, describe, expect, test } from 'vitest';
import { updateItem } from '../ports/update.ts';
import { encodeProfile } from '../profile/encode.ts';
import { mergeProfiles } from '../profile/profile.ts';
import { createAnchorsCache } from '../registry/baseline.ts';
import { objectKeys, stateKeys } from '../registry/keys.ts';
import { type MemoryDeps, memoryDeps, startMs } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import { addTraffic, closeUntil } from '../testing/traffic.ts';
import { announceDueWindows, releaseWindowClaim } from './claim.ts';
import { dueWindows, windowLength } from './due.ts';
import { readWindow } from './read-window.ts';

const granuleMs = 60_000;
const windowMs = 5 * granuleMs;
const model = smallRecord({ monitor: { window_ms: windowMs } });

let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps({ GRANULE_MS: String(granuleMs) });
});

/** Index items of granules with rows, by their number from the start. */
async function withGranules(...numbers: number[]): Promise<void> {
  for (const number of numbers) {
    const start = startMs + number * granuleMs;
    await deps.state.putIfAbsent(stateKeys.granule('small', start), { start });
  }
}
async function closedUntil(granules: number): Promise<void> {
  const until = startMs + granules * granuleMs;
  await deps.state.delete(stateKeys.granuleCursor('small'));
  await deps.state.putIfAbsent(stateKeys.granuleCursor('small'), { next: until, rolled: until });
}
async function judgedUntil(next: number): Promise<void> {
  await updateItem(deps.state, stateKeys.windowCursor('small'), () => ({ next }));
}
const window = (number: number) => ({
  start: startMs + number * windowMs,
  end: startMs + (number + 1) * windowMs,
});

describe('dueWindows', () => {
  test('a window is due when its last granule is rolled up, and not one granule earlier', async () => {
    await withGranules(0);
    await closedUntil(4);
    expect(await dueWindows(deps, model)).toEqual([]);
    await closedUntil(5);
    expect(await dueWindows(deps, model)).toEqual([window(0)]);
  });

  test('windows are aligned to their length, whenever the first row came', async () => {
    await withGranules(8);
    await closedUntil(15);
    expect(await dueWindows(deps, model)).toEqual([window(1)]);
    expect(window(1).start % windowMs).toBe(0);
  });

  test('windows without a row are passed over, however many', async () => {
    await withGranules(1, 2, 27, 1000);
    await closedUntil(1005);
    expect(await dueWindows(deps, model)).toEqual([window(0), window(5), window(200)]);
  });

  test('what is closed to capture but not rolled up is not due', async () => {
    await withGranules(0);
    await deps.state.putIfAbsent(stateKeys.granuleCursor('small'), {
      next: startMs + 10 * granuleMs,
      rolled: 0,
    });
    expect(await dueWindows(deps, model)).toEqual([]);
  });

  test('judged windows are not due again', async () => {
    await withGranules(0, 5, 10);
    await closedUntil(15);
    await deps.state.putIfAbsent(stateKeys.windowCursor('small'), { next: window(0).end });
    expect(await dueWindows(deps, model)).toEqual([window(1), window(2)]);
  });

  test('after a long outage at most 24 come at once, oldest first', async () => {
    await withGranules(...Array.from({ length: 30 }, (_, at) => at * 5));
    await closedUntil(150);
    const due = await dueWindows(deps, model);
    expect(due).toHaveLength(24);
    expect(due[0]).toEqual(window(0));
    expect(due.at(-1)).toEqual(window(23));
  });

  test('a window by rows is over with the granule that fills it, or with its time', async () => {
    const byRows = smallRecord({ monitor: { window_ms: windowMs, window_rows: 100 } });
    const granules = [60, 40, 99, 0, 0, 99, 0, 1, 100, 5];
    for (const [number, predictions] of granules.entries()) {
      const start = startMs + number * granuleMs;
      const versions = { one: { predictions, labels: 0 }, two: { predictions: 0, labels: 7 } };
      await deps.state.putIfAbsent(stateKeys.granule('small', start), { start, versions });
    }
    const cut = (from: number, to: number) => ({
      start: startMs + from * granuleMs,
      end: startMs + to * granuleMs,
    });
    await closedUntil(9);
    expect(await dueWindows(deps, byRows)).toEqual([cut(0, 2), cut(2, 5), cut(5, 8), cut(8, 9)]);
    await closedUntil(10);
    expect((await dueWindows(deps, byRows)).at(-1)).toEqual(cut(9, 10));
  });

  test('a policy that changes in mid-window judges no row twice', async () => {
    await withGranules(0, 3);
    await closedUntil(5);
    await deps.state.putIfAbsent(stateKeys.windowCursor('small'), { next: startMs + 2 * granuleMs });
    expect(await dueWindows(deps, model)).toEqual([{ start: startMs + 2 * granuleMs, end: window(0).end }]);
  });

  test('a window is rounded up to whole granules', () => {
    expect(windowLength(smallRecord({ monitor: { window_ms: granuleMs } }), granuleMs)).toBe(granuleMs);
    expect(windowLength(smallRecord({ monitor: { window_ms: granuleMs + 1 } }), granuleMs)).toBe(
      2 * granuleMs,
    );
  });
});

describe('announceDueWindows', () => {
  const due = async () => {
    await withGranules(0);
    await closedUntil(5);
  };

  test('announces nothing and claims nothing when nothing is due', async () => {
    expect(await announceDueWindows(deps, model)).toEqual([]);
    expect(deps.events.published).toEqual([]);
    expect(await deps.state.get(stateKeys.windowClaim('small'))).toBeUndefined();
  });

  test('of ten ticks at once one claims and announces', async () => {
    await due();
    const announced = await Promise.all(Array.from({ length: 10 }, () => announceDueWindows(deps, model)));
    expect(announced.filter((windows) => windows.length > 0)).toHaveLength(1);
    expect(deps.events.published).toEqual([
      { type: 'WindowsDue', detail: { model: 'small', windows: [window(0)] } },
    ]);
  });

  test('a monitor that died holds its claim for five minutes, then the windows are announced again', async () => {
    await due();
    await announceDueWindows(deps, model);
    deps.clock.ms = startMs + 299_999;
    expect(await announceDueWindows(deps, model)).toEqual([]);
    deps.clock.ms = startMs + 300_000;
    expect(await announceDueWindows(deps, model)).toEqual([window(0)]);
    expect(deps.events.published).toHaveLength(2);
  });

  test('a claim given back when its windows are judged lets the next tick announce', async () => {
    await due();
    await announceDueWindows(deps, model);
    await judgedUntil(window(0).end);
    await releaseWindowClaim(deps, 'small');
    expect(await deps.state.get(stateKeys.windowClaim('small'))).toBeUndefined();
  });

  test('a monitor whose claim has expired does not give back that of the next one', async () => {
    await due();
    await announceDueWindows(deps, model);
    deps.clock.ms = startMs + 300_000;
    await withGranules(5);
    await closedUntil(10);
    expect(await announceDueWindows(deps, model)).toEqual([window(0), window(1)]);
    await judgedUntil(window(0).end);
    await releaseWindowClaim(deps, 'small');
    expect(await announceDueWindows(deps, model)).toEqual([]);
    await judgedUntil(window(1).end);
    await releaseWindowClaim(deps, 'small');
    expect(await deps.state.get(stateKeys.windowClaim('small'))).toBeUndefined();
  });

  test('a bus that is down costs the claim nothing: the next tick announces', async () => {
    await due();
    deps.events.beforePublish = () => {
      throw new Error('the bus is down');
    };
    await expect(announceDueWindows(deps, model)).rejects.toThrow('the bus is down');
    deps.events.beforePublish = () => undefined;
    expect(await announceDueWindows(deps, model)).toEqual([window(0)]);
  });
});

describe('readWindow', () => {
  const read = (of = { start: startMs, end: startMs + 20 * granuleMs }) =>
    readWindow(deps, 'small', of, createAnchorsCache(deps));
  /** A row every second for twenty granules, but for three of them. */
  async function traffic(): Promise<string> {
    const version = await registerSmall(deps, model);
    const rows = smallRows(1200, 3, { from: startMs }).filter(
      ({ at }) => at < startMs + 7 * granuleMs || at >= startMs + 10 * granuleMs,
    );
    await addTraffic(deps, 'small', version, rows);
    await closeUntil(deps, 'small', startMs + 20 * granuleMs);
    return version;
  }

  test('of many granules is what their windows add up to, whole and in halves', async () => {
    const version = await traffic();
    const half = startMs + 8 * granuleMs;
    const [whole, first, second] = await Promise.all([
      read(),
      read({ start: startMs, end: half }),
      read({ start: half, end: startMs + 20 * granuleMs }),
    ]);
    const [all, ...halves] = [whole, first, second].map((one) => one!.versions.get(version)!);
    expect(all).toMatchObject({ predictions: 1020, labels: 1020 });
    expect(halves.map(({ predictions }) => predictions)).toEqual([420, 600]);
    const [one, two] = halves.map(({ profile }) => profile);
    expect(encodeProfile(mergeProfiles(one!, two!))).toEqual(encodeProfile(all!.profile));
  });

  test('without a row in it is undefined', async () => {
    await traffic();
    expect(await read({ start: startMs + 7 * granuleMs, end: startMs + 10 * granuleMs })).toBeUndefined();
  });

  test('read twice is the same twice: adding up changes nothing that is stored', async () => {
    const version = await traffic();
    const [one, two] = [await read(), await read()].map((of) => of!.versions.get(version)!.profile);
    expect(encodeProfile(one!)).toEqual(encodeProfile(two!));
  });

  test('goes on without a granule whose file is gone, and stops at one that cannot be read', async () => {
    const version = await traffic();
    await withGranules(8);
    expect((await read())!.versions.get(version)!.predictions).toBe(1020);
    await deps.objects.put(objectKeys.granule('small', startMs + granuleMs), Buffer.from('half a file'));
    await expect(read()).rejects.toThrow('header');
  });
});
