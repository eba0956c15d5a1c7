import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { failAtWrite, type MemoryDeps, memoryDeps, stopFailing } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { createAdminHandler } from './handler.ts';

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps();
  await registerSmall(deps, smallRecord());
});

async function change(body: unknown) {
  const event: HttpEvent = {
    httpMethod: 'POST',
    resource: '/models/{model}/policy',
    path: '/models/small/policy',
    body: JSON.stringify(body),
    isBase64Encoded: false,
    headers: {},
    pathParameters: { model: 'small' },
    queryStringParameters: null,
  };
  const result = await createAdminHandler(deps)(event);
  return { status: result.statusCode, body: JSON.parse(result.body) as Record<string, unknown> };
}
const record = () => resolveModel(deps, 'small');

describe('changing the policy', () => {
  test('changes what is named, leaves the rest, and is in the ledger with its reason', async () => {
    const before = await record();
    const monitor = { segments: ['colour'], false_alarms_per_month: 0.1, window_rows: 500 };
    const answer = await change({ reason: 'slices matter here', actor: 'ann', monitor });
    expect(answer).toMatchObject({ status: 200, body: { model: 'small', monitor } });
    expect(await record()).toMatchObject({ ...before, monitor: { ...before.monitor, ...monitor } });
    const [entry] = await readLedger(deps, 'small', { limit: 1 });
    expect(entry).toMatchObject({
      action: 'policy',
      actor: 'ann',
      reason: 'slices matter here',
      detail: { monitor },
    });
  });

  test('null takes a setting back to its default', async () => {
    await change({ reason: 'r', monitor: { window_rows: 500, psi_warning: 0.1 }, retrain: { daily_cap: 5 } });
    await change({
      reason: 'r',
      monitor: { window_rows: null, psi_warning: null },
      retrain: { daily_cap: null },
    });
    const { monitor, retrain } = await record();
    expect(monitor).not.toHaveProperty('window_rows');
    expect([monitor.psi_warning, retrain.daily_cap]).toEqual([0.15, 2]);
  });

  test.each([
    [{ monitor: { psi_warn: 0.2 } }, '/monitor/psi_warn', /not expected/],
    [{ monitor: { window_ms: -1 } }, '/monitor/window_ms', />0/],
    [
      { monitor: { segments: ['weight'] } },
      '/monitor/segments',
      /not a categorical feature; allowed: colour/,
    ],
    [{ monitor: { psi_warning: 0.5 } }, '/monitor/psi_critical', /below psi_warning, 0.5/],
    [{ retrain: { daily_cap: 0 } }, '/retrain/daily_cap', />=1/],
    [{ monitor: {}, schema: {} }, '/schema', /not expected/],
    [{}, '', /monitor or retrain is expected/],
  ])('%j is refused by name, and nothing has changed', async (settings, pointer, detail) => {
    const before = await record();
    expect(await change({ reason: 'r', ...settings })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer, detail: expect.stringMatching(detail) }] },
    });
    expect(await record()).toEqual(before);
    expect((await readLedger(deps, 'small', { limit: 10 })).map(({ action }) => action)).not.toContain(
      'policy',
    );
  });

  test('needs a reason', async () => {
    expect((await change({ monitor: { m: 1 } })).status).toBe(400);
  });

  test('that died before its entry was in the ledger is there with the next one', async () => {
    failAtWrite(deps, 2);
    await expect(change({ reason: 'first', monitor: { psi_warning: 0.2 } })).rejects.toThrow();
    stopFailing(deps);
    expect((await record()).monitor.psi_warning).toBe(0.2);
    await change({ reason: 'second', monitor: { psi_critical: 0.4 } });
    const entries = (await readLedger(deps, 'small', { limit: 10 })).filter(
      ({ action }) => action === 'policy',
    );
    expect(entries.map(({ reason }) => reason)).toEqual(['second', 'first']);
  });

  test('two at once are both kept, and both in the ledger', async () => {
    await Promise.all([
      change({ reason: 'r', monitor: { psi_critical: 0.4 } }),
      change({ reason: 'r', monitor: { psi_warning: 0.2 } }),
    ]);
    expect((await record()).monitor).toMatchObject({ psi_critical: 0.4, psi_warning: 0.2 });
    const entries = (await readLedger(deps, 'small', { limit: 10 })).filter(
      ({ action }) => action === 'policy',
    );
    expect(entries).toHaveLength(2);
  });
});
