/** Long-running state machines (Step Functions on AWS, our interpreter of the same file elsewhere). */
import type { Json } from '../json.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface StageRecord {
  /** State name; an iteration of a Map or a branch of a Parallel is `State[index].Inner`. */
  readonly name: string;
  readonly status: 'running' | 'succeeded' | 'failed' | 'caught';
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly error?: string;
}

export interface Execution {
  readonly id: string;
  readonly machine: string;
  readonly status: ExecutionStatus;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly input: Json;
  readonly output?: Json;
  readonly error?: { readonly name: string; readonly cause: string };
  /** In order of start; empty where the engine keeps its history elsewhere. */
  readonly stages: readonly StageRecord[];
}

export interface Pipelines {
  /**
   * Starts `machine` under `name` (`[A-Za-z0-9_-]{1,80}`). The same name and input again starts nothing and answers the
   * execution that has it: that is how a storm of triggers becomes one run.
   */
  start(
    machine: string,
    name: string,
    input: Json,
  ): Promise<{ readonly id: string; readonly started: boolean }>;
  describe(id: string): Promise<Execution | undefined>;
  /** Newest first. */
  list(machine: string, limit?: number): Promise<readonly Execution[]>;
  /** Answers a task that waits for a token. */
  signal(
    token: string,
    outcome:
      | { readonly ok: true; readonly output: Json }
      | { readonly ok: false; readonly error: string; readonly cause: string },
  ): Promise<void>;
}
