import { describe, expect, it } from 'vitest';
import type { Json } from '#shared/json.ts';
import {
  type Bench,
  bench,
  type Functions,
  hang,
  machineOf,
  named,
  START_MS,
  task,
  tokenTask,
  until,
} from './engine.testing.ts';
import { EngineStoppedError, ExecutionNotDrivenError } from './errors.ts';

const ID = 'arn:aws:states:local:000000000000:execution:machine:run-1';
type Machine = Parameters<typeof bench>[0];

/** Starts, waits until it got there, stops; answers a second engine on the same table, not yet resumed. */
async function interrupted(
  machine: Machine,
  input: Json,
  before: { functions: Functions; sleep?: () => Promise<void>; until: (first: Bench) => boolean },
  after: Functions,
): Promise<{ first: Bench; second: Bench }> {
  const first = bench(machine, before.functions, before.sleep === undefined ? {} : { sleep: before.sleep });
  await first.engine.start('machine', 'run-1', input);
  await until(() => before.until(first));
  await first.engine.stop();
  const stored = await first.engine.describe(ID);
  expect(stored?.status).toBe('RUNNING');
  return { first, second: bench(machine, after, { table: first.table, clock: first.clock }) };
}

const forever = () => new Promise<void>(() => undefined);

describe('a restart in the middle of', () => {
  it('a Task: the finished ones are not called again, the one under way is', async () => {
    const machine = machineOf({ A: task('a', { Next: 'B' }), B: task('b', { Next: 'C' }), C: task('c') });
    let signal: AbortSignal | undefined;
    const b = (_: Json, given: AbortSignal) => {
      signal = given;
      return hang(_, given);
    };
    const { second } = await interrupted(
      machine,
      { n: 1 },
      { functions: { a: () => ({ from: 'a' }), b }, until: () => signal !== undefined },
      { b: (input) => ({ b: input }), c: (input) => ({ c: input }) },
    );
    expect(signal?.aborted).toBe(true);
    expect(await second.engine.resume()).toBe(1);
    const execution = await second.engine.settled(ID);
    expect(execution.output).toEqual({ c: { b: { from: 'a' } } });
    expect(second.calls).toEqual(['b', 'c']);
    expect(execution.stages.map(({ name, status }) => [name, status])).toEqual([
      ['A', 'succeeded'],
      ['B', 'succeeded'],
      ['C', 'succeeded'],
    ]);
    expect(await bench(machine, {}, { table: second.table }).engine.resume()).toBe(0);
  });

  it('a Wait: only what is left is waited for', async () => {
    let isWaiting = false;
    const sleep = () => {
      isWaiting = true;
      return forever();
    };
    const machine = machineOf({ W: { Type: 'Wait', Seconds: 100, End: true } });
    const { first, second } = await interrupted(
      machine,
      {},
      { functions: {}, sleep, until: () => isWaiting },
      {},
    );
    first.clock.ms += 30_000;
    await second.engine.resume();
    expect((await second.engine.settled(ID)).endedAt).toBe(START_MS + 100_000);
    expect(second.sleeps).toEqual([70_000]);
  });

  it('a Wait that is over by then: nothing is waited for', async () => {
    let isWaiting = false;
    const sleep = () => {
      isWaiting = true;
      return forever();
    };
    const machine = machineOf({ W: { Type: 'Wait', Seconds: 100, End: true } });
    const { first, second } = await interrupted(
      machine,
      {},
      { functions: {}, sleep, until: () => isWaiting },
      {},
    );
    first.clock.ms += 100_000;
    await second.engine.resume();
    await second.engine.settled(ID);
    expect(second.sleeps).toEqual([]);
  });

  it("a retry's delay: the rest of it is waited for, and the attempts made still count", async () => {
    let isWaiting = false;
    const sleep = () => {
      isWaiting = true;
      return forever();
    };
    const machine = machineOf({
      X: task('f', { Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 10, MaxAttempts: 2 }] }),
    });
    const f = () => Promise.reject(named('E'));
    const { first, second } = await interrupted(
      machine,
      {},
      { functions: { f }, sleep, until: () => isWaiting },
      { f },
    );
    first.clock.ms += 4000;
    await second.engine.resume();
    expect((await second.engine.settled(ID)).error?.name).toBe('E');
    expect(second.sleeps).toEqual([6000, 20_000]);
    expect(second.calls).toHaveLength(2);
  });

  it('a Map half done: the finished iterations are kept', async () => {
    const machine = machineOf({
      M: {
        Type: 'Map',
        MaxConcurrency: 1,
        ItemProcessor: { StartAt: 'One', States: { One: task('f', { Next: 'Two' }), Two: task('g') } },
        End: true,
      },
    });
    const functions = {
      f: (item: Json) => item,
      g: (item: Json, signal: AbortSignal) => (item === 2 ? hang(item, signal) : `${item} once`),
    };
    const { second } = await interrupted(
      machine,
      [0, 1, 2, 3],
      { functions, until: ({ calls }) => calls.length === 6 },
      { ...functions, g: (item) => `${item} twice` },
    );
    await second.engine.resume();
    const execution = await second.engine.settled(ID);
    expect(execution.output).toEqual(['0 once', '1 once', '2 twice', '3 twice']);
    expect(second.calls).toEqual(['g', 'f', 'g']);
    expect(execution.stages).toHaveLength(1 + 4 * 2);
  });

  it('a Parallel half done, with a Map in it', async () => {
    const machine = machineOf({
      P: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Quick', States: { Quick: task('quick') } },
          {
            StartAt: 'M',
            States: {
              M: {
                Type: 'Map',
                ItemProcessor: { StartAt: 'Item', States: { Item: task('item') } },
                End: true,
              },
            },
          },
        ],
        End: true,
      },
    });
    const item = (value: Json, signal: AbortSignal) => (value === 1 ? hang(value, signal) : `${value}`);
    const { first, second } = await interrupted(
      machine,
      [0, 1, 2],
      { functions: { quick: () => 'quick', item }, until: ({ calls }) => calls.length === 4 },
      { item: (value) => `${value} again` },
    );
    expect(first.calls.sort()).toEqual(['item', 'item', 'item', 'quick']);
    await second.engine.resume();
    expect((await second.engine.settled(ID)).output).toEqual(['quick', ['0', '1 again', '2']]);
    expect(second.calls).toEqual(['item']);
  });

  it('a wait for a task token: the function is not called again, the token still completes it', async () => {
    let token = '';
    const ask = (payload: Json) => {
      token = (payload as { token: string }).token;
      return 'asked';
    };
    const machine = machineOf({ Approve: tokenTask('ask') });
    const { first, second } = await interrupted(
      machine,
      {},
      { functions: { ask }, until: () => token !== '' },
      { ask },
    );
    await second.engine.resume();
    await second.engine.signal(token, { ok: true, output: { approved: true } });
    expect((await second.engine.settled(ID)).output).toEqual({ approved: true });
    expect([first.calls, second.calls]).toEqual([['ask'], []]);
  });

  it('a wait for a task token that is answered while nothing runs', async () => {
    let token = '';
    const ask = (payload: Json) => {
      token = (payload as { token: string }).token;
    };
    const machine = machineOf({ Approve: tokenTask('ask') });
    const { second } = await interrupted(
      machine,
      {},
      { functions: { ask }, until: () => token !== '' },
      { ask },
    );
    await second.engine.signal(token, { ok: true, output: 'while away' });
    await second.engine.resume();
    expect((await second.engine.settled(ID)).output).toBe('while away');
    expect(second.calls).toEqual([]);
  });

  it('a wait for a task token whose time ran out meanwhile: States.Timeout', async () => {
    let token = '';
    const ask = (payload: Json) => {
      token = (payload as { token: string }).token;
    };
    const machine = machineOf({ Approve: tokenTask('ask', { TimeoutSeconds: 600 }) });
    const { first, second } = await interrupted(
      machine,
      {},
      { functions: { ask }, until: () => token !== '' },
      { ask },
    );
    first.clock.ms += 600_000;
    await second.engine.resume();
    expect((await second.engine.settled(ID)).error?.name).toBe('States.Timeout');
  });

  it('an execution whose deadline passed meanwhile: TIMED_OUT, without another call', async () => {
    const machine = machineOf({ X: task('f') }, { TimeoutSeconds: 60 });
    const { first, second } = await interrupted(
      machine,
      {},
      { functions: { f: hang }, until: ({ calls }) => calls.length === 1 },
      { f: hang },
    );
    first.clock.ms += 60_000;
    await second.engine.resume();
    const execution = await second.engine.settled(ID);
    expect(execution.status).toBe('TIMED_OUT');
    expect(execution.stages).toMatchObject([{ name: 'X', status: 'failed', error: 'States.Timeout' }]);
    expect(second.calls).toEqual([]);
  });
});

describe('what else a restart meets', () => {
  const hanging = machineOf({ X: task('f') });
  const underWay = { functions: { f: hang }, until: ({ calls }: Bench) => calls.length === 1 };

  it('a stopped engine refuses work, and nobody waits for it for ever', async () => {
    const first = bench(hanging, { f: hang });
    const { id } = await first.engine.start('machine', 'run-1', {});
    const settled = first.engine.settled(id);
    await first.engine.stop();
    await expect(settled).rejects.toThrow(EngineStoppedError);
    await expect(first.engine.settled(id)).rejects.toThrow(EngineStoppedError);
    await expect(first.engine.start('machine', 'run-2', {})).rejects.toThrow(EngineStoppedError);
    await expect(first.engine.resume()).rejects.toThrow(EngineStoppedError);
  });

  it('settled before resume() says what is missing', async () => {
    const { second } = await interrupted(hanging, {}, underWay, {});
    await expect(second.engine.settled(ID)).rejects.toThrow(ExecutionNotDrivenError);
  });

  it('resume twice, or a start of the same name, drives it once', async () => {
    const { second } = await interrupted(hanging, {}, underWay, { f: () => 'done' });
    expect(
      await Promise.all([second.engine.resume(), second.engine.start('machine', 'run-1', {})]),
    ).toBeDefined();
    await second.engine.resume();
    expect((await second.engine.settled(ID)).output).toBe('done');
    expect(second.calls).toEqual(['f']);
  });

  it('a start of the same name drives what nobody drives', async () => {
    const { second } = await interrupted(hanging, {}, underWay, { f: () => 'done' });
    expect(await second.engine.start('machine', 'run-1', {})).toEqual({ id: ID, started: false });
    expect((await second.engine.settled(ID)).output).toBe('done');
  });

  it('a machine that lost the state ends the execution with States.Runtime', async () => {
    const { first } = await interrupted(hanging, {}, underWay, {});
    const changed = bench(
      machineOf({ Y: task('f') }),
      { f: hang },
      { table: first.table, clock: first.clock },
    );
    await changed.engine.resume();
    expect((await changed.engine.settled(ID)).error).toEqual({
      name: 'States.Runtime',
      cause: 'state "X" is not in the machine any more',
    });
  });
});

describe('a crash at any write', () => {
  const machine = machineOf(
    {
      First: task('count', { ResultPath: '$.first', Next: 'Flaky' }),
      Flaky: task('flaky', { Retry: [{ ErrorEquals: ['Flaky'] }], ResultPath: null, Next: 'Both' }),
      Both: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'Rows',
            States: {
              Rows: {
                Type: 'Map',
                ItemsPath: '$.rows',
                MaxConcurrency: 2,
                ItemProcessor: {
                  StartAt: 'Row',
                  States: {
                    Row: task('row', { Next: 'Rest' }),
                    Rest: { Type: 'Wait', Seconds: 1, End: true },
                  },
                },
                End: true,
              },
            },
          },
          { StartAt: 'Ask', States: { Ask: tokenTask('ask') } },
          {
            StartAt: 'Fails',
            States: {
              Fails: task('fails', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Saved' }] }),
              Saved: { Type: 'Pass', Result: 'saved', End: true },
            },
          },
        ],
        ResultPath: '$.both',
        Next: 'Check',
      },
      Check: {
        Type: 'Choice',
        Choices: [{ Variable: '$.both[1]', StringEquals: 'yes', Next: 'Done' }],
        Default: 'Lost',
      },
      Done: { Type: 'Succeed', OutputPath: '$.both' },
      Lost: { Type: 'Fail', Error: 'Lost' },
    },
    { TimeoutSeconds: 100_000 },
  );
  const expected = [['row 1', 'row 2', 'row 3'], 'yes', 'saved'];

  /** Runs it, the table failing from the nth write on; then on a table that works. Answers whether it crashed. */
  async function crashAt(write: number): Promise<boolean> {
    let failures = 1;
    const functions = (of: () => Bench): Functions => ({
      count: () => 1,
      flaky: () => (failures-- > 0 ? Promise.reject(named('Flaky')) : 'fine'),
      row: (row) => `row ${row}`,
      ask: (payload) =>
        of()
          .engine.signal((payload as { token: string }).token, { ok: true, output: 'yes' })
          .catch(() => undefined),
      fails: () => Promise.reject(named('Broken')),
    });
    const first: Bench = bench(
      machine,
      functions(() => first),
    );
    let writes = 0;
    first.table.beforeWrite = () => {
      writes += 1;
      if (writes >= write) throw new Error('the disk is gone');
    };
    const ended = await first.run({ rows: [1, 2, 3] }).catch(() => undefined);
    await first.engine.stop();
    first.table.beforeWrite = () => undefined;
    if (ended !== undefined) expect(ended.output).toEqual(expected);
    const second: Bench = bench(
      machine,
      functions(() => second),
      { table: first.table, clock: first.clock },
    );
    await second.engine.resume();
    const execution = await second.run({ rows: [1, 2, 3] });
    expect(execution.output).toEqual(expected);
    expect(execution.stages.filter((stage) => stage.endedAt === undefined)).toEqual([]);
    expect(execution.stages.map((stage) => stage.name).sort()).toEqual([
      'Both',
      'Both[0].Rows',
      ...[0, 1, 2].flatMap((i) => [`Both[0].Rows[${i}].Rest`, `Both[0].Rows[${i}].Row`]),
      'Both[1].Ask',
      'Both[2].Fails',
      'Both[2].Saved',
      'Check',
      'Done',
      'First',
      'Flaky',
    ]);
    expect(await second.engine.list('machine')).toHaveLength(1);
    return writes >= write;
  }

  it('loses nothing: resumed, it ends as if nothing had happened', async () => {
    let write = 1;
    while (await crashAt(write)) write += 1;
    expect(write).toBeGreaterThan(60);
  });

  it('takes no iteration of a failed attempt into the next', async () => {
    const retried = machineOf({
      M: {
        Type: 'Map',
        MaxConcurrency: 1,
        ItemProcessor: { StartAt: 'Row', States: { Row: task('row') } },
        Retry: [{ ErrorEquals: ['Flaky'] }],
        End: true,
      },
    });
    for (let write = 1, isCrashed = true; isCrashed; write += 1) {
      let hasFailed = false;
      const row = (item: Json) => {
        if (item === 0) return hasFailed ? 'after' : 'before';
        if (hasFailed) return 'fine';
        hasFailed = true;
        throw named('Flaky');
      };
      const first = bench(retried, { row });
      let left = write;
      first.table.beforeWrite = () => {
        left -= 1;
        if (left <= 0) throw new Error('the disk is gone');
      };
      await first.run([0, 1]).catch(() => undefined);
      isCrashed = left <= 0;
      first.table.beforeWrite = () => undefined;
      const root = await first.table.get({ pk: `execution#${ID}`, sk: 'frame#0' });
      const isRetrying = (root?.value as { attempts?: number[] } | undefined)?.attempts?.length === 1;
      const second = bench(retried, { row }, { table: first.table, clock: first.clock });
      const { output } = await second.run([0, 1]);
      // A crash before the retry was stored leaves the first attempt to go on, and it does not fail again.
      expect([isRetrying ? [] : ['before', 'fine'], ['after', 'fine']]).toContainEqual(output);
    }
  });
});
