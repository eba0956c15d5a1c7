/** Test support: an engine on a table in memory, with a clock that moves only when somebody sleeps. */
import type { Json } from '#shared/json.ts';
import type { Execution } from '#shared/ports/pipelines.ts';
import { MemoryTable } from '#shared/testing/memory-table.ts';
import { createEngine, type Engine, type EngineDependencies } from './engine.ts';
import { loadStateMachine } from './load.ts';

export type Functions = Readonly<Record<string, (payload: Json, signal: AbortSignal) => unknown>>;

/** Sunday, 2024-08-18T00:00:00Z. */
export const START_MS = Date.UTC(2024, 7, 18);

export interface Bench {
  readonly table: MemoryTable;
  readonly engine: Engine;
  /** Every sleep asked for, in ms. */
  readonly sleeps: number[];
  /** Names of the functions called, in order. */
  readonly calls: string[];
  readonly clock: { ms: number };
  readonly faults: unknown[];
  /** Starts the only machine and waits for its end. */
  run(input?: Json, name?: string): Promise<Execution>;
}

interface BenchOptions extends Partial<Omit<EngineDependencies, 'table' | 'machines' | 'invoke' | 'now'>> {
  readonly table?: MemoryTable;
  readonly clock?: { ms: number };
}

/** A machine of these states, starting at the first. */
export function machineOf(states: Readonly<Record<string, Json>>, more: Readonly<Record<string, Json>> = {}) {
  return loadStateMachine(JSON.stringify({ StartAt: Object.keys(states)[0], States: states, ...more }), {});
}

/** A task that calls the named function directly. */
export function task(functionName: string, more: Readonly<Record<string, Json>> = {}) {
  const ends = 'Next' in more ? {} : { End: true };
  return {
    Type: 'Task',
    Resource: `arn:aws:lambda:local:000000000000:function:${functionName}`,
    ...ends,
    ...more,
  };
}

/** A task whose answer comes by token; the function gets `{ token }`. */
export function tokenTask(functionName: string, more: Readonly<Record<string, Json>> = {}) {
  return task(functionName, {
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Parameters: { FunctionName: functionName, Payload: { 'token.$': '$$.Task.Token' } },
    ...more,
  });
}

export function bench(
  machine: ReturnType<typeof machineOf>,
  functions: Functions = {},
  options: BenchOptions = {},
): Bench {
  const clock = options.clock ?? { ms: START_MS };
  const table = options.table ?? new MemoryTable(() => clock.ms);
  const sleeps: number[] = [];
  const calls: string[] = [];
  const faults: unknown[] = [];
  const engine = createEngine({
    sleep: async (ms) => {
      sleeps.push(ms);
      clock.ms += ms;
    },
    onError: (_, error) => faults.push(error),
    ...options,
    table,
    machines: { machine },
    now: () => clock.ms,
    invoke: async (name, payload, { signal }) => {
      calls.push(name);
      return (await functions[name]!(payload, signal)) as Json;
    },
  });
  const run = async (input: Json = {}, name = 'run-1') => {
    const { id } = await engine.start('machine', name, input);
    return engine.settled(id);
  };
  return { table, engine, sleeps, calls, clock, faults, run };
}

/** An error with a name, as a function throws it. */
export function named(name: string, message = 'it broke'): Error {
  return Object.assign(new Error(message), { name });
}

/** Never answers; rejects when told to give up. */
export function hang(_: Json, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

/** Resolves once the condition holds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i += 1) {
    if (i > 2000) throw new Error('it did not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
