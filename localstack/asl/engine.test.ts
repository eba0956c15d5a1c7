import { describe, expect, it } from 'vitest';
import type { Json } from '#shared/json.ts';
import type { Execution } from '#shared/ports/pipelines.ts';
import { bench, hang, machineOf, named, START_MS, task } from './engine.testing.ts';
import {
  ExecutionInputTooLargeError,
  ExecutionNameTakenError,
  InvalidExecutionNameError,
  UnknownExecutionError,
  UnknownMachineError,
} from './errors.ts';

const ID = 'arn:aws:states:local:000000000000:execution:machine:run-1';

/** What a machine of one state makes of an input. */
async function outputOf(state: Json, input: Json, functions = {}): Promise<Json | undefined> {
  const execution = await bench(machineOf({ X: state }), functions).run(input);
  if (execution.error !== undefined) return `${execution.error.name}: ${execution.error.cause}`;
  return execution.output;
}

describe('Pass', () => {
  it.each<[Record<string, Json>, Json, Json]>([
    [{}, { a: 1 }, { a: 1 }],
    [{ Result: { b: 2 } }, { a: 1 }, { b: 2 }],
    [{ Result: null }, { a: 1 }, null],
    [{ Result: [1], ResultPath: '$.c.d' }, { a: 1 }, { a: 1, c: { d: [1] } }],
    [{ Result: 1, ResultPath: null }, { a: 1 }, { a: 1 }],
    [{ InputPath: '$.a' }, { a: { x: 1 } }, { x: 1 }],
    [{ InputPath: null }, { a: 1 }, {}],
    [{ OutputPath: '$.a' }, { a: 1, b: 2 }, 1],
    [{ OutputPath: null }, { a: 1 }, {}],
    [
      { InputPath: '$.a', Parameters: { 'y.$': '$.x' }, ResultPath: '$.b' },
      { a: { x: 1 } },
      { a: { x: 1 }, b: { y: 1 } },
    ],
  ])('%j turns %j into %j', async (fields, input, expected) => {
    expect(await outputOf({ Type: 'Pass', End: true, ...fields }, input)).toEqual(expected);
  });

  it('a path without a value fails the execution with States.Runtime', async () => {
    const output = await outputOf({ Type: 'Pass', End: true, InputPath: '$.gone' }, {});
    expect(output).toBe('States.Runtime: no value at path "$.gone"');
  });
});

describe('Task', () => {
  const double = { double: (payload: Json) => ({ twice: (payload as { n: number }).n * 2 }) };

  it('by a plain function ARN gets the input and gives the answer', async () => {
    expect(await outputOf(task('double'), { n: 2 }, double)).toEqual({ twice: 4 });
  });

  it('by lambda:invoke gets the Payload and gives {Payload, StatusCode}', async () => {
    const state = task('double', {
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: 'arn:aws:lambda:local:000000000000:function:double:live',
        'Payload.$': '$.job',
      },
    });
    const answer = { ExecutedVersion: '$LATEST', Payload: { twice: 6 }, StatusCode: 200 };
    expect(await outputOf(state, { job: { n: 3 } }, double)).toEqual(answer);
  });

  it('applies ResultSelector, ResultPath and OutputPath in this order', async () => {
    const state = task('double', {
      ResultSelector: { 'value.$': '$.twice', 'state.$': '$$.State.Name' },
      ResultPath: '$.result',
      OutputPath: '$.result',
    });
    expect(await outputOf(state, { n: 5 }, double)).toEqual({ value: 10, state: 'X' });
  });

  it.each([
    [undefined, null],
    [null, null],
    [{ at: new Date(0), skip: undefined }, { at: '1970-01-01T00:00:00.000Z' }],
  ])('an answer of %j is what JSON makes of it', async (answer, expected) => {
    expect(await outputOf(task('f'), {}, { f: () => answer })).toEqual(expected);
  });

  it('a throw carries its name as Error and a JSON cause, as Lambda reports it', async () => {
    const execution = await bench(machineOf({ X: task('f') }), {
      f: () => Promise.reject(named('DataMissingError', 'no rows')),
    }).run();
    expect(execution.status).toBe('FAILED');
    expect(execution.error?.name).toBe('DataMissingError');
    expect(JSON.parse(execution.error!.cause)).toEqual({
      errorMessage: 'no rows',
      errorType: 'DataMissingError',
    });
  });

  it('gets its own copy of the data', async () => {
    const machine = machineOf({ X: task('f', { ResultPath: null }) });
    const execution = await bench(machine, {
      f: (payload) => Object.assign(payload as object, { a: 2 }),
    }).run({ a: 1 });
    expect(execution.output).toEqual({ a: 1 });
  });
});

describe('Choice', () => {
  const machine = (more: Record<string, Json> = {}) =>
    machineOf({
      Route: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.n', NumericGreaterThan: 5, Next: 'Big' },
          { Variable: '$.n', NumericGreaterThan: 3, Next: 'Middle' },
        ],
        ...more,
      },
      Big: { Type: 'Pass', Result: 'big', End: true },
      Middle: { Type: 'Pass', Result: 'middle', End: true },
    });

  it.each([
    [6, 'big'],
    [5, 'middle'],
    [4, 'middle'],
  ])('takes the first rule that holds: %d goes to %s', async (n, expected) => {
    expect((await bench(machine()).run({ n })).output).toBe(expected);
  });

  it('takes Default if none holds', async () => {
    expect((await bench(machine({ Default: 'Middle' })).run({ n: 1 })).output).toBe('middle');
  });

  it('fails with States.Runtime if none holds and there is no Default', async () => {
    expect((await bench(machine()).run({ n: 3 })).error?.name).toBe('States.Runtime');
  });

  it('fails with States.Runtime if the variable is missing, Default or not', async () => {
    const execution = await bench(machine({ Default: 'Middle' })).run({});
    expect(execution.error).toEqual({ name: 'States.Runtime', cause: 'no value at path "$.n"' });
  });
});

describe('Wait', () => {
  it.each<[Record<string, Json>, Json, number[]]>([
    [{ Seconds: 90 }, {}, [90_000]],
    [{ Seconds: 0 }, {}, []],
    [{ SecondsPath: '$.s' }, { s: 5 }, [5000]],
    [{ Timestamp: '2024-08-18T00:01:00Z' }, {}, [60_000]],
    [{ TimestampPath: '$.t' }, { t: '2024-08-18T02:00:01+02:00' }, [1000]],
    [{ Timestamp: '2024-08-17T00:00:00Z' }, {}, []],
  ])('%j over %j sleeps %j', async (fields, input, expected) => {
    const { run, sleeps } = bench(machineOf({ X: { Type: 'Wait', End: true, ...fields } }));
    expect((await run(input)).output).toEqual(input);
    expect(sleeps).toEqual(expected);
  });

  it.each<[Record<string, Json>, Json]>([
    [{ SecondsPath: '$.s' }, { s: -1 }],
    [{ SecondsPath: '$.s' }, { s: 1.5 }],
    [{ SecondsPath: '$.s' }, { s: '5' }],
    [{ TimestampPath: '$.t' }, { t: '2024-08-18' }],
  ])('%j over %j is States.Runtime', async (fields, input) => {
    expect(await outputOf({ Type: 'Wait', End: true, ...fields }, input)).toMatch(/^States.Runtime: /);
  });

  it('is scaled by waitScale', async () => {
    const machine = machineOf({ X: { Type: 'Wait', Seconds: 100, End: true } });
    const { run, sleeps } = bench(machine, {}, { waitScale: 0.01 });
    await run();
    expect(sleeps).toEqual([1000]);
  });
});

describe('Succeed and Fail', () => {
  it('Succeed ends with its selected input', async () => {
    expect(await outputOf({ Type: 'Succeed', InputPath: '$.a', OutputPath: '$.b' }, { a: { b: 1 } })).toBe(1);
  });

  it.each<[Record<string, Json>, string]>([
    [{ Error: 'Rejected', Cause: 'worse' }, 'Rejected: worse'],
    [{ ErrorPath: '$.e', CausePath: "States.Format('by {}', $.n)" }, 'FromData: by 3'],
    [{}, ': '],
    [{ ErrorPath: '$.n' }, 'States.Runtime: ErrorPath of "X" holds 3; a string is needed'],
  ])('Fail %j fails with %s', async (fields, expected) => {
    expect(await outputOf({ Type: 'Fail', ...fields }, { e: 'FromData', n: 3 })).toBe(expected);
  });
});

describe('the context object', () => {
  it('tells execution, machine and state', async () => {
    const parameters = {
      'id.$': '$$.Execution.Id',
      'name.$': '$$.Execution.Name',
      'model.$': '$$.Execution.Input.model',
      'start.$': '$$.Execution.StartTime',
      'state.$': '$$.State.Name',
      'entered.$': '$$.State.EnteredTime',
      'retries.$': '$$.State.RetryCount',
      'machine.$': '$$.StateMachine.Name',
      'machineId.$': '$$.StateMachine.Id',
    };
    const machine = machineOf({
      First: { Type: 'Wait', Seconds: 60, Next: 'Then' },
      Then: { Type: 'Pass', Parameters: parameters, End: true },
    });
    expect((await bench(machine).run({ model: 'iris' })).output).toEqual({
      id: ID,
      name: 'run-1',
      model: 'iris',
      start: '2024-08-18T00:00:00.000Z',
      state: 'Then',
      entered: '2024-08-18T00:01:00.000Z',
      retries: 0,
      machine: 'machine',
      machineId: 'arn:aws:states:local:000000000000:stateMachine:machine',
    });
  });
});

describe('start', () => {
  const wait = machineOf({ X: { Type: 'Pass', End: true } });

  it('gives the id its form, and the same name and input again starts nothing', async () => {
    const { engine, run } = bench(wait);
    expect(await engine.start('machine', 'run-1', { a: 1, b: [2] })).toEqual({ id: ID, started: true });
    expect(await engine.start('machine', 'run-1', { b: [2], a: 1 })).toEqual({ id: ID, started: false });
    await engine.settled(ID);
    expect(await engine.start('machine', 'run-1', { a: 1, b: [2] })).toEqual({ id: ID, started: false });
    expect((await run({ a: 1, b: [2] })).stages).toHaveLength(1);
  });

  it('a storm of the same start becomes one execution', async () => {
    const { engine, calls } = bench(machineOf({ X: task('f') }), { f: () => 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => engine.start('machine', 'storm', {})));
    await engine.settled(answers[0]!.id);
    expect(answers.filter((answer) => answer.started)).toHaveLength(1);
    expect(calls).toEqual(['f']);
    expect(await engine.list('machine')).toHaveLength(1);
  });

  it('refuses the same name with another input', async () => {
    const { engine } = bench(wait);
    await engine.start('machine', 'run-1', { a: 1 });
    await expect(engine.start('machine', 'run-1', { a: 2 })).rejects.toThrow(ExecutionNameTakenError);
  });

  it.each(['', 'a b', 'a.b', 'a'.repeat(81), 'é'])('refuses the name "%s"', async (name) => {
    await expect(bench(wait).engine.start('machine', name, {})).rejects.toThrow(InvalidExecutionNameError);
  });

  it('takes a name of 80 characters', async () => {
    expect(await bench(wait).engine.start('machine', 'a'.repeat(80), {})).toMatchObject({ started: true });
  });

  it('refuses a machine it does not know', async () => {
    const { engine } = bench(wait);
    await expect(engine.start('toString', 'run-1', {})).rejects.toThrow(UnknownMachineError);
    await expect(engine.start('other', 'run-1', {})).rejects.toThrow(
      'no state machine "other"; known: machine',
    );
  });

  it('takes an input of 262144 bytes and no more', async () => {
    const { engine } = bench(wait);
    const text = (bytes: number) => 'x'.repeat(bytes - 2);
    await expect(engine.start('machine', 'fits', text(262_144))).resolves.toMatchObject({ started: true });
    await expect(engine.start('machine', 'larger', text(262_145))).rejects.toThrow(
      ExecutionInputTooLargeError,
    );
  });
});

describe('describe, list, settled', () => {
  it('tell the stages in order of start, with times', async () => {
    const machine = machineOf({
      First: { Type: 'Wait', Seconds: 5, Next: 'Second' },
      Second: task('f', { Catch: [{ ErrorEquals: ['Oops'], Next: 'Third' }] }),
      Third: { Type: 'Fail', Error: 'Gone' },
    });
    const { engine, run } = bench(machine, { f: () => Promise.reject(named('Oops')) });
    const execution = await run({ a: 1 });
    const at = START_MS + 5000;
    expect(execution).toEqual({
      id: ID,
      machine: 'machine',
      status: 'FAILED',
      startedAt: START_MS,
      endedAt: at,
      input: { a: 1 },
      error: { name: 'Gone', cause: '' },
      stages: [
        { name: 'First', status: 'succeeded', startedAt: START_MS, endedAt: at },
        { name: 'Second', status: 'caught', startedAt: at, endedAt: at, error: 'Oops' },
        { name: 'Third', status: 'failed', startedAt: at, endedAt: at, error: 'Gone' },
      ],
    });
    expect(await engine.describe(ID)).toEqual(execution);
    expect(await engine.list('machine')).toEqual([execution]);
  });

  it('list is newest first, of one machine, at most as many as asked', async () => {
    const { engine, clock } = bench(machineOf({ X: { Type: 'Pass', End: true } }));
    for (const name of ['b', 'a', 'c']) {
      await engine.settled((await engine.start('machine', name, {})).id);
      clock.ms += 1;
    }
    const names = async (limit?: number) =>
      (await engine.list('machine', limit)).map((execution) => execution.id.split(':').at(-1));
    expect(await names()).toEqual(['c', 'a', 'b']);
    expect(await names(2)).toEqual(['c', 'a']);
    expect(await engine.list('mach')).toEqual([]);
  });

  it('an unknown id is undefined to describe and an error to settled', async () => {
    const { engine } = bench(machineOf({ X: { Type: 'Pass', End: true } }));
    expect(await engine.describe('nobody')).toBeUndefined();
    await expect(engine.settled('nobody')).rejects.toThrow(UnknownExecutionError);
  });

  it('onTransition tells every stage as it opens and closes, and the end', async () => {
    const told: Execution[] = [];
    const machine = machineOf({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', End: true } });
    await bench(machine, {}, { onTransition: (execution) => told.push(execution) }).run();
    const seen = told.map(({ status, stages }) => [
      status,
      ...stages.map((stage) => `${stage.name} ${stage.status}`),
    ]);
    expect(seen).toEqual([
      ['RUNNING', 'A running'],
      ['RUNNING', 'A succeeded', 'B running'],
      ['RUNNING', 'A succeeded', 'B succeeded'],
      ['SUCCEEDED', 'A succeeded', 'B succeeded'],
    ]);
  });

  it('a listener that throws is reported and changes nothing', async () => {
    const onTransition = () => {
      throw new Error('listener');
    };
    const { run, faults } = bench(machineOf({ X: { Type: 'Pass', End: true } }), {}, { onTransition });
    expect((await run()).status).toBe('SUCCEEDED');
    expect(faults).toHaveLength(3);
  });
});

describe('limits', () => {
  const text = (bytes: number) => 'x'.repeat(bytes - 2);

  it.each([
    [262_144, 'SUCCEEDED'],
    [262_145, 'FAILED'],
  ])('a result of %d bytes: %s', async (bytes, status) => {
    const machine = machineOf({
      X: task('f', { Next: 'Y', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Y' }] }),
      Y: { Type: 'Pass', End: true },
    });
    const execution = await bench(machine, { f: () => text(bytes) }).run();
    expect(execution.status).toBe(status);
    expect(execution.error?.name).toBe(status === 'FAILED' ? 'States.DataLimitExceeded' : undefined);
  });

  it('States.DataLimitExceeded is caught by its own name only', async () => {
    const machine = machineOf({
      X: task('f', { Catch: [{ ErrorEquals: ['States.DataLimitExceeded'], Next: 'Y' }] }),
      Y: { Type: 'Pass', Result: 'caught', End: true },
    });
    expect((await bench(machine, { f: () => text(262_145) }).run()).output).toBe('caught');
  });

  it('an output grown beyond the limit by ResultPath fails, in bytes of UTF-8', async () => {
    const machine = machineOf({ X: task('f', { ResultPath: '$.r' }) });
    const grown = async (characters: number) =>
      (await bench(machine, { f: () => 'é'.repeat(characters) }).run({ text: text(131_072) })).error?.name;
    // {"text":"…","r":"…"}: 17 bytes around 131070 + 2 n + 2 quotes already counted in text().
    expect(await grown(65_500)).toBeUndefined();
    expect(await grown(65_550)).toBe('States.DataLimitExceeded');
  });

  it('a machine that loops for ever ends after 25000 states', async () => {
    const machine = machineOf({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } });
    const execution = await bench(machine).run();
    expect(execution.error?.cause).toBe('the execution visited 25000 states, the most allowed');
    expect(execution.stages).toHaveLength(25_000);
  });

  it("the machine's TimeoutSeconds ends it TIMED_OUT and aborts what runs", async () => {
    let reason: unknown;
    const machine = machineOf({ X: task('f') }, { TimeoutSeconds: 1 });
    const f = async (payload: Json, signal: AbortSignal) =>
      hang(payload, signal).catch((error) => (reason = error));
    const execution = await bench(machine, { f }).run();
    expect(execution.status).toBe('TIMED_OUT');
    expect(execution.error).toEqual({ name: 'States.Timeout', cause: 'the execution took longer than 1 s' });
    expect(execution.stages).toMatchObject([{ name: 'X', status: 'failed', error: 'States.Timeout' }]);
    expect(reason).toBeDefined();
  });
});
