/** One execution while it is driven: its head, its items, and the stages that tell its history. */
import type { Json } from '#shared/json.ts';
import type { Execution, StageRecord } from '#shared/ports/pipelines.ts';
import { runtimeError } from './errors.ts';
import type { StateMachine } from './machine.ts';
import type { FrameRecord, Head, NumberedStage } from './records.ts';
import type { ExecutionStore } from './store.ts';
import type { TaskTokens } from './tokens.ts';

/** What every run of an engine shares. */
export interface Surroundings {
  readonly invoke: (
    functionName: string,
    payload: Json,
    context: { readonly signal: AbortSignal },
  ) => Promise<Json>;
  readonly now: () => number;
  /** Serves Wait and Retry; timeouts run on the process's own timers. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly waitScale: number;
  readonly tokens: TaskTokens;
  readonly onTransition: ((execution: Execution) => void) | undefined;
}

/** Step Functions ends a standard execution at 25,000 history events; this counts visits of states. */
const MAX_VISITS = 25_000;

export class Run {
  readonly store: ExecutionStore;
  readonly machine: StateMachine;
  readonly around: Surroundings;
  head: Head;
  private nextStage: number;

  constructor(store: ExecutionStore, head: Head, machine: StateMachine, around: Surroundings) {
    this.store = store;
    this.head = head;
    this.machine = machine;
    this.around = around;
    const inFrames = [...store.frames.values()].map((frame) => (frame.kind === 'active' ? frame.stage : 0));
    this.nextStage = Math.max(0, ...store.stages.keys(), ...inFrames) + 1;
  }

  /** @throws StateError at {@link MAX_VISITS}, so that a machine that loops forever ends. */
  newStage(name: string, startedAt: number): NumberedStage {
    if (this.nextStage > MAX_VISITS)
      throw runtimeError(`the execution visited ${MAX_VISITS} states, the most allowed`);
    const number = this.nextStage;
    this.nextStage += 1;
    return { number, stage: { name, status: 'running', startedAt } };
  }

  /** The stage as it ends now. */
  endedStage(number: number, status: StageRecord['status'], error?: string): NumberedStage {
    const { name, startedAt } = this.store.stages.get(number)!;
    const endedAt = this.around.now();
    return { number, stage: { name, status, startedAt, endedAt, ...(error === undefined ? {} : { error }) } };
  }

  async writeStages(...stages: readonly NumberedStage[]): Promise<void> {
    await Promise.all(stages.map(({ number, stage }) => this.store.writeStage(number, stage)));
  }

  notify(root?: FrameRecord): void {
    if (this.around.onTransition === undefined) return;
    const numbers = [...this.store.stages.keys()].sort((a, b) => a - b);
    const stages = numbers.map((number) => this.store.stages.get(number)!);
    this.around.onTransition(toExecution(this.store.id, this.head, root, stages));
  }
}

/** The stored items as the port shows them. */
export function toExecution(
  id: string,
  head: Head,
  root: FrameRecord | undefined,
  stages: readonly StageRecord[],
): Execution {
  const { name: _name, deadline: _deadline, ...visible } = head;
  const execution = { id, ...visible, stages };
  if (head.status === 'RUNNING') return execution;
  if (root?.kind === 'done') return { ...execution, output: root.output };
  return root?.kind === 'failed' ? { ...execution, error: root.error } : execution;
}
