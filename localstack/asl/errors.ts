/** The ASL interpreter's errors: what a file may not contain, what an execution fails with, what a caller did wrong. */
import { TaskNotWaitingError } from '#shared/ports/errors.ts';

/** The file uses a part of the Amazon States Language (or of its JSONPath subset) that this interpreter does not run. */
export class UnsupportedAslError extends Error {
  override readonly name = 'UnsupportedAslError';
  /** The state it stands in; `(machine)` outside the states. */
  readonly state: string;

  constructor(state: string, what: string) {
    super(`state "${state}": ${what} is not supported`);
    this.state = state;
  }
}

/** The file is not a well-formed state machine. */
export class InvalidAslError extends Error {
  override readonly name = 'InvalidAslError';
  readonly state: string;

  constructor(state: string, problem: string, options?: ErrorOptions) {
    super(`state "${state}": ${problem}`, options);
    this.state = state;
  }
}

/** `${Name}` stands in the file and no substitution of that name was given. */
export class MissingSubstitutionError extends Error {
  override readonly name = 'MissingSubstitutionError';

  constructor(missing: string, given: readonly string[]) {
    super(`no substitution for \${${missing}}; given: ${given.join(', ') || 'none'}`);
  }
}

/** A piece of syntax outside the supported subset; the loader adds the state's name. */
export class UnsupportedSyntaxError extends Error {
  override readonly name = 'UnsupportedSyntaxError';
}

/** What a state fails with: the error name that Retry and Catch match, and its cause. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly error: string;
  readonly causeText: string;

  constructor(error: string, causeText: string) {
    super(`${error}: ${causeText}`);
    // The lengths Step Functions keeps of each.
    this.error = error.slice(0, 256);
    this.causeText = causeText.slice(0, 32_768);
  }
}

/** The errors Step Functions reports under `States.Runtime`: a missing path, a bad intrinsic argument, no matching choice. */
export function runtimeError(cause: string): StateError {
  return new StateError('States.Runtime', cause);
}

/** The name already belongs to an execution with another input. */
export class ExecutionNameTakenError extends Error {
  override readonly name = 'ExecutionNameTakenError';

  constructor(id: string) {
    super(`execution ${id} exists with another input; the same name may only be started with the same input`);
  }
}

export class InvalidExecutionNameError extends Error {
  override readonly name = 'InvalidExecutionNameError';

  constructor(given: string) {
    super(`execution name "${given}" is not allowed; it must match [A-Za-z0-9_-]{1,80}`);
  }
}

export class ExecutionInputTooLargeError extends Error {
  override readonly name = 'ExecutionInputTooLargeError';

  constructor(bytes: number, allowed: number) {
    super(`the execution's input has ${bytes} bytes; at most ${allowed} are allowed`);
  }
}

export class UnknownMachineError extends Error {
  override readonly name = 'UnknownMachineError';

  constructor(machine: string, known: readonly string[]) {
    super(`no state machine "${machine}"; known: ${known.join(', ') || 'none'}`);
  }
}

export class UnknownExecutionError extends Error {
  override readonly name = 'UnknownExecutionError';

  constructor(id: string) {
    super(`no execution "${id}"`);
  }
}

/** The execution is RUNNING in the store, but nothing here drives it: `resume()` was not called, or it was stopped. */
export class ExecutionNotDrivenError extends Error {
  override readonly name = 'ExecutionNotDrivenError';

  constructor(id: string) {
    super(`execution ${id} is RUNNING but not driven by this engine; call resume() first`);
  }
}

export class EngineStoppedError extends Error {
  override readonly name = 'EngineStoppedError';

  constructor() {
    super('the engine was stopped; create another on the same table and resume()');
  }
}

export class UnknownTaskTokenError extends TaskNotWaitingError {
  constructor(token: string) {
    super(`no task waits for token "${token}"`);
  }
}

/** The token was answered before, or its task has ended without it (timeout, cancelled, failed). */
export class TaskTokenUsedError extends TaskNotWaitingError {
  constructor(token: string) {
    super(`task token "${token}" was already used, or its task has ended`);
  }
}

/** Somebody else wrote an item of an execution this engine drives: there may be only one driving process. */
export class ExecutionConflictError extends Error {
  override readonly name = 'ExecutionConflictError';

  constructor(key: { readonly pk: string; readonly sk: string }) {
    super(`item ${key.pk} / ${key.sk} changed under this engine; only one process may drive executions`);
  }
}
