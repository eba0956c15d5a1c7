/** Takes one execution from where it is stored to its end, whatever that is. */
import type { Table } from '#shared/ports/table.ts';
import { Interrupted, withTimeout } from './abort.ts';
import { runtimeError, StateError, UnknownExecutionError } from './errors.ts';
import { runScope } from './loop.ts';
import type { StateMachine } from './machine.ts';
import { type DoneFrame, type FailedFrame, ROOT_FRAME } from './records.ts';
import { Run, type Surroundings } from './run.ts';
import { ExecutionStore } from './store.ts';

interface Drive {
  readonly id: string;
  readonly table: Table;
  readonly machineOf: (name: string) => StateMachine | undefined;
  readonly around: Surroundings;
  readonly signal: AbortSignal;
}

/** Runs of a machine that is gone still have to end. */
const NO_MACHINE: StateMachine = { startAt: '', states: new Map(), timeoutSeconds: undefined };

/** @throws Interrupted (stopped), or what the table throws; the execution stays RUNNING then. */
export async function driveExecution({ id, table, machineOf, around, signal }: Drive): Promise<void> {
  const store = new ExecutionStore(table, id);
  const head = await store.load();
  if (head === undefined) throw new UnknownExecutionError(id);
  const machine = machineOf(head.machine);
  const run = new Run(store, head, machine ?? NO_MACHINE, around);
  if (head.status === 'RUNNING') {
    signal.throwIfAborted();
    await end(run, machine === undefined ? gone(run) : await outcomeOf(run, signal));
  }
  await store.dropInnerFrames(ROOT_FRAME);
  await store.clearRunning();
}

function gone(run: Run): FailedFrame {
  return failed(runtimeError(`state machine "${run.head.machine}" is not loaded any more`));
}

function failed(error: StateError, status: FailedFrame['status'] = 'FAILED'): FailedFrame {
  return { kind: 'failed', status, error: { name: error.error, cause: error.causeText } };
}

async function outcomeOf(run: Run, signal: AbortSignal): Promise<DoneFrame | FailedFrame> {
  const stored = run.store.frames.get(ROOT_FRAME);
  if (stored?.kind === 'failed') return stored;
  const { deadline, input } = run.head;
  const leftMs = deadline === undefined || stored?.kind === 'done' ? undefined : deadline - run.around.now();
  try {
    const output = await withTimeout(leftMs, signal, new Interrupted('timed-out'), (within) =>
      runScope(run, { graph: run.machine, sk: ROOT_FRAME, prefix: '', signal: within }, () => input),
    );
    return { kind: 'done', output };
  } catch (error) {
    if (error instanceof StateError) return failed(error);
    if (!(error instanceof Interrupted) || error.reason !== 'timed-out') throw error;
    const timeout = new StateError(
      'States.Timeout',
      `the execution took longer than ${run.machine.timeoutSeconds} s`,
    );
    return failed(timeout, 'TIMED_OUT');
  }
}

async function end(run: Run, root: DoneFrame | FailedFrame): Promise<void> {
  const { store, around } = run;
  if (root.kind === 'failed') {
    await store.writeFrame(ROOT_FRAME, root);
    await endWhatIsLeft(run, root.error.name);
  }
  run.head = { ...run.head, status: root.kind === 'done' ? 'SUCCEEDED' : root.status, endedAt: around.now() };
  await store.writeHead(run.head);
  run.notify(root);
}

/** Stages and tokens that no running scope closed: the execution ended before it was taken up again. */
async function endWhatIsLeft(run: Run, error: string): Promise<void> {
  const open = [...run.store.stages].filter(([, stage]) => stage.status === 'running');
  await run.writeStages(...open.map(([number]) => run.endedStage(number, 'failed', error)));
  for (const frame of run.store.frames.values()) {
    if (frame.kind === 'active' && frame.token !== undefined) await run.around.tokens.abandon(frame.token);
  }
}
