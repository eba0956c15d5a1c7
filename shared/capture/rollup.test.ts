import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { featureOf, rowsOf as rowsOfFeature } from '../profile/profile.ts';
import { createAnchorsCache } from '../registry/baseline.ts';
import { objectKeys, stateKeys } from '../registry/keys.ts';
import { failAtWrite, type MemoryDeps, memoryDeps, startMs, stopFailing } from '../testing/memory-deps.ts';
import { addVersion, registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import { type ArchiveRow, encodeRows } from './archive.ts';
import { buildPartial, decodePartial, encodePartial } from './partial.ts';
import { closeGranules, readCounters, readGranuleCursor } from './rollup.ts';

const granuleMs = 60_000;
const end = startMs + 4 * granuleMs;
let deps: MemoryDeps;
let version: string;

/** Three granules with rows, the second delivered twice in part, one between them empty. */
async function open(): Promise<MemoryDeps> {
  deps = memoryDeps({ GRANULE_MS: String(granuleMs) });
  version = await registerSmall(deps, smallRecord());
  await put(startMs, 'a', rowsOf(0, 10));
  await put(startMs + granuleMs, 'a', rowsOf(10, 20));
  await put(startMs + granuleMs, 'b', rowsOf(15, 25));
  await put(startMs + 3 * granuleMs, 'a', [
    ...rowsOf(25, 30),
    { kind: 'outcome', id: 'f1', at: startMs, status: 400 },
  ]);
  return deps;
}
beforeEach(open);

const rows = smallRows(30, 5, { from: startMs });
function rowsOf(from: number, to: number): ArchiveRow[] {
  return rows.slice(from, to).map(({ id, at, features }) => ({
    kind: 'prediction',
    id,
    version,
    at,
    features,
    context: {},
    answer: { prediction: 1 },
  }));
}

async function put(
  granule: number,
  blob: string,
  of: readonly ArchiveRow[],
  segments: readonly string[] = [],
): Promise<void> {
  const partial = await buildPartial(
    { model: 'small', granule, rows: of, segments },
    createAnchorsCache(deps),
  );
  await deps.objects.put(objectKeys.archive('small', granule, blob), await encodeRows(of));
  await deps.objects.put(objectKeys.partial('small', granule, blob), await encodePartial(partial));
}

const close = (until = end) => closeGranules(deps, 'small', until, createAnchorsCache(deps));

async function contents(of: MemoryDeps) {
  const objects = of.objects.keys().map(async (key) => {
    const bytes = (await of.objects.get(key))!;
    return [key, key.endsWith('.gz') ? gunzipSync(bytes).toString() : Buffer.from(bytes).toString('base64')];
  });
  return { state: of.state.dump(), objects: await Promise.all(objects) };
}

const exact = { predictions: { total: 30 }, outcomes: { 400: 1 }, through: startMs + 3 * granuleMs };
async function counted() {
  const { predictions, outcomes, through } = await readCounters(deps, 'small');
  return { predictions: { total: predictions[version] }, outcomes, through };
}

describe('closeGranules', () => {
  test('closes each granule with rows once, and counts every row once', async () => {
    expect(await close()).toBe(3);
    expect(await counted()).toEqual(exact);
    expect(await readGranuleCursor(deps, 'small')).toEqual({ next: end, rolled: end });
    const before = await contents(deps);
    expect(await close()).toBe(0);
    expect(await contents(deps)).toEqual(before);
  });

  test('closes a granule at its end and not a millisecond earlier', async () => {
    expect(await close(startMs + granuleMs - 1)).toBe(0);
    expect(await close(startMs + granuleMs)).toBe(1);
    expect((await readCounters(deps, 'small')).through).toBe(startMs);
  });

  test('never goes back when the clock of the stream does', async () => {
    await close();
    await close(startMs);
    expect(await readGranuleCursor(deps, 'small')).toEqual({ next: end, rolled: end });
  });

  test('in one call or granule by granule ends in the same state', async () => {
    await close();
    const whole = await contents(deps);
    await open();
    for (let until = startMs; until <= end; until += granuleMs / 2) await close(until);
    expect(await contents(deps)).toEqual(whole);
  });

  test('interrupted at any write, once or again and again, ends in the same state with exact counters', async () => {
    const { writes } = failAtWrite(deps, 0);
    await close();
    const total = writes();
    expect(total).toBe(2 + 3 * 3);
    stopFailing(deps);
    const whole = await contents(deps);
    for (let at = 1; at <= total; at++) {
      await open();
      failAtWrite(deps, at);
      await expect(close()).rejects.toThrow(`write ${at} failed`);
      stopFailing(deps);
      await close();
      expect(await contents(deps)).toEqual(whole);
      expect(await counted()).toEqual(exact);
    }
    await open();
    for (let attempts = 0; ; attempts++) {
      expect(attempts).toBeLessThan(50);
      failAtWrite(deps, 2);
      const isDone = await close().then(
        () => true,
        () => false,
      );
      if (isDone) break;
    }
    stopFailing(deps);
    expect(await contents(deps)).toEqual(whole);
  });

  test('a reader that asks for closed granules sees none that is not rolled up', async () => {
    deps.objects.beforeWrite = (key) => {
      if (key.startsWith(objectKeys.granule('small', startMs + granuleMs)))
        throw new Error('the store is down');
    };
    await expect(close()).rejects.toThrow('the store is down');
    expect(await readGranuleCursor(deps, 'small')).toEqual({ next: end, rolled: 0 });
    expect(await deps.state.get(stateKeys.granule('small', startMs + granuleMs))).toBeUndefined();
  });

  test('a granule rebuilt because of an overlap has its segments again, each row in them once', async () => {
    deps = memoryDeps({ GRANULE_MS: String(granuleMs) });
    version = await registerSmall(deps, smallRecord({ monitor: { segments: ['colour'] } }));
    await put(startMs, 'a', rowsOf(0, 20), ['colour']);
    await put(startMs, 'b', rowsOf(15, 30), ['colour']);
    await close();
    const bytes = await deps.objects.get(objectKeys.granule('small', startMs));
    const { segments } = (await decodePartial(bytes!, createAnchorsCache(deps))).versions.get(version)!;
    const counted = [...segments.values()].map((of) => rowsOfFeature(featureOf(of, 'weight')));
    expect(counted).toHaveLength(2);
    expect(counted.reduce((sum, one) => sum + one, 0)).toBe(30);
  });

  test('a roll-up keeps no hashes, whether added up or rebuilt', async () => {
    await close();
    for (const key of deps.objects.keys('granules/')) {
      const { hashes } = JSON.parse(gunzipSync((await deps.objects.get(key))!).toString());
      expect(hashes).toEqual([]);
    }
  });

  test('counts a version whatever its name is', async () => {
    await addVersion(deps, smallRecord(), 'constructor');
    const renamed = rowsOf(0, 10).map((row) => ({ ...row, version: 'constructor' }));
    await put(startMs + 2 * granuleMs, 'a', renamed);
    await close();
    const { predictions } = await readCounters(deps, 'small');
    expect(predictions).toEqual({ [version]: 30, constructor: 10 });
  });

  test('two ticks at once count nothing twice', async () => {
    await Promise.all([close(), close(), close()]);
    expect(await counted()).toEqual(exact);
  });
});
