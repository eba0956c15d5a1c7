/** A state machine as the loader hands it to the engine: every field parsed, every target known to exist. */
import type { Json } from '#shared/json.ts';
import type { Rule } from './choice.ts';
import type { Expression } from './expressions.ts';
import type { Path } from './paths.ts';
import type { Catcher, Retrier } from './recovery.ts';
import type { Template } from './template.ts';

/** States of one scope: the machine itself, a Parallel's branch, or what a Map runs per item. */
export interface StateGraph {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export interface StateMachine extends StateGraph {
  /** Of the whole execution; it ends TIMED_OUT after that. */
  readonly timeoutSeconds: number | undefined;
}

interface Common {
  readonly name: string;
  /** null selects nothing: `{}`. */
  readonly inputPath: Path | null;
  readonly outputPath: Path | null;
}

interface Continuing extends Common {
  /** Absent where the state ends its scope. */
  readonly next: string | undefined;
}

interface WithResult extends Continuing {
  readonly parameters: Template | undefined;
  /** Fields below `$`; null drops the result. */
  readonly resultPath: readonly string[] | null;
}

interface Working extends WithResult {
  readonly resultSelector: Template | undefined;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export type TaskResource =
  /** A plain Lambda ARN: the effective input goes in, the function's answer comes out. */
  | { readonly kind: 'function'; readonly functionName: string }
  /** `lambda:invoke`: `{FunctionName, Payload}` goes in, `{Payload, StatusCode, …}` or the token's answer comes out. */
  | { readonly kind: 'invoke'; readonly waitsForToken: boolean };

export interface TaskState extends Working {
  readonly type: 'Task';
  readonly resource: TaskResource;
  /** Of one attempt; a path is read from the state's input. */
  readonly timeoutSeconds: number | Path | undefined;
}

export interface MapState extends Working {
  readonly type: 'Map';
  readonly itemsPath: Path;
  readonly itemSelector: Template | undefined;
  readonly maxConcurrency: number;
  readonly processor: StateGraph;
}

export interface ParallelState extends Working {
  readonly type: 'Parallel';
  readonly branches: readonly StateGraph[];
}

export interface PassState extends WithResult {
  readonly type: 'Pass';
  /** Absent: the effective input. */
  readonly result: Json | undefined;
}

export interface ChoiceState extends Common {
  readonly type: 'Choice';
  readonly choices: readonly { readonly rule: Rule; readonly next: string }[];
  readonly default: string | undefined;
}

export type WaitUntil =
  | { readonly kind: 'seconds'; readonly seconds: number | Path }
  | { readonly kind: 'timestamp'; readonly timestamp: string | Path };

export interface WaitState extends Continuing {
  readonly type: 'Wait';
  readonly until: WaitUntil;
}

interface SucceedState extends Common {
  readonly type: 'Succeed';
}

export interface FailState extends Common {
  readonly type: 'Fail';
  readonly error: string | Expression;
  readonly cause: string | Expression;
}

export type WorkingState = TaskState | MapState | ParallelState;
export type State = WorkingState | PassState | ChoiceState | WaitState | SucceedState | FailState;
