import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { buildPartial, encodePartial } from '#shared/capture/partial.ts';
import { decodeProfile } from '#shared/profile/encode.ts';
import { segmentKey } from '#shared/profile/segments.ts';
import { createAnchorsCache, readBaseline } from '#shared/registry/baseline.ts';
import { objectKeys, stateKeys } from '#shared/registry/keys.ts';
import { changeChampion, readPointer, registerVersion } from '#shared/registry/registry.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { addTraffic, closeUntil } from '#shared/testing/traffic.ts';
import { createAdminHandler } from './handler.ts';

const granuleMs = 60_000;
const windowMs = 10 * granuleMs;
const start = Math.ceil(startMs / windowMs) * windowMs;
const record = smallRecord({ monitor: { window_ms: windowMs } });

let deps: MemoryDeps;
let version: string;

beforeEach(async () => {
  deps = memoryDeps({ GRANULE_MS: String(granuleMs) });
  version = await registerSmall(deps, record);
});

async function post(
  action: string,
  body: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const event: HttpEvent = {
    httpMethod: 'POST',
    resource: `/models/{model}/${action}`,
    path: `/models/small/${action}`,
    body: JSON.stringify(body),
    isBase64Encoded: false,
    headers: {},
    pathParameters: { model: 'small' },
    queryStringParameters: null,
  };
  const result = await createAdminHandler(deps)(event);
  return { status: result.statusCode, body: JSON.parse(result.body) as Record<string, unknown> };
}

describe('a rollback', () => {
  test('repeated by a hasty hand does not bring the bad version back; with to_version it may', async () => {
    await registerVersion(deps, 'small', {
      version: 'v2',
      status: 'READY',
      created_at: '',
      sha256: '',
      metrics: {},
    });
    await changeChampion(deps, {
      model: 'small',
      to: 'v2',
      expected: version,
      action: 'promote',
      actor: 'a',
      reason: 'r',
    });
    expect((await post('rollback', {})).body).toMatchObject({ champion: version, changed: true });
    expect(await post('rollback', {})).toMatchObject({
      status: 409,
      body: { detail: 'the last change was a rollback already, from "v2"; name to_version to move again' },
    });
    expect((await readPointer(deps, 'small'))?.champion).toBe(version);
    expect((await post('rollback', { to_version: 'v2' })).body).toMatchObject({
      champion: 'v2',
      changed: true,
    });
  });

  test.each(['', '../x', 'v'.repeat(65), '\ud800'])(
    'to %j, which is the name of no version, is 400',
    async (to_version) => {
      expect((await post('rollback', { to_version })).status).toBe(400);
    },
  );
});

describe('accepting a window as baseline', () => {
  const accept = () => post('baseline', { window: new Date(start).toISOString(), reason: 'season' });
  const traffic = (isLabelled: boolean) =>
    addTraffic(deps, 'small', version, smallRows(300, 5, { from: start }), { isLabelled });

  test('is refused while the window is not over, and takes all of it afterwards', async () => {
    await traffic(true);
    await closeUntil(deps, 'small', start + windowMs - granuleMs);
    expect((await accept()).status).toBe(409);
    await closeUntil(deps, 'small', start + windowMs);
    expect(await accept()).toMatchObject({ status: 200, body: { rows: 300 } });
    const { reference } = await readBaseline(deps, 'small', version);
    expect(reference.features.get('weight')?.count).toBe(300);
    expect(reference.features.get('$loss')?.count).toBe(300);
  });

  test('keeps the losses of the reference where the window has no labels', async () => {
    const before = (await readBaseline(deps, 'small', version)).reference.features.get('$loss')?.count;
    await traffic(false);
    await closeUntil(deps, 'small', start + windowMs);
    expect((await accept()).status).toBe(200);
    const { reference } = await readBaseline(deps, 'small', version);
    expect(reference.features.get('weight')?.count).toBe(300);
    expect(before).toBeGreaterThan(0);
    expect(reference.features.get('$loss')?.count).toBe(before);
  });

  test('is refused for a quarantined window', async () => {
    await traffic(true);
    await closeUntil(deps, 'small', start + windowMs);
    await deps.state.putIfAbsent(stateKeys.quarantine('small', start), { start, end: start + windowMs });
    expect(await accept()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('quarantined') },
    });
  });

  test('is refused where it holds fewer predictions of the champion than a window needs', async () => {
    const rows = smallRows(50, 5, { from: start });
    await addTraffic(deps, 'small', version, rows.slice(1));
    await closeUntil(deps, 'small', start + windowMs);
    expect(await accept()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('the window holds 49 predictions') },
    });
  });
});

describe('accepting several windows as baseline', () => {
  const dayMs = 86_400_000;
  const iso = (ms: number) => new Date(ms).toISOString();
  const accept = (until: number, from = start) =>
    post('baseline', { window: iso(from), until: iso(until), reason: 'first fortnight' });
  const windowsEnd = (windows: number) => start + windows * windowMs;

  /** 60 rows in each window, 10 s apart. */
  async function traffic(windows: number): Promise<void> {
    const rows = smallRows(60 * windows, 5).map((row, at) => ({ ...row, at: start + at * 10_000 }));
    await addTraffic(deps, 'small', version, rows);
    await closeUntil(deps, 'small', windowsEnd(windows));
  }

  test('takes all their rows, measures design effects on five windows, and on four keeps those it had', async () => {
    await traffic(9);
    expect(await accept(windowsEnd(4))).toMatchObject({ status: 200, body: { rows: 240, windows: 4 } });
    expect((await readBaseline(deps, 'small', version)).designEffects.size).toBe(0);
    expect(await accept(windowsEnd(9), windowsEnd(4))).toMatchObject({ status: 200, body: { windows: 5 } });
    const five = await readBaseline(deps, 'small', version);
    expect(five.reference.features.get('weight')?.count).toBe(300);
    expect(five.reference.features.get('$loss')?.count).toBe(300);
    expect([...five.designEffects.keys()].sort()).toEqual(
      five.anchors.anchors.map(({ name }) => name).sort(),
    );
    for (const effect of five.designEffects.values()) expect(effect).toBeLessThan(2);
    await accept(windowsEnd(1));
    const one = await readBaseline(deps, 'small', version);
    expect(one.reference.features.get('weight')?.count).toBe(60);
    expect(one.designEffects).toEqual(five.designEffects);
  });

  test('is another baseline than the first window alone', async () => {
    await traffic(2);
    const files = [await accept(windowsEnd(1)), await accept(windowsEnd(2))].map(({ body }) => body.baseline);
    expect(files).toEqual([
      expect.stringMatching(`^baseline-${start}-${windowsEnd(1)}-\\w{12}.bin$`),
      expect.stringMatching(`^baseline-${start}-${windowsEnd(2)}-\\w{12}.bin$`),
    ]);
    expect((await readBaseline(deps, 'small', version)).reference.features.get('weight')?.count).toBe(120);
  });

  test('is another baseline once the policy cuts other windows or segments, and the same one when repeated', async () => {
    await traffic(2);
    const names = new Set<unknown>();
    for (const monitor of [{}, {}, { window_ms: 2 * windowMs }, { segments: ['colour'] }]) {
      await post('policy', { reason: 'r', monitor });
      names.add((await accept(windowsEnd(2))).body.baseline);
    }
    expect(names.size).toBe(2);
  });

  test('is refused where a longer window that reaches into it is quarantined', async () => {
    await traffic(3);
    const longer = { start: start - windowMs, end: windowsEnd(1) };
    await deps.state.putIfAbsent(stateKeys.quarantine('small', longer.start), longer);
    expect(await accept(windowsEnd(1))).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('quarantined') },
    });
    expect((await accept(windowsEnd(2), windowsEnd(1))).status).toBe(200);
  });

  test('passes over windows without rows', async () => {
    await traffic(2);
    await closeUntil(deps, 'small', windowsEnd(20));
    expect((await accept(windowsEnd(20))).body).toMatchObject({ rows: 120 });
  });

  test('knows the hours of the day from three days on', async () => {
    const midnight = Math.ceil(start / dayMs) * dayMs;
    const rows = smallRows(72 * 10, 5).map((row, at) => ({
      ...row,
      at: midnight + Math.floor(at / 10) * 3_600_000 + (at % 10) * 1000,
    }));
    await addTraffic(deps, 'small', version, rows);
    await closeUntil(deps, 'small', midnight + 3 * dayMs);
    await accept(midnight + 3 * dayMs - 3_600_000, midnight);
    expect((await readBaseline(deps, 'small', version)).seasonal).toBeNull();
    await accept(midnight + 3 * dayMs, midnight);
    const { seasonal, anchors } = await readBaseline(deps, 'small', version);
    const hours = seasonal?.slots.map(
      (slot) => slot && decodeProfile(anchors, slot).features.get('weight')?.count,
    );
    expect(hours).toEqual(Array(24).fill(30));
  });

  test('adds up the segments of their granules', async () => {
    const anchorsOf = createAnchorsCache(deps);
    for (const granule of [start, start + granuleMs]) {
      const rows = smallRows(100, granule).map(({ features }, at) => ({
        kind: 'prediction' as const,
        id: `${granule}-${at}`,
        version,
        at: granule + at,
        features,
        context: {},
        answer: { prediction: 1 },
      }));
      const partial = await buildPartial({ model: 'small', granule, rows, segments: ['colour'] }, anchorsOf);
      await deps.objects.put(objectKeys.partial('small', granule, 'a'), await encodePartial(partial));
    }
    await closeUntil(deps, 'small', windowsEnd(1));
    await accept(windowsEnd(1));
    const { segments, reference } = await readBaseline(deps, 'small', version);
    const colour = reference.features.get('colour');
    const rows = ['blue', 'red'].map(
      (value) => segments.get(segmentKey('colour', value))?.features.get('weight')?.count ?? 0,
    );
    expect(colour?.count).toBe(200);
    expect(colour?.kind === 'categorical' && [...colour.categories].sort()).toEqual([...rows].sort());
  });

  test('names the one that is quarantined, and takes those before it', async () => {
    await traffic(3);
    const bad = windowsEnd(2);
    await deps.state.putIfAbsent(stateKeys.quarantine('small', bad), { start: bad, end: bad + windowMs });
    expect(await accept(windowsEnd(3))).toMatchObject({
      status: 409,
      body: { detail: `the window ${iso(bad)} is quarantined: a hard quality check failed in it` },
    });
    expect((await accept(windowsEnd(2))).status).toBe(200);
  });

  test('is refused while the last is not over', async () => {
    await traffic(2);
    expect(await accept(windowsEnd(3))).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining(iso(windowsEnd(3))) },
    });
  });

  test.each([
    ['not the end of a window', 2 * windowMs - 1, /is not the end of a later window/],
    ['the start of the first', 0, /is not the end of a later window/],
    ['before the first', -windowMs, /is not the end of a later window/],
    ['more than 31 days later', 31 * dayMs + windowMs, /longer than 31 days/],
  ])('until %s is 400', async (_, after, detail) => {
    expect(await accept(start + after)).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(detail) },
    });
  });

  test('of 31 days is not too long', async () => {
    expect((await accept(start + 31 * dayMs)).status).toBe(409);
  });
});
