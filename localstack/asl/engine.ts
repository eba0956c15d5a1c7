/** The embedded pipeline engine: runs loaded state machines durably on the Table port, in one process. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '#shared/json.ts';
import type { Execution, Pipelines } from '#shared/ports/pipelines.ts';
import type { Table } from '#shared/ports/table.ts';
import { Interrupted, sleepFor } from './abort.ts';
import { driveExecution } from './drive.ts';
import {
  EngineStoppedError,
  ExecutionInputTooLargeError,
  ExecutionNameTakenError,
  ExecutionNotDrivenError,
  InvalidExecutionNameError,
  UnknownExecutionError,
  UnknownMachineError,
} from './errors.ts';
import type { StateMachine } from './machine.ts';
import { MAX_PAYLOAD_BYTES, payloadBytes, toJson } from './payload.ts';
import { executionId, type Head, headKey, indexKey, machineIndex, RUNNING } from './records.ts';
import { type Surroundings, toExecution } from './run.ts';
import { queryAll, readRootFrame, readStages, recordOf } from './store.ts';
import { TaskTokens } from './tokens.ts';

export interface EngineDependencies {
  readonly table: Table;
  /** Loaded files by the name they are started by. */
  readonly machines: Readonly<Record<string, StateMachine>>;
  /** Calls a function; what it throws is the task's error, named by the error's `name`. */
  readonly invoke: Surroundings['invoke'];
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Sleeps through Wait and Retry; the process's timers unless given. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1); serves jitter and States.MathRandom. */
  readonly random?: () => number;
  /** Told after every change of a stage and at the end; what it throws goes to `onError`. */
  readonly onTransition?: (execution: Execution) => void;
  /** Told of what is no failure of a state (the table, a bug). The execution stays RUNNING and can be resumed. */
  readonly onError?: (executionId: string, error: unknown) => void;
  /** Multiplies Wait and Retry delays, not timeouts; default 1. */
  readonly waitScale?: number;
}

export interface Engine extends Pipelines {
  /** Continues every RUNNING execution of the table from its last stored point; answers how many. */
  resume(): Promise<number>;
  /** Aborts waits and invocations; what was RUNNING stays so in the table. Final: create another engine to go on. */
  stop(): Promise<void>;
  /**
   * The execution once it has ended.
   *
   * @throws UnknownExecutionError | ExecutionNotDrivenError | EngineStoppedError
   */
  settled(id: string): Promise<Execution>;
}

const DEFAULT_LIST_LIMIT = 20;
const NAME = /^[A-Za-z0-9_-]{1,80}$/;

/**
 * Creates the engine. Progress is stored after every state, so after a crash or {@link Engine.stop} another engine on
 * the same table goes on with `resume()`: finished states, iterations and branches are not run again, the task that was
 * under way is (at least once). Only one process may drive the executions of a table.
 *
 * @example
 * const engine = createEngine({ table, machines: { retrain }, invoke, now: Date.now });
 * await engine.resume();
 * const { id } = await engine.start('retrain', 'iris-2024-08-18', { model: 'iris' });
 * (await engine.settled(id)).status; // 'SUCCEEDED'
 */
export function createEngine(deps: EngineDependencies): Engine {
  return new EmbeddedEngine(deps);
}

interface Driven {
  readonly controller: AbortController;
  readonly ended: Promise<Execution>;
}

class EmbeddedEngine implements Engine {
  private readonly table: Table;
  private readonly machines: ReadonlyMap<string, StateMachine>;
  private readonly around: Surroundings;
  private readonly onError: (executionId: string, error: unknown) => void;
  private readonly driven = new Map<string, Driven>();
  private isStopped = false;

  constructor(deps: EngineDependencies) {
    this.table = deps.table;
    this.machines = new Map(Object.entries(deps.machines));
    this.onError = deps.onError ?? (() => undefined);
    this.around = {
      invoke: deps.invoke,
      now: deps.now,
      sleep: deps.sleep ?? sleepFor,
      random: deps.random ?? Math.random,
      waitScale: deps.waitScale ?? 1,
      tokens: new TaskTokens(deps.table, deps.now),
      onTransition: deps.onTransition && ((execution) => this.tell(deps.onTransition!, execution)),
    };
  }

  async start(machine: string, name: string, input: Json) {
    if (this.isStopped) throw new EngineStoppedError();
    const definition = this.machines.get(machine);
    if (definition === undefined) throw new UnknownMachineError(machine, [...this.machines.keys()]);
    if (!NAME.test(name)) throw new InvalidExecutionNameError(name);
    const head = this.newHead(machine, name, toJson(input), definition);
    const id = executionId(machine, name);
    const existing = await this.table.get(headKey(id));
    if (existing !== undefined) return this.answerExisting(id, recordOf<Head>(existing)!, head);
    // The head comes last: once it is there, the execution can be found and resumed.
    await this.table.putIfAbsent({ pk: RUNNING, sk: id }, null);
    await this.table.putIfAbsent(indexKey(head), { id });
    const put = await this.table.putIfAbsent(headKey(id), head);
    if (!put.stored) return this.answerExisting(id, recordOf<Head>(put.existing) ?? head, head);
    this.drive(id);
    return { id, started: true };
  }

  async describe(id: string): Promise<Execution | undefined> {
    const head = recordOf<Head>(await this.table.get(headKey(id)));
    if (head === undefined) return undefined;
    const root = head.status === 'RUNNING' ? undefined : await readRootFrame(this.table, id);
    return toExecution(id, head, root, await readStages(this.table, id));
  }

  async list(machine: string, limit = DEFAULT_LIST_LIMIT): Promise<readonly Execution[]> {
    const executions: Execution[] = [];
    for await (const item of queryAll(this.table, machineIndex(machine), { reverse: true })) {
      if (executions.length >= limit) break;
      const execution = await this.describe(recordOf<{ id: string }>(item)!.id);
      // A start that was lost before its head was written left an entry that is nobody's, or of an older moment.
      if (execution !== undefined && Number(item.sk.split('#')[0]) === execution.startedAt)
        executions.push(execution);
    }
    return executions;
  }

  async signal(token: string, outcome: Parameters<Pipelines['signal']>[1]): Promise<void> {
    await this.around.tokens.answer(token, outcome);
  }

  async resume(): Promise<number> {
    if (this.isStopped) throw new EngineStoppedError();
    let resumed = 0;
    for await (const { sk: id } of queryAll(this.table, RUNNING)) {
      const head = recordOf<Head>(await this.table.get(headKey(id)));
      if (head === undefined || this.driven.has(id)) continue;
      if (head.status === 'RUNNING') resumed += 1;
      this.drive(id);
    }
    return resumed;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    const driven = [...this.driven.values()];
    for (const { controller } of driven) controller.abort(new Interrupted('stopped'));
    await Promise.allSettled(driven.map(({ ended }) => ended));
  }

  async settled(id: string): Promise<Execution> {
    const driven = this.driven.get(id);
    if (driven !== undefined) return driven.ended;
    const execution = await this.describe(id);
    if (execution === undefined) throw new UnknownExecutionError(id);
    if (execution.status !== 'RUNNING') return execution;
    throw this.isStopped ? new EngineStoppedError() : new ExecutionNotDrivenError(id);
  }

  private tell(listener: (execution: Execution) => void, execution: Execution): void {
    try {
      listener(execution);
    } catch (error) {
      this.onError(execution.id, error);
    }
  }

  private newHead(machine: string, name: string, input: Json, definition: StateMachine): Head {
    const bytes = payloadBytes(input);
    if (bytes > MAX_PAYLOAD_BYTES) throw new ExecutionInputTooLargeError(bytes, MAX_PAYLOAD_BYTES);
    const startedAt = this.around.now();
    const { timeoutSeconds } = definition;
    const deadline = timeoutSeconds === undefined ? {} : { deadline: startedAt + timeoutSeconds * 1000 };
    return { machine, name, status: 'RUNNING', startedAt, ...deadline, input };
  }

  /** The same start again: answers the execution that has the name, and drives it if nobody does. */
  private answerExisting(id: string, existing: Head, wanted: Head) {
    if (!isDeepStrictEqual(existing.input, wanted.input)) throw new ExecutionNameTakenError(id);
    if (existing.status === 'RUNNING') this.drive(id);
    return { id, started: false };
  }

  private drive(id: string): void {
    if (this.driven.has(id) || this.isStopped) return;
    const controller = new AbortController();
    const ended = this.driveToEnd(id, controller.signal);
    this.driven.set(id, { controller, ended });
    // Whoever asks for `ended` sees the rejection; nobody has to.
    ended.catch(() => undefined);
  }

  private async driveToEnd(id: string, signal: AbortSignal): Promise<Execution> {
    try {
      const machineOf = (name: string) => this.machines.get(name);
      await driveExecution({ id, table: this.table, machineOf, around: this.around, signal });
      return (await this.describe(id))!;
    } catch (error) {
      if (error instanceof Interrupted) throw new EngineStoppedError();
      this.onError(id, error);
      throw error;
    } finally {
      this.driven.delete(id);
    }
  }
}
