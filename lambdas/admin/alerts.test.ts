import { beforeEach, describe, expect, test } from 'vitest';
import { functions } from '#shared/api/surface.ts';
import { findAlert, openAlerts, readAlertCounters } from '#shared/registry/alert-log.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { createAdminHandler } from './handler.ts';

let deps: MemoryDeps;
let call: ReturnType<typeof createAdminHandler>;
beforeEach(() => {
  deps = memoryDeps();
  call = createAdminHandler(guardedDeps(deps, functions.admin.access));
});

async function ask(
  operation: string,
  body?: unknown,
  id?: string,
  query: Record<string, string> | null = null,
) {
  const [httpMethod = '', resource = ''] = operation.split(' ');
  const result = await call({
    httpMethod,
    resource,
    path: resource,
    body: body === undefined ? null : JSON.stringify(body),
    isBase64Encoded: false,
    headers: {},
    pathParameters: id === undefined ? null : { id },
    queryStringParameters: query,
  });
  return { status: result.statusCode, json: JSON.parse(result.body) };
}
const fire = async (model = 'm', severity = 'critical', startsAt = startMs) => {
  const labels = { alertname: 'A', severity, model };
  const alert = { status: 'firing', labels, annotations: {}, startsAt: new Date(startsAt).toISOString() };
  const { json } = await ask('POST /alerts/webhook', { alerts: [alert] });
  return json.changed[0] as string;
};
const list = async (query: Record<string, string> = {}) =>
  ((await ask('GET /alerts', undefined, undefined, query)).json.alerts as { id: string }[]).map(
    ({ id }) => id,
  );
const why = { reason: 'looking', actor: 'ann' };

describe('POST /alerts/webhook', () => {
  test('writes the alert down, sends nothing itself and tells notify', async () => {
    const id = await fire();
    expect(deps.events.published).toEqual([{ type: 'AlertsChanged', detail: { alerts: [id] } }]);
    const alert = await findAlert(deps, id);
    expect(Object.values(alert!.deliveries).map(({ state }) => state)).toEqual(Array(4).fill('pending'));
  });

  test('keeps the alert when the bus is away: notify sees it within a minute', async () => {
    deps.events.beforePublish = () => {
      throw new Error('no bus');
    };
    expect(await fire()).toBeDefined();
    expect(await openAlerts(deps)).toHaveLength(1);
  });

  test.each([{}, { alerts: 'none' }, { alerts: { length: 1 } }])(
    'refuses and counts what is no message of an Alertmanager',
    async (body) => {
      expect(await ask('POST /alerts/webhook', body)).toMatchObject({ status: 400 });
      expect(await readAlertCounters(deps)).toMatchObject({ refused: 1, received: 0 });
    },
  );
});

describe('GET /alerts', () => {
  test('answers what is open and what is over, newest first, by status, model and number', async () => {
    const first = await fire('a');
    const second = await fire('b', 'warning', startMs + 1000);
    const third = await fire('a', 'warning', startMs + 2000);
    await ask('POST /alerts/{id}/ack', why, second);
    expect(await list()).toEqual([third, second, first]);
    expect(await list({ model: 'a' })).toEqual([third, first]);
    expect(await list({ status: 'acknowledged' })).toEqual([second]);
    expect(await list({ limit: '2' })).toEqual([third, second]);
    expect(await ask('GET /alerts', undefined, undefined, { status: 'open' })).toMatchObject({
      status: 400,
      json: { detail: 'status=open is not allowed: want firing, acknowledged, resolved' },
    });
  });
});

describe('an answer', () => {
  test('needs a reason, and an alert that is there', async () => {
    const id = await fire();
    expect((await ask('POST /alerts/{id}/ack', {}, id)).status).toBe(400);
    expect((await ask('POST /alerts/{id}/ack', why, 'nope')).status).toBe(404);
    expect((await ask('POST /alerts/{id}/resolve', why, 'nope')).status).toBe(404);
  });

  test('the first acknowledgement stands, and none is taken once it is over', async () => {
    const id = await fire();
    await ask('POST /alerts/{id}/ack', why, id);
    const second = await ask('POST /alerts/{id}/ack', { ...why, actor: 'bob' }, id);
    expect(second).toMatchObject({ status: 200, json: { acknowledged: { actor: 'ann' } } });
    await ask('POST /alerts/{id}/resolve', why, id);
    expect(await ask('POST /alerts/{id}/resolve', why, id)).toMatchObject({ status: 200 });
    expect(await ask('POST /alerts/{id}/ack', why, id)).toMatchObject({
      status: 409,
      json: { detail: `alert "${id}" was resolved at 2026-11-21T12:00:00.000Z` },
    });
  });
});
