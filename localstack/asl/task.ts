/** A Task: calls the function, under its timeout, and turns the answer or the throw into a result or an error name. */
import { randomUUID } from 'node:crypto';
import type { Json } from '#shared/json.ts';
import { abortable, Interrupted, withTimeout } from './abort.ts';
import { runtimeError, StateError } from './errors.ts';
import type { Frame } from './frame.ts';
import { functionNameOf } from './load-task.ts';
import type { TaskState } from './machine.ts';
import { isJsonObject, requirePath } from './paths.ts';
import { toJson } from './payload.ts';
import type { TokenOutcome } from './records.ts';

/** Gives the attempt its token, stored before anybody can see it, and the time by which it must be answered. */
export async function ensureToken(frame: Frame, state: TaskState): Promise<void> {
  const { tokens, now } = frame.run.around;
  const { token, taskDeadline } = frame.active;
  if (token !== undefined && !(await tokens.isClosed(token))) return tokens.open(token);
  const fresh = randomUUID();
  const seconds = timeoutSecondsOf(frame, state);
  const deadline = taskDeadline ?? (seconds && now() + seconds * 1000);
  await frame.update({
    token: fresh,
    isInvoked: false,
    ...(deadline === undefined ? {} : { taskDeadline: deadline }),
  });
  await tokens.open(fresh);
}

/** @throws StateError with the function's error name, `States.Timeout`, or what the token was answered. */
export async function runTask(frame: Frame, state: TaskState, input: Json): Promise<Json> {
  const { resource } = state;
  const seconds = timeoutSecondsOf(frame, state);
  const timeoutMs = seconds && seconds * 1000;
  if (resource.kind === 'function') return call(frame, state, resource.functionName, input, timeoutMs);
  const { name, payload } = invocationOf(state, input);
  if (resource.waitsForToken) return callAndWait(frame, state, name, payload);
  const answer = await call(frame, state, name, payload, timeoutMs);
  return { ExecutedVersion: '$LATEST', Payload: answer, StatusCode: 200 };
}

function invocationOf(state: TaskState, input: Json): { readonly name: string; readonly payload: Json } {
  const { FunctionName: name, Payload: payload } = isJsonObject(input) ? input : {};
  if (typeof name === 'string') return { name: functionNameOf(name), payload: payload ?? {} };
  throw runtimeError(`FunctionName of "${state.name}" is ${JSON.stringify(name)}; a string is needed`);
}

async function call(
  frame: Frame,
  state: TaskState,
  name: string,
  payload: Json,
  timeoutMs: number | undefined,
): Promise<Json> {
  return withTimeout(timeoutMs, frame.place.signal, timedOut(frame, state), (signal) =>
    invoke(frame, name, payload, signal),
  );
}

async function callAndWait(frame: Frame, state: TaskState, name: string, payload: Json): Promise<Json> {
  const { tokens, now } = frame.run.around;
  const { taskDeadline } = frame.active;
  const token = frame.active.token!;
  const leftMs = taskDeadline === undefined ? undefined : taskDeadline - now();
  try {
    return resultOf(
      await withTimeout(leftMs, frame.place.signal, timedOut(frame, state), async (signal) => {
        const answer = tokens.outcome(token);
        if (frame.active.isInvoked !== true) {
          const invoked = invoke(frame, name, payload, signal).then(() => undefined);
          const early = await abortable(Promise.race([answer, invoked]), signal);
          if (early !== undefined) return early;
          await frame.update({ isInvoked: true });
        }
        return abortable(answer, signal);
      }),
    );
  } catch (error) {
    if (error instanceof Interrupted ? error.reason === 'stopped' : !(error instanceof StateError))
      throw error;
    const accepted = await tokens.abandon(token);
    if (accepted === undefined || error instanceof Interrupted) throw error;
    return resultOf(accepted);
  }
}

function resultOf(outcome: TokenOutcome): Json {
  if (outcome.ok) return outcome.output;
  throw new StateError(outcome.error, outcome.cause);
}

function timedOut(frame: Frame, state: TaskState): StateError {
  return new StateError('States.Timeout', `the task took longer than ${timeoutSecondsOf(frame, state)} s`);
}

/** A path is read from the state's input, before its Parameters. */
function timeoutSecondsOf(frame: Frame, { name, timeoutSeconds, inputPath }: TaskState): number | undefined {
  if (typeof timeoutSeconds !== 'object') return timeoutSeconds;
  const scope = frame.scope(frame.active.input);
  const selected = inputPath === null ? {} : requirePath(inputPath, scope);
  const value = requirePath(timeoutSeconds, frame.scope(selected));
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw runtimeError(
    `TimeoutSecondsPath of "${name}" holds ${JSON.stringify(value)}; an integer of at least 1 is needed`,
  );
}

async function invoke(frame: Frame, name: string, payload: Json, signal: AbortSignal): Promise<Json> {
  const answered = async () => {
    try {
      return toJson(await frame.run.around.invoke(name, toJson(payload), { signal }));
    } catch (error) {
      throw functionError(error);
    }
  };
  try {
    return await abortable(answered(), signal);
  } catch (error) {
    // A function that gives up because of the signal fails for the signal's reason.
    throw signal.aborted ? signal.reason : error;
  }
}

/** As Lambda reports a throw of a Node function: its name, and a JSON cause. */
function functionError(error: unknown): StateError {
  const isError = error instanceof Error;
  const errorType = isError ? error.name : typeof error;
  const errorMessage = isError ? error.message : String(error);
  return new StateError(errorType, JSON.stringify({ errorMessage, errorType }));
}
