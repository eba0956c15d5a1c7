import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../logger.ts';
import { idsOf, invoked, wasLogged } from './invocation.ts';
import { withLogContext } from './log-context.ts';

function recorder() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(
    'debug',
    (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    () => 0,
  );
  return { lines, deps: { log } };
}

const request = (id: string, model: string) => ({
  resource: '/models/{model}/predict',
  requestContext: { requestId: id },
  pathParameters: { model },
});

describe('lines of one invocation', () => {
  it('carry its ids, those of its request and what its detail says', async () => {
    const { lines, deps } = recorder();
    const known = { invocation_id: 'i1', trace_id: '1-2-3', cold_start: true } as const;
    await invoked(deps, 'predict', request('h1', 'churn'), known, async () =>
      deps.log('warn', 'late', { request_id: 'prediction-7' }),
    );
    expect(lines).toEqual([
      {
        timestamp: '1970-01-01T00:00:00.000Z',
        level: 'warn',
        message: 'late',
        function: 'predict',
        invocation_id: 'i1',
        trace_id: '1-2-3',
        cold_start: true,
        http_request_id: 'h1',
        model: 'churn',
        request_id: 'prediction-7',
      },
    ]);
  });

  it('carry no other’s ids, of a hundred that run at once and wait in between', async () => {
    const { lines, deps } = recorder();
    const one = (at: number) =>
      invoked(deps, 'predict', request(`h${at}`, `m${at}`), { invocation_id: `i${at}` }, async () => {
        for (let step = 0; step < 3; step++) {
          await wait((at * 7) % 5);
          await Promise.all([Promise.resolve(), new Promise((done) => setImmediate(done))]);
          deps.log('info', 'step', { at });
        }
      });
    await Promise.all(Array.from({ length: 100 }, (_, at) => one(at)));
    expect(lines).toHaveLength(300);
    expect(lines.map(({ at }) => at)).not.toEqual(lines.map(({ at }) => at).toSorted());
    for (const { at, http_request_id, invocation_id, model } of lines)
      expect([http_request_id, invocation_id, model]).toEqual([`h${at}`, `i${at}`, `m${at}`]);
  });

  it('have none outside of one', async () => {
    const { lines, deps } = recorder();
    await invoked(deps, 'tick', {}, { invocation_id: 'i' }, async () => undefined);
    deps.log('info', 'after');
    expect(lines[0]).not.toHaveProperty('invocation_id');
  });

  it('keep the request’s id in what one function has another do', async () => {
    const { lines, deps } = recorder();
    await withLogContext({ http_request_id: 'h1' }, () =>
      invoked(deps, 'tick', {}, {}, async () => deps.log('info', 'x')),
    );
    expect(lines[0]).toMatchObject({ http_request_id: 'h1', function: 'tick' });
  });
});

describe('ids of an event', () => {
  it('are the run and model of a step of a run, by the name of the execution on AWS and embedded', () => {
    const arn = 'arn:aws:states:eu-west-1:123456789012:execution:tidemark-dev-retrain:churn-w1795262400000';
    expect(idsOf({ execution: arn, model: 'churn' })).toEqual({
      run_id: 'churn-w1795262400000',
      model: 'churn',
    });
    expect(idsOf({ execution: 'retrain:churn-w1' })).toEqual({ run_id: 'churn-w1' });
  });

  it('are the run of a page of it, and of no other page with an id', () => {
    const pathParameters = { model: 'churn', id: 'churn-w1' };
    for (const resource of ['/models/{model}/runs/{id}', '/console/models/{model}/runs/{id}'])
      expect(idsOf({ resource, pathParameters })).toEqual({ run_id: 'churn-w1', model: 'churn' });
    expect(idsOf({ resource: '/models/{model}/reports/{id}', pathParameters })).toEqual({ model: 'churn' });
  });

  it('are those of an event of the bus, and of an execution that ended', () => {
    expect(idsOf({ detail: { model: 'churn', windows: [] } })).toEqual({ model: 'churn' });
    expect(idsOf({ detail: { executionArn: 'arn:aws:states:r:1:execution:m:churn-w1' } })).toEqual({
      run_id: 'churn-w1',
    });
  });

  it('are none of what is no event', () => {
    for (const event of [undefined, null, 'x', 7, [], { requestContext: null, detail: 'x', execution: 5 }])
      expect(idsOf(event)).toEqual({});
  });
});

describe('a failure', () => {
  const failing = (error: unknown, name: 'predict' | 'authorize' = 'predict') => {
    const { lines, deps } = recorder();
    const call = () => invoked(deps, name, request('h1', 'churn'), {}, () => Promise.reject(error as Error));
    return { lines, call };
  };

  it('is thrown on as it was, and logged once with its stack and cause', async () => {
    const error = new Error('no table', { cause: new Error('denied') });
    const { lines, call } = failing(error);
    await expect(call()).rejects.toBe(error);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'error',
      message: 'predict failed',
      http_request_id: 'h1',
      error: { name: 'Error', message: 'no table', cause: { message: 'denied' } },
    });
    expect(wasLogged(error)).toBe(true);
    await expect(call()).rejects.toBe(error);
    expect(lines).toHaveLength(1);
  });

  it('is logged where it is thrown at once or is no error', async () => {
    const { lines, call } = failing('a text');
    await expect(call()).rejects.toBe('a text');
    expect(lines[0]).toMatchObject({ error: { message: 'a text' } });
    const { lines: more, deps } = recorder();
    const throwing = () => {
      throw new Error('at once');
    };
    await expect(invoked(deps, 'tick', {}, {}, throwing)).rejects.toThrow('at once');
    expect(more).toHaveLength(1);
  });

  it('is not what an authorizer throws to refuse', async () => {
    const { lines, call } = failing(new Error('Unauthorized'), 'authorize');
    await expect(call()).rejects.toThrow('Unauthorized');
    expect(lines).toEqual([]);
    const other = failing(new Error('Unauthorized'), 'predict');
    await expect(other.call()).rejects.toThrow();
    expect(other.lines).toHaveLength(1);
  });
});

describe('an answer to an HTTP request', () => {
  const { deps } = recorder();
  it('carries the id by which its lines are found, beside its own headers', async () => {
    const answer = { statusCode: 503, headers: { 'retry-after': '1' }, body: '' };
    expect(await invoked(deps, 'predict', request('h1', 'm'), {}, async () => answer)).toEqual({
      ...answer,
      headers: { 'retry-after': '1', 'tidemark-request-id': 'h1' },
    });
  });

  it('is left as it is where there is no request, or no answer', async () => {
    const result = { statusCode: 200 };
    expect(await invoked(deps, 'predict', {}, {}, async () => result)).toBe(result);
    const policy = { principalId: 'ann' };
    expect(await invoked(deps, 'authorize', request('h1', 'm'), {}, async () => policy)).toBe(policy);
    expect(await invoked(deps, 'publish', request('h1', 'm'), {}, async () => undefined)).toBeUndefined();
  });
});
