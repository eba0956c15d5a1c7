import { beforeEach, expect, test } from 'vitest';
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import { functions } from '#shared/api/surface.ts';
import { formTokenField } from '#shared/auth/form-token.ts';
import { changePause } from '#shared/registry/pause.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { createConsoleHandler } from './handler.ts';

const domainName = 'api.example.com';
const resource = '/console/models/{model}/retrain';
const operator = { subject: 'ann', session: 's1', role: 'operator' };

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps({ ENVIRONMENT: 'dev' });
  for (const name of ['small', 'other']) await registerSmall(deps, smallRecord({ name }));
});

interface Asked {
  readonly model?: string;
  readonly authorizer?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

function ask(method: string, body: string | null, asked: Asked = {}): Promise<HttpResult> {
  const { model = 'small', authorizer = operator, headers = {} } = asked;
  const event: HttpEvent = {
    ...{
      httpMethod: method,
      resource,
      path: `/console/models/${model}/retrain`,
      body,
      isBase64Encoded: false,
    },
    headers: {
      accept: 'text/html',
      'content-type': 'application/x-www-form-urlencoded',
      origin: `https://${domainName}`,
      ...headers,
    },
    queryStringParameters: null,
    pathParameters: { model },
    requestContext: { path: '/dev', domainName, authorizer: authorizer as Record<string, unknown> },
  };
  return createConsoleHandler(guardedDeps(deps, functions.console.access))(event);
}

async function form(asked: Asked = {}): Promise<Record<string, string>> {
  const { body } = await ask('GET', null, asked);
  const found = body.slice(body.indexOf('<main>')).matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g);
  return Object.fromEntries([...found].map(([, name, value]) => [name!, value!]));
}
const send = (fields: Record<string, string>, asked: Asked = {}) =>
  ask('POST', new URLSearchParams(fields).toString(), asked);
const inputs = async () =>
  (await deps.pipelines.list('retrain')).map(
    ({ input }) => input as { readonly reason: string; readonly model: string },
  );

test('the same form with other words is the run that it started before, with the first reason', async () => {
  const fields = await form();
  const first = await send({ ...fields, reason: 'drift' });
  const second = await send({ ...fields, reason: 'another', force: 'yes' });
  expect(second.headers?.location).toBe(first.headers?.location);
  expect((await inputs()).map(({ reason }) => reason)).toEqual(['drift']);
});

test('twenty clicks at once are one run', async () => {
  const fields = { ...(await form()), reason: 'x' };
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(fields)));
  expect(new Set(answers.map(({ statusCode, headers }) => `${statusCode} ${headers?.location}`)).size).toBe(
    1,
  );
  expect(await inputs()).toHaveLength(1);
});

test('a key of one model’s form starts nothing of another’s but that model’s own run', async () => {
  const fields = { ...(await form()), reason: 'x' };
  await send(fields);
  await send(fields, { model: 'other' });
  expect((await inputs()).map(({ model }) => model).sort()).toEqual(['other', 'small']);
});

test('a form whose session is over starts nothing, also with its old token', async () => {
  const fields = { ...(await form()), reason: 'x' };
  for (const authorizer of [{}, { ...operator, session: 'renewed' }])
    expect((await send(fields, { authorizer })).statusCode).toBe(403);
  expect(await inputs()).toEqual([]);
});

test('GET with a whole form in its body starts nothing', async () => {
  const body = new URLSearchParams({ ...(await form()), reason: 'x' }).toString();
  expect((await ask('GET', body)).statusCode).toBe(200);
  expect(await inputs()).toEqual([]);
});

test('what browsers fetch ahead starts nothing', async () => {
  await ask('GET', null, { headers: { 'sec-purpose': 'prefetch;prerender', purpose: 'prefetch' } });
  expect(await inputs()).toEqual([]);
});

test('a second token in the form does not stand in for the first', async () => {
  const body = new URLSearchParams({ ...(await form()), reason: 'x' });
  body.append(formTokenField, 'foreign');
  expect((await ask('POST', body.toString())).statusCode).toBe(403);
  expect(await inputs()).toEqual([]);
});

test('a model whose batches are paused may be retrained: that may be what mends it', async () => {
  await changePause(deps, 'small', { paused: true, actor: 'ann', reason: 'drift' });
  expect((await send({ ...(await form()), reason: 'x' })).statusCode).toBe(303);
});
