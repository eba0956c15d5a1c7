import { describe, expect, it } from 'vitest';
import type { Json } from '#shared/json.ts';
import { bench, hang, machineOf, named, task, until } from './engine.testing.ts';

const each = (more: Record<string, Json> = {}, inner: Record<string, Json> = task('f')) => ({
  Type: 'Map',
  ItemProcessor: { StartAt: 'Inner', States: { Inner: inner } },
  ...('Next' in more ? {} : { End: true }),
  ...more,
});

describe('Map', () => {
  it('gives the outputs in the order of the items, whatever order they end in', async () => {
    const delays = [30, 1, 15];
    const f = (item: Json) =>
      new Promise((resolve) => setTimeout(resolve, delays[item as number], `r${item}`));
    expect((await bench(machineOf({ M: each() }), { f }).run([0, 1, 2])).output).toEqual(['r0', 'r1', 'r2']);
  });

  it.each([
    [1, 5, 1],
    [2, 5, 2],
    [0, 60, 40],
    [100, 60, 40],
    [50, 3, 3],
  ])('MaxConcurrency %d over %d items runs %d at once', async (MaxConcurrency, items, expected) => {
    let now = 0;
    let most = 0;
    const f = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
    };
    await bench(machineOf({ M: each({ MaxConcurrency }) }), { f }).run(Array(items).fill(0));
    expect(most).toBe(expected);
  });

  it('no items are no iterations', async () => {
    expect((await bench(machineOf({ M: each() })).run([])).output).toEqual([]);
  });

  it.each(['ItemSelector', 'Parameters'])(
    "%s builds each input from the item and the state's input",
    async (field) => {
      const machine = machineOf({
        M: each(
          {
            InputPath: '$.job',
            ItemsPath: '$.rows',
            [field]: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value.n', 'all.$': '$.mode' },
            ResultPath: '$.out',
          },
          { Type: 'Pass', Parameters: { 'got.$': '$', 'again.$': '$$.Map.Item.Index' }, End: true },
        ),
      });
      const input = { job: { mode: 'x', rows: [{ n: 7 }, { n: 8 }] } };
      expect((await bench(machine).run(input)).output).toEqual({
        ...input,
        out: [
          { got: { i: 0, v: 7, all: 'x' }, again: 0 },
          { got: { i: 1, v: 8, all: 'x' }, again: 1 },
        ],
      });
    },
  );

  it('takes Iterator, the older name of ItemProcessor', async () => {
    const machine = machineOf({
      M: { Type: 'Map', Iterator: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } }, End: true },
    });
    expect((await bench(machine).run([1, 2])).output).toEqual([1, 2]);
  });

  it('items that are no array are States.Runtime', async () => {
    const execution = await bench(machineOf({ M: each({ ItemsPath: '$.rows' }) })).run({ rows: {} });
    expect(execution.error).toEqual({
      name: 'States.Runtime',
      cause: 'ItemsPath "$.rows" of "M" holds no array',
    });
  });

  it('a failing iteration cancels the others, starts no more and fails the Map with its error', async () => {
    const aborted: Json[] = [];
    const f = (item: Json, signal: AbortSignal) => {
      if (item === 1) throw named('Broken');
      return hang(item, signal).catch((error) => {
        aborted.push(item);
        throw error;
      });
    };
    const { run, calls } = bench(machineOf({ M: each({ MaxConcurrency: 3 }) }), { f });
    const execution = await run([0, 1, 2, 3, 4]);
    expect(execution.error?.name).toBe('Broken');
    expect(calls).toHaveLength(3);
    expect(aborted).toEqual([0, 2]);
    expect(execution.stages.map(({ name, status, error }) => [name, status, error])).toEqual([
      ['M', 'failed', 'Broken'],
      ['M[0].Inner', 'failed', 'Cancelled'],
      ['M[1].Inner', 'failed', 'Broken'],
      ['M[2].Inner', 'failed', 'Cancelled'],
    ]);
  });

  it('is retried as a whole and caught as a whole', async () => {
    let calls = 0;
    const f = (item: Json) => {
      calls += 1;
      if (item === 1 && calls <= 4) throw named('Flaky');
      return calls;
    };
    const machine = (MaxAttempts: number) =>
      machineOf({
        M: each({
          MaxConcurrency: 1,
          Retry: [{ ErrorEquals: ['Flaky'], MaxAttempts }],
          Catch: [{ ErrorEquals: ['Flaky'], Next: 'Caught' }],
        }),
        Caught: { Type: 'Pass', Result: 'caught', End: true },
      });
    expect((await bench(machine(2), { f }).run([0, 1])).output).toEqual([5, 6]);
    calls = 0;
    expect((await bench(machine(1), { f }).run([0, 1])).output).toBe('caught');
  });

  it('a Map in a Map names its stages by both indices', async () => {
    const inner = each({}, { Type: 'Pass', End: true });
    const machine = machineOf({
      Outer: {
        Type: 'Map',
        MaxConcurrency: 1,
        ItemProcessor: { StartAt: 'M', States: { M: inner } },
        End: true,
      },
    });
    const { output, stages } = await bench(machine).run([[1], [2]]);
    expect(output).toEqual([[1], [2]]);
    expect(stages.map((stage) => stage.name)).toEqual([
      'Outer',
      'Outer[0].M',
      'Outer[0].M[0].Inner',
      'Outer[1].M',
      'Outer[1].M[0].Inner',
    ]);
  });

  it.each([
    [130_000, undefined],
    [132_000, 'States.DataLimitExceeded'],
  ])('two results of %d bytes: %s', async (bytes, expected) => {
    const machine = machineOf({
      M: each({ Next: 'End', ResultPath: null, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'End' }] }),
      End: { Type: 'Succeed' },
    });
    const { run, table } = bench(machine, { f: () => 'x'.repeat(bytes) });
    expect((await run([1, 2])).error?.name).toBe(expected);
    expect(table.largestBytes).toBeLessThan(350_000);
  });

  it('a Map of 500 items leaves nothing of its iterations but the stages', async () => {
    const { run, table } = bench(machineOf({ M: each({}, { Type: 'Pass', End: true }) }));
    const { id, stages } = await run(Array(500).fill(0));
    expect(stages).toHaveLength(501);
    const left = await table.query(`execution#${id}`, { prefix: 'frame#' });
    expect(left.items.map((item) => item.sk)).toEqual(['frame#0']);
  });
});

describe('Parallel', () => {
  const branch = (name: string, state: Json) => ({ StartAt: name, States: { [name]: state } });

  it('gives every branch the input and collects the outputs in their order', async () => {
    const machine = machineOf({
      P: {
        Type: 'Parallel',
        Parameters: { 'n.$': '$.n' },
        Branches: [
          branch('Slow', task('slow')),
          branch('Fast', { Type: 'Pass', Parameters: { 'plus.$': 'States.MathAdd($.n, 1)' }, End: true }),
        ],
        ResultSelector: { 'first.$': '$[0]', 'second.$': '$[1].plus' },
        ResultPath: '$.both',
        End: true,
      },
    });
    const slow = () => new Promise((resolve) => setTimeout(resolve, 10, 'slow'));
    const { output, stages } = await bench(machine, { slow }).run({ n: 1 });
    expect(output).toEqual({ n: 1, both: { first: 'slow', second: 2 } });
    expect(stages.map((stage) => stage.name)).toEqual(['P', 'P[0].Slow', 'P[1].Fast']);
  });

  it("a failing branch cancels the waits and calls of the others; its error is the Parallel's", async () => {
    let isAborted = false;
    const machine = machineOf({
      P: {
        Type: 'Parallel',
        Branches: [
          branch('Calls', task('hang')),
          branch('Waits', { Type: 'Wait', Seconds: 3600, End: true }),
          branch('Fails', task('fails')),
        ],
        Catch: [{ ErrorEquals: ['Broken'], Next: 'After', ResultPath: '$.error' }],
        End: true,
      },
      After: { Type: 'Pass', InputPath: '$.error.Error', End: true },
    });
    const functions = {
      hang: (_: Json, signal: AbortSignal) =>
        hang(_, signal).catch((error) => {
          isAborted = true;
          throw error;
        }),
      fails: async () => {
        await until(() => isWaiting);
        throw named('Broken');
      },
    };
    let isWaiting = false;
    const sleep = () => {
      isWaiting = true;
      return new Promise<void>(() => undefined);
    };
    const execution = await bench(machine, functions, { sleep }).run({});
    expect(execution.output).toBe('Broken');
    expect(isAborted).toBe(true);
    expect(execution.stages.map(({ name, status, error }) => [name, status, error])).toEqual([
      ['P', 'caught', 'Broken'],
      ['P[0].Calls', 'failed', 'Cancelled'],
      ['P[1].Waits', 'failed', 'Cancelled'],
      ['P[2].Fails', 'failed', 'Broken'],
      ['After', 'succeeded', undefined],
    ]);
  });

  it('a Fail state in a branch fails the Parallel with its error', async () => {
    const machine = machineOf({
      P: {
        Type: 'Parallel',
        Branches: [branch('F', { Type: 'Fail', Error: 'No', Cause: 'why' })],
        End: true,
      },
    });
    expect((await bench(machine).run()).error).toEqual({ name: 'No', cause: 'why' });
  });

  it('a Catch of States.ALL does not save a branch that fails with States.Runtime', async () => {
    const machine = machineOf({
      P: {
        Type: 'Parallel',
        Branches: [branch('R', { Type: 'Pass', InputPath: '$.gone', End: true })],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'After' }],
        End: true,
      },
      After: { Type: 'Succeed' },
    });
    expect((await bench(machine).run()).error?.name).toBe('States.Runtime');
  });
});
