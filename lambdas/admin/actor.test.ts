import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent, RequestContext } from '#shared/api/http.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import { registerVersion } from '#shared/registry/registry.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { createAdminHandler } from './handler.ts';

const userArn = 'arn:aws:sts::111122223333:assumed-role/Operators/ann';
const signed = { identity: { userArn } };
const person = { authorizer: { subject: '42', email: 'ann@example.com', role: 'operator', session: 's' } };

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps();
  await registerSmall(deps, smallRecord());
});

async function post(action: string, body: object, requestContext?: RequestContext) {
  const model = action === '' ? '' : '/models/{model}';
  const event: HttpEvent = {
    httpMethod: 'POST',
    resource: action === '' ? '/models' : `${model}/${action}`,
    path: `/models/small/${action}`,
    body: JSON.stringify(body),
    isBase64Encoded: false,
    headers: {},
    pathParameters: { model: 'small' },
    queryStringParameters: null,
    ...(requestContext && { requestContext }),
  };
  const { statusCode, body: answer } = await createAdminHandler(deps)(event);
  expect([statusCode, answer]).toEqual([expect.toSatisfy((status: number) => status < 300), answer]);
}

async function newest(model = 'small') {
  const [entry] = await readLedger(deps, model, { limit: 1 });
  return { actor: entry?.actor, on_behalf_of: entry?.on_behalf_of };
}

const policy = { reason: 'r', monitor: { min_rows: 60 } };

describe('the ledger names', () => {
  test('who signed, whatever the body says, which it keeps as a claim', async () => {
    deps.clock.ms += 1;
    await post('policy', { ...policy, actor: 'the boss' }, signed);
    expect(await newest()).toEqual({ actor: userArn, on_behalf_of: 'the boss' });
    deps.clock.ms += 1;
    await post('policy', { ...policy, on_behalf_of: 'bob' }, signed);
    expect(await newest()).toEqual({ actor: userArn, on_behalf_of: 'bob' });
    deps.clock.ms += 1;
    await post('policy', { ...policy, actor: userArn }, signed);
    expect(await newest()).toEqual({ actor: userArn, on_behalf_of: undefined });
  });

  test('the person who signed in', async () => {
    await post('policy', policy, person);
    expect(await newest()).toEqual({ actor: 'ann@example.com (42)', on_behalf_of: undefined });
  });

  test('what the body says where nobody is authenticated', async () => {
    await post('policy', { ...policy, actor: 'cara' });
    expect(await newest()).toEqual({ actor: 'cara', on_behalf_of: undefined });
  });

  test('the caller of a registration, a promotion, a rollback and an upload', async () => {
    const { name: _, created_at: __, ...other } = smallRecord();
    const described = { name: 'other', schema: other.schema, task: other.task, actor: 'x' };
    await post('', described, signed);
    expect(await newest('other')).toEqual({ actor: userArn, on_behalf_of: 'x' });
    await registerVersion(deps, 'small', {
      version: 'v2',
      status: 'READY',
      created_at: '',
      sha256: '',
      metrics: {},
    });
    deps.clock.ms += 10;
    await post('promote', { version: 'v2', reason: 'r', actor: 'x' }, person);
    expect(await newest()).toEqual({ actor: 'ann@example.com (42)', on_behalf_of: 'x' });
    deps.clock.ms += 10;
    await post('rollback', { reason: 'r' }, signed);
    expect(await newest()).toEqual({ actor: userArn, on_behalf_of: undefined });
    deps.clock.ms += 10;
    const file = { sha256: 'a'.repeat(64), bytes: 10 };
    await post(
      'versions',
      { actor: 'x', files: { onnx: file, baseline: { ...file, format: 'ndjson.gz' } } },
      signed,
    );
    expect(await newest()).toEqual({ actor: userArn, on_behalf_of: 'x' });
  });

  test('the caller of a run, as the run itself is told', async () => {
    await post('retrain', { actor: 'x' }, signed);
    const [run] = await deps.pipelines.list('retrain');
    expect(run?.input).toMatchObject({ actor: userArn, on_behalf_of: 'x' });
  });
});
