import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { readBaseline } from '#shared/registry/baseline.ts';
import { stateKeys } from '#shared/registry/keys.ts';
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
});
