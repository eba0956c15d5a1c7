import { describe, expect, it } from 'vitest';
import type { Json } from '#shared/json.ts';
import { bench, hang, machineOf, named, task } from './engine.testing.ts';
import { matchesError } from './recovery.ts';

/** A function that throws these, one per call, then answers 'done'. */
function throwing(...names: string[]) {
  return { f: () => (names.length > 0 ? Promise.reject(named(names.shift()!)) : 'done') };
}

const FALLBACK = { Type: 'Pass', End: true };

describe('matching errors', () => {
  it.each([
    [['A', 'B'], 'B', true],
    [['A'], 'a', false],
    [['States.ALL'], 'A', true],
    [['States.ALL'], 'States.Timeout', true],
    [['States.ALL'], 'States.ResultPathMatchFailure', true],
    [['States.ALL'], 'States.Runtime', false],
    [['States.ALL'], 'States.DataLimitExceeded', false],
    [['States.TaskFailed'], 'A', true],
    [['States.TaskFailed'], 'States.Timeout', false],
    [['States.TaskFailed'], 'States.Runtime', false],
    [['States.TaskFailed'], 'States.DataLimitExceeded', false],
    [['States.Timeout'], 'States.Timeout', true],
    [['States.DataLimitExceeded'], 'States.DataLimitExceeded', true],
    [['States.Runtime'], 'States.Runtime', false],
  ])('%j of %s: %s', (errorEquals, error, expected) => {
    expect(matchesError(errorEquals, error)).toBe(expected);
  });
});

describe('Retry', () => {
  it.each<[string, Record<string, Json>, number[]]>([
    ['defaults: 3 attempts, 1 s, doubled', {}, [1000, 2000, 4000]],
    ['interval and rate', { IntervalSeconds: 3, BackoffRate: 1.5, MaxAttempts: 2 }, [3000, 4500]],
    ['a rate of 1', { IntervalSeconds: 2, BackoffRate: 1, MaxAttempts: 3 }, [2000, 2000, 2000]],
    ['a cap', { IntervalSeconds: 4, MaxDelaySeconds: 10, MaxAttempts: 4 }, [4000, 8000, 10_000, 10_000]],
    ['full jitter', { IntervalSeconds: 4, MaxAttempts: 2, JitterStrategy: 'FULL' }, [1000, 2000]],
    ['no attempts', { MaxAttempts: 0 }, []],
  ])('%s', async (_, retrier, delays) => {
    const machine = machineOf({ X: task('f', { Retry: [{ ErrorEquals: ['E'], ...retrier }] }) });
    const always = bench(machine, throwing(...Array(20).fill('E')), { random: () => 0.25 });
    expect((await always.run()).error?.name).toBe('E');
    expect(always.sleeps).toEqual(delays);
    expect(always.calls).toHaveLength(delays.length + 1);
    const onceLess = bench(machine, throwing(...Array(delays.length).fill('E')), { random: () => 0.25 });
    expect((await onceLess.run()).output).toBe('done');
  });

  it('each retrier counts its own attempts; the first that is used up gives way to Catch', async () => {
    // The example of docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.
    const machine = machineOf({
      X: task('f', {
        Retry: [
          { ErrorEquals: ['ErrorA', 'ErrorB'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 },
          { ErrorEquals: ['ErrorC'], IntervalSeconds: 5 },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
      }),
      Z: FALLBACK,
    });
    const { run, sleeps } = bench(machine, throwing('ErrorA', 'ErrorB', 'ErrorC', 'ErrorB'));
    expect((await run()).output).toMatchObject({ Error: 'ErrorB' });
    expect(sleeps).toEqual([1000, 2000, 5000]);
  });

  it('delays are scaled by waitScale', async () => {
    const machine = machineOf({ X: task('f', { Retry: [{ ErrorEquals: ['States.ALL'] }] }) });
    const { run, sleeps } = bench(machine, throwing('E', 'E'), { waitScale: 0.5 });
    await run();
    expect(sleeps).toEqual([500, 1000]);
  });

  it('the context tells the retry count, and a new visit starts at 0', async () => {
    const seen: Json[] = [];
    const failures = [true, true, false, true, false];
    const machine = machineOf({
      X: task('f', {
        Parameters: { 'n.$': '$$.State.RetryCount' },
        Retry: [{ ErrorEquals: ['States.ALL'] }],
        Next: 'Again',
      }),
      Again: {
        Type: 'Choice',
        Choices: [{ Variable: '$.again', BooleanEquals: true, Next: 'X' }],
        Default: 'End',
      },
      End: { Type: 'Succeed' },
    });
    const f = (payload: Json) => {
      seen.push((payload as { n: number }).n);
      if (failures.shift()) throw named('E');
      return { again: failures.length > 0 };
    };
    await bench(machine, { f }).run();
    expect(seen).toEqual([0, 1, 2, 0, 1]);
  });

  it('is one stage, however many attempts', async () => {
    const machine = machineOf({ X: task('f', { Retry: [{ ErrorEquals: ['E'] }] }) });
    const { stages } = await bench(machine, throwing('E', 'E')).run();
    expect(stages.map(({ name, status }) => [name, status])).toEqual([['X', 'succeeded']]);
  });

  it('never retries States.Runtime', async () => {
    const machine = machineOf({
      X: task('f', { InputPath: '$.gone', Retry: [{ ErrorEquals: ['States.ALL'] }] }),
    });
    const { run, calls, sleeps } = bench(machine, throwing());
    expect((await run()).error?.name).toBe('States.Runtime');
    expect([calls, sleeps]).toEqual([[], []]);
  });
});

describe('Catch', () => {
  const machine = machineOf({
    X: task('f', {
      Catch: [
        { ErrorEquals: ['A'], Next: 'OnA', ResultPath: '$.error' },
        { ErrorEquals: ['States.TaskFailed'], Next: 'OnFailed', ResultPath: null },
        { ErrorEquals: ['States.ALL'], Next: 'OnAll' },
      ],
      TimeoutSeconds: 1,
    }),
    OnA: { Type: 'Pass', Parameters: { by: 'A', 'in.$': '$' }, End: true },
    OnFailed: { Type: 'Pass', Parameters: { by: 'failed', 'in.$': '$' }, End: true },
    OnAll: { Type: 'Pass', Parameters: { by: 'all', 'in.$': '$' }, End: true },
  });

  it('takes the first catcher that matches, with the error where ResultPath says', async () => {
    const cause = JSON.stringify({ errorMessage: 'it broke', errorType: 'A' });
    expect((await bench(machine, throwing('A')).run({ k: 1 })).output).toEqual({
      by: 'A',
      in: { k: 1, error: { Error: 'A', Cause: cause } },
    });
    expect((await bench(machine, throwing('B')).run({ k: 1 })).output).toEqual({
      by: 'failed',
      in: { k: 1 },
    });
    expect((await bench(machine, { f: hang }).run({ k: 1 })).output).toEqual({
      by: 'all',
      in: { Error: 'States.Timeout', Cause: 'the task took longer than 1 s' },
    });
  });

  it('an error nothing catches fails the execution', async () => {
    const narrow = machineOf({ X: task('f', { Catch: [{ ErrorEquals: ['A'], Next: 'Y' }] }), Y: FALLBACK });
    expect((await bench(narrow, throwing('B')).run()).error?.name).toBe('B');
  });

  it('States.ALL does not catch States.Runtime', async () => {
    const all = machineOf({
      X: task('f', { OutputPath: '$.gone', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Y' }] }),
      Y: FALLBACK,
    });
    expect((await bench(all, throwing()).run()).error?.name).toBe('States.Runtime');
  });

  it('a result that has no place is States.ResultPathMatchFailure, which can be caught', async () => {
    const misplaced = machineOf({
      X: task('f', {
        ResultPath: '$.a.b',
        Catch: [{ ErrorEquals: ['States.ResultPathMatchFailure'], Next: 'Y' }],
      }),
      Y: FALLBACK,
    });
    expect((await bench(misplaced, throwing()).run({ a: 1 })).output).toMatchObject({
      Error: 'States.ResultPathMatchFailure',
    });
  });
});

describe("a task's TimeoutSeconds", () => {
  it('aborts the call and fails with States.Timeout, also if the function then throws something else', async () => {
    let isAborted = false;
    const machine = machineOf({ X: task('f', { TimeoutSeconds: 1 }) });
    const f = (_: Json, signal: AbortSignal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          isAborted = true;
          reject(named('AbortError'));
        });
      });
    const execution = await bench(machine, { f }).run();
    expect(execution.status).toBe('FAILED');
    expect(execution.error?.name).toBe('States.Timeout');
    expect(isAborted).toBe(true);
  });

  it('does not wait for a function that ignores the signal', async () => {
    const machine = machineOf({ X: task('f', { TimeoutSeconds: 1 }) });
    expect((await bench(machine, { f: () => new Promise(() => undefined) }).run()).error?.name).toBe(
      'States.Timeout',
    );
  });

  it('is of each attempt', async () => {
    const machine = machineOf({
      X: task('f', { TimeoutSeconds: 1, Retry: [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1 }] }),
    });
    let calls = 0;
    const f = (payload: Json, signal: AbortSignal) => {
      calls += 1;
      return calls === 1
        ? hang(payload, signal)
        : new Promise((resolve) => setTimeout(resolve, 500, 'in time'));
    };
    expect((await bench(machine, { f }).run()).output).toBe('in time');
  });
});
