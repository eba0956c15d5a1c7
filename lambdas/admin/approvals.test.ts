import { beforeEach, expect, test } from 'vitest';
import { TaskNotWaitingError } from '#shared/ports/errors.ts';
import { type Approval, approvalId, closeApproval, storeApproval } from '#shared/registry/approval.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { createAdminHandler } from './handler.ts';

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps();
  for (const name of ['small', 'small-2']) await registerSmall(deps, smallRecord({ name }));
});

async function ask(model: string, execution: string, more: Partial<Approval> = {}): Promise<string> {
  const id = approvalId(model, execution);
  await storeApproval(deps, {
    id,
    model,
    version: `version-of-${execution}`,
    champion: 'v1',
    execution,
    startedAt: startMs,
    startedBy: 'monitor',
    reason: 'auto_promote is off',
    evidence: { gates: [], candidate: { rmse: 1 }, champion: { rmse: 2 } },
    requestedAt: startMs,
    expiresAt: startMs + 1000,
    token: 'not-to-be-seen',
    ...more,
  });
  return id;
}

async function call(httpMethod: 'GET' | 'POST', id?: string, more: { model?: string; body?: object } = {}) {
  const result = await createAdminHandler(deps)({
    httpMethod,
    resource: id === undefined ? '/approvals' : '/approvals/{id}',
    path: id === undefined ? '/approvals' : `/approvals/${id}`,
    body: more.body ? JSON.stringify(more.body) : null,
    isBase64Encoded: false,
    headers: {},
    pathParameters: id === undefined ? null : { id },
    queryStringParameters: more.model === undefined ? null : { model: more.model },
  });
  return { status: result.statusCode, body: JSON.parse(result.body) as Record<string, unknown> };
}

const listed = async (model?: string) => {
  const { body } = await call('GET', undefined, model === undefined ? {} : { model });
  return (body.approvals as { id: string }[]).map(({ id }) => id);
};

test('open ones are listed oldest first, of all models or of the one that is named', async () => {
  const late = await ask('small', 'b', { requestedAt: startMs + 2 });
  const early = await ask('small-2', 'a', { requestedAt: startMs + 1 });
  const ended = await ask('small', 'c');
  await closeApproval(deps, ended, 'failed');
  expect(await listed()).toEqual([early, late]);
  // a name that begins like another is another
  expect(await listed('small')).toEqual([late]);
  expect(await listed('small-2')).toEqual([early]);
  expect((await call('GET', undefined, { model: 'nobody' })).status).toBe(404);
});

test.each([
  [999, 'open'],
  [1000, 'expired'],
])('%i ms after it was asked, one that lasts 1000 is %s', async (ms, status) => {
  const id = await ask('small', 'a');
  deps.clock.ms += ms;
  expect((await call('GET', id)).body).toMatchObject({ id, status });
});

test('the token is in no answer, and is kept no longer than the engine knows the run', async () => {
  const id = await ask('small', 'a');
  for (const { body } of [await call('GET'), await call('GET', id)])
    expect(JSON.stringify(body)).not.toContain('not-to-be-seen');
  const item = await deps.state.get(stateKeys.approval(id));
  expect(item?.expiresAt).toBe((startMs + 1000) / 1000 + 90 * 86_400);
});

test('the run of a rejection that nobody hears any more is ended, and the answer says so', async () => {
  const id = await ask('small', 'a');
  deps.pipelines.signal = async () => {
    throw new TaskNotWaitingError('no task waits');
  };
  deps.pipelines.set('a', 'TIMED_OUT');
  const body = { decision: 'reject', reason: 'no', actor: 'ann' };
  expect(await call('POST', id, { body })).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('its run ended: failed') },
  });
  expect((await call('GET', id)).body).toMatchObject({ status: 'rejected', outcome: 'failed' });
});

test('a signal that fails otherwise is a failure; the same decision again delivers it', async () => {
  const id = await ask('small', 'a');
  const body = { decision: 'reject', reason: 'no', actor: 'ann' };
  await expect(call('POST', id, { body })).rejects.toThrow('no task of a fake pipeline waits');
  const signalled: unknown[] = [];
  deps.pipelines.signal = async (...given: unknown[]) => void signalled.push(given);
  deps.clock.ms += 500;
  expect(await call('POST', id, { body })).toMatchObject({
    status: 202,
    body: { decision: { actor: 'ann' } },
  });
  expect(signalled).toMatchObject([['not-to-be-seen', { ok: true, output: { decision: 'rejected' } }]]);
});
