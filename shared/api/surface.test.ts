import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { bindFunctions } from '../../localstack/embedded/functions.ts';
import { objectKeys } from '../registry/keys.ts';
import { guardedDeps } from '../testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps, startMs } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import { eventOf, streamRecord } from '../testing/stream.ts';
import type { HttpEvent, HttpResult } from './http.ts';
import {
  type FunctionName,
  functions,
  isSignIn,
  machines,
  type Route,
  routes,
  schedules,
  subscriptions,
  substitutionName,
} from './surface.ts';

const names = Object.keys(functions) as FunctionName[];
const path = (file: string) => new URL(`../../${file}`, import.meta.url);

let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps({ GRANULE_MS: '60000' });
});

/** Calls a function with the rights of its own role. */
const call = (name: FunctionName, event: unknown) =>
  bindFunctions(guardedDeps(deps, functions[name].access))(name, event);

function eventFor(route: Route, body: unknown = {}): HttpEvent {
  const parameters = { model: 'small', id: 'r1' };
  return {
    httpMethod: route.method,
    resource: route.path,
    path: route.path.replace('{model}', parameters.model).replace('{id}', parameters.id),
    pathParameters: route.path.includes('{') ? parameters : null,
    queryStringParameters: null,
    headers: {},
    body: route.method === 'POST' ? JSON.stringify(body) : null,
    isBase64Encoded: false,
  };
}
const shown = routes.map((route) => ({ ...route, title: `${route.method} ${route.path}` }));

function expectAnswer({ statusCode, headers, body }: HttpResult): void {
  if (statusCode >= 200 && statusCode < 300) return;
  expect(headers?.['content-type']).toBe('application/problem+json');
  expect(JSON.parse(body)).toMatchObject({
    status: statusCode,
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(statusCode === 503 || (statusCode >= 400 && statusCode < 500)).toBe(true);
}

describe('every function', () => {
  test.each(names)('%s has a factory and an entry for Lambda', (name) => {
    const { folder } = functions[name];
    expect(existsSync(path(`lambdas/${folder}/handler.ts`))).toBe(true);
    expect(readFileSync(path(`lambdas/${folder}/lambda.ts`), 'utf8')).toContain(
      `export const handler = entry('${name}', `,
    );
  });

  test.each(names)(
    '%s fits what a new account allows: 3008 MB and 15 minutes, 29 s behind the API',
    (name) => {
      const { memoryMb, timeoutSeconds } = functions[name];
      expect(memoryMb).toBeLessThanOrEqual(3008);
      const isBehindApi = routes.some(({ handler }) => handler === name);
      expect(timeoutSeconds).toBeLessThanOrEqual(isBehindApi ? 29 : 900);
    },
  );
});

describe('every route', () => {
  test('is there once', () => {
    expect(new Set(shown.map(({ title }) => title)).size).toBe(routes.length);
  });

  test('that changes something for everybody is an operator’s', () => {
    const clients = ['predict', 'batch', 'feedback', 'explain'];
    for (const { method, path: at, auth } of routes.filter((route) => !route.path.startsWith('/console'))) {
      if (method !== 'POST') expect(auth).not.toBe('operator');
      else expect([at, auth]).toEqual([at, clients.includes(at.split('/').at(-1)!) ? 'client' : 'operator']);
    }
  });

  test('for people is under /console, and nothing else there is open but the way in and out', () => {
    for (const route of routes) {
      expect(route.path.startsWith('/console')).toBe(route.auth === 'browser' || isSignIn(route));
      if (isSignIn(route)) expect(route.path).toMatch(/^\/console\/(login|callback|logout)$/);
    }
  });

  test.each(shown)('$title is known to its handler, which answers on an empty registry', async (route) => {
    expectAnswer((await call(route.handler, eventFor(route))) as HttpResult);
  });

  test.each(shown)('$title answers about a model, within the rights of its function', async (route) => {
    await registerSmall(deps, smallRecord());
    expectAnswer((await call(route.handler, eventFor(route))) as HttpResult);
  });

  test.each(shown.filter(({ method }) => method === 'POST'))(
    '$title refuses a body that it has no use for, unless it reads none',
    async (route) => {
      await registerSmall(deps, smallRecord());
      for (const body of [null, 'text', 7, [], { unheard: { of: 1 } }]) {
        const result = (await call(route.handler, eventFor(route, body))) as HttpResult;
        expectAnswer(result);
        if (!/\/(reload|monitor)$/.test(route.path)) expect(result.statusCode).toBeGreaterThanOrEqual(400);
      }
    },
  );

  test('unknown to a handler is a broken contract, not an answer', async () => {
    const event = { ...eventFor(routes[0]!), resource: '/unheard-of' };
    await expect(async () => call('admin', event)).rejects.toThrow(
      'the admin function has no operation for GET /unheard-of',
    );
    await expect(async () => call('predict', event)).rejects.toThrow(
      'the predict function has no operation for GET /unheard-of',
    );
  });
});

describe('what connects them', () => {
  test('schedules and subscriptions name functions and machines that exist', () => {
    for (const { handler } of schedules) expect(names).toContain(handler);
    for (const one of subscriptions)
      if ('handler' in one) expect(names).toContain(one.handler);
      else expect(Object.keys(machines)).toContain(one.stateMachine);
  });

  test.each(Object.entries(machines))(
    'the %s machine invokes functions of the list only, and all of its own',
    (name, { file, timeoutSeconds, onFailure }) => {
      const text = readFileSync(path(file), 'utf8');
      const used = new Set([...text.matchAll(/"FunctionName": "\$\{(\w+)\}"/g)].map((match) => match[1]));
      const known = names.filter((one) => one.startsWith(`${name}-`)).map(substitutionName);
      expect([...used].sort()).toEqual(known.sort());
      expect((JSON.parse(text) as { TimeoutSeconds: number }).TimeoutSeconds).toBe(timeoutSeconds);
      expect(names).toContain(onFailure);
    },
  );

  test('a step of a machine waits as long as its function may run', () => {
    const text = readFileSync(path(machines.retrain.file), 'utf8');
    const steps = [...text.matchAll(/"FunctionName": "\$\{(\w+)\}"[\s\S]*?"TimeoutSeconds": (\d+)/g)];
    expect(steps.length).toBeGreaterThanOrEqual(14);
    for (const [, name, seconds] of steps) {
      const spec = functions[names.find((one) => substitutionName(one) === name)!];
      expect([name, Number(seconds)]).toEqual([name, spec.timeoutSeconds]);
    }
  });
});

test('from request to report within the rights of each role, every step done twice', async () => {
  const version = await registerSmall(deps, smallRecord({ monitor: { window_ms: 60_000 } }));
  const records: Parameters<typeof eventOf>[0][number][] = [];
  deps.predictions.afterPut = (stored) => records.push(streamRecord(stored, records.length, startMs));
  for (const { id, features, label } of smallRows(60, 8)) {
    const at = (suffix: string) => routes.find((route) => route.path === `/models/{model}/${suffix}`)!;
    const predicted = (await call(
      'predict',
      eventFor(at('predict'), { request_id: id, features }),
    )) as HttpResult;
    expect(predicted.statusCode).toBe(200);
    const labelled = (await call(
      'feedback',
      eventFor(at('feedback'), { request_id: id, label }),
    )) as HttpResult;
    expect(labelled.statusCode).toBe(200);
  }
  await call('capture', eventOf(records));
  await call('capture', eventOf(records));
  deps.clock.closedBefore = startMs + 60_000;
  expect(await call('tick', {})).toEqual({ granules: 1, windows: 1, failed: [] });
  await deps.state.delete({ pk: 'model#small', sk: 'counters' });
  expect(await call('tick', {})).toEqual({ granules: 1, windows: 0, failed: [] });
  const [due] = deps.events.published;
  const reports = [`${startMs}-${version}`];
  expect(await call('monitor', due)).toEqual({ reports });
  expect(await call('monitor', due)).toEqual({ reports });
  const stored = JSON.parse(
    Buffer.from((await deps.objects.get(objectKeys.report('small', reports[0]!)))!).toString(),
  );
  expect(stored).toMatchObject({ rows: 60, labels: 60 });
});
