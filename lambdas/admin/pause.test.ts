import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import { modelRecordSchema } from '#shared/registry/model.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { createAdminHandler } from './handler.ts';

const userArn = 'arn:aws:sts::111122223333:assumed-role/Operators/ann';

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps();
  await registerSmall(deps, smallRecord());
});

async function ask(httpMethod: string, action: string, body: unknown, key?: string) {
  const event: HttpEvent = {
    httpMethod,
    resource: `/models/{model}${action}`,
    path: `/models/small${action}`,
    body: body === null ? null : JSON.stringify(body),
    isBase64Encoded: false,
    headers: key === undefined ? {} : { 'Idempotency-Key': key },
    pathParameters: { model: 'small' },
    queryStringParameters: null,
    requestContext: { identity: { userArn } },
  };
  const { statusCode, body: text } = await createAdminHandler(deps)(event);
  return { status: statusCode, body: JSON.parse(text) as Record<string, unknown> };
}

describe('pausing a model', () => {
  test('is shown with the model until somebody resumes it, and kept in the ledger', async () => {
    deps.clock.ms += 60_000;
    const paused = async () => (await ask('GET', '', null)).body.paused;
    expect(await paused()).toBeNull();
    expect((await ask('POST', '/pause', { reason: 'wrong labels' })).body).toEqual({
      model: 'small',
      paused: true,
      changed: true,
    });
    expect(await paused()).toEqual({
      since: '2026-11-21T12:01:00.000Z',
      actor: userArn,
      reason: 'wrong labels',
    });
    expect((await ask('POST', '/pause', { reason: 'again' })).body).toMatchObject({ changed: false });
    expect((await ask('POST', '/resume', { reason: 'labels fixed' })).body).toMatchObject({
      paused: false,
      changed: true,
    });
    expect(await paused()).toBeNull();
    const entries = await readLedger(deps, 'small', { limit: 2 });
    expect(entries.map(({ action, actor, reason }) => [action, actor, reason])).toEqual([
      ['resume', userArn, 'labels fixed'],
      ['pause', userArn, 'wrong labels'],
    ]);
  });

  test.each(['pause', 'resume'])('%s wants a reason', async (action) => {
    expect((await ask('POST', `/${action}`, {})).status).toBe(400);
    expect((await ask('POST', `/${action}`, { reason: '' })).status).toBe(400);
  });

  test('with a key that was answered before does nothing, whatever was done since', async () => {
    await ask('POST', '/pause', { reason: 'x' }, 'k1');
    await ask('POST', '/resume', { reason: 'y' });
    expect((await ask('POST', '/pause', { reason: 'x' }, 'k1')).body).toMatchObject({ changed: true });
    expect((await ask('GET', '', null)).body.paused).toBeNull();
  });
});

describe('an order to retrain with an Idempotency-Key', () => {
  test('names the run by it: after a crash before the answer was kept, the repeat is the same run', async () => {
    const first = await ask('POST', '/retrain', { reason: 'x' }, 'k1');
    const kept = stateKeys.idempotency('/models/small/retrain', 'k1');
    await deps.state.delete(kept, (await deps.state.get(kept))!.revision);
    expect(await ask('POST', '/retrain', { reason: 'x' }, 'k1')).toEqual(first);
    expect(await deps.pipelines.list('retrain')).toHaveLength(1);
    await ask('POST', '/retrain', { reason: 'x' }, 'k2');
    expect(await deps.pipelines.list('retrain')).toHaveLength(2);
  });
});

describe('the floor of a policy', () => {
  test.each([0, 1, 90])('is a share between 0 and 1, and not %d', (pause_below_accuracy) => {
    expect(() => smallRecord({ task: 'classification', monitor: { pause_below_accuracy } })).toThrow();
  });

  test('is for classification, and off unless set', () => {
    expect(smallRecord({ task: 'classification' }).monitor.pause_below_accuracy).toBeUndefined();
    const record = { ...smallRecord(), monitor: { pause_below_accuracy: 0.9 } };
    expect(modelRecordSchema.safeParse(record).error?.issues[0]).toMatchObject({
      path: ['monitor', 'pause_below_accuracy'],
      message: expect.stringContaining('a regression has no accuracy'),
    });
  });
});
