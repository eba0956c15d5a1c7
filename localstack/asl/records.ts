/** What an execution is in the table: one head, one item per running scope (frame), one per stage, one per task token. */
import type { Json } from '#shared/json.ts';
import type { ExecutionStatus } from '#shared/ports/pipelines.ts';
import type { Key } from '#shared/ports/table.ts';

// Types, not interfaces: only a type alias is assignable to Json.

/** Small but for the input: progress and outcome live in items of their own, each within the payload limit. */
export type Head = {
  readonly machine: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Unix milliseconds at which the execution times out. */
  readonly deadline?: number;
  readonly input: Json;
};

export type Stage = {
  readonly name: string;
  readonly status: 'running' | 'succeeded' | 'failed' | 'caught';
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly error?: string;
};

/** A stage with its place in the order of start. */
export type NumberedStage = { readonly number: number; readonly stage: Stage };

/** A scope that is running: the state it is at, and all that a restart needs to go on from there. */
export type ActiveFrame = {
  readonly kind: 'active';
  readonly state: string;
  /** Raw input of the state. */
  readonly input: Json;
  readonly enteredAt: number;
  /** Number of the stage this visit of the state is. */
  readonly stage: number;
  /** Counts visits and retries; keeps the inner scopes of one visit apart from those of the next. */
  readonly visit: number;
  /** Retries made, per retrier. */
  readonly attempts: readonly number[];
  /** Unix milliseconds at which the next attempt, or the end of a Wait, is due. */
  readonly dueAt?: number;
  /** Of a task that waits for a token: the token, when its time is up, whether its function has answered. */
  readonly token?: string;
  readonly taskDeadline?: number;
  readonly isInvoked?: boolean;
  /** The stage that ended with this transition: a restart repairs the history from it. */
  readonly ended?: NumberedStage;
};

export type DoneFrame = { readonly kind: 'done'; readonly output: Json; readonly ended?: NumberedStage };

/** Only the outermost scope is ever stored as failed. */
export type FailedFrame = {
  readonly kind: 'failed';
  readonly status: ExecutionStatus;
  readonly error: { readonly name: string; readonly cause: string };
};

export type FrameRecord = ActiveFrame | DoneFrame | FailedFrame;

export type TokenOutcome =
  | { readonly ok: true; readonly output: Json }
  | { readonly ok: false; readonly error: string; readonly cause: string };

export type TokenRecord =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'answered'; readonly outcome: TokenOutcome }
  | { readonly kind: 'closed' };

const EXECUTIONS = 'executions';
/** Ids of executions to resume; may name a few that have ended. */
export const RUNNING = 'executions-running';
export const FRAME_PREFIX = 'frame#';
export const STAGE_PREFIX = 'stage#';
export const ROOT_FRAME = `${FRAME_PREFIX}0`;

const ID_PREFIX = 'arn:aws:states:local:000000000000';

export function executionId(machine: string, name: string): string {
  return `${ID_PREFIX}:execution:${machine}:${name}`;
}

export function machineId(machine: string): string {
  return `${ID_PREFIX}:stateMachine:${machine}`;
}

export function headKey(id: string): Key {
  return { pk: EXECUTIONS, sk: id };
}

export function partsOf(id: string): string {
  return `execution#${id}`;
}

export function machineIndex(machine: string): string {
  return `executions-of#${machine}`;
}

/** Sorts by start; the name tells apart what started in the same millisecond. */
export function indexKey(head: Pick<Head, 'machine' | 'startedAt' | 'name'>): Key {
  return { pk: machineIndex(head.machine), sk: `${String(head.startedAt).padStart(15, '0')}#${head.name}` };
}

export function stageSortKey(number: number): string {
  return `${STAGE_PREFIX}${String(number).padStart(6, '0')}`;
}

export function tokenKey(token: string): Key {
  return { pk: 'task-tokens', sk: token };
}
