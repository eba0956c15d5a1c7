/** What one visit of a state does, by type, between its raw input and its output. */
import type { Json } from '#shared/json.ts';
import { type RunInner, runMap, runParallel } from './children.ts';
import { ruleHolds } from './choice.ts';
import { runtimeError, StateError } from './errors.ts';
import { type Expression, evaluate } from './expressions.ts';
import type { Frame, Step } from './frame.ts';
import type { ChoiceState, FailState, PassState, State, WaitState, WorkingState } from './machine.ts';
import { type Path, requirePath, writeResult } from './paths.ts';
import { withinLimit } from './payload.ts';
import { ensureToken, runTask } from './task.ts';
import { fillTemplate, type Template } from './template.ts';
import { parseTimestamp } from './timestamps.ts';

/** @throws StateError as the state reports it, before Retry and Catch. */
export async function runState(frame: Frame, state: State, runInner: RunInner): Promise<Step> {
  switch (state.type) {
    case 'Task':
    case 'Map':
    case 'Parallel': {
      const result = await work(frame, state, runInner);
      const selected =
        state.resultSelector === undefined ? result : fill(frame, state.resultSelector, result);
      return { output: outputWith(frame, state, selected), next: state.next };
    }
    case 'Pass':
      return { output: passed(frame, state), next: state.next };
    case 'Choice':
      return choose(frame, state);
    case 'Wait':
      return wait(frame, state);
    case 'Succeed':
      return { output: leave(frame, state, enter(frame, state)), next: undefined };
    case 'Fail':
      throw failureOf(frame, state);
  }
}

async function work(frame: Frame, state: WorkingState, runInner: RunInner): Promise<Json> {
  if (state.type === 'Task') {
    if (state.resource.kind === 'invoke' && state.resource.waitsForToken) await ensureToken(frame, state);
    return withinLimit(await runTask(frame, state, enter(frame, state)), `the result of "${state.name}"`);
  }
  const input = enter(frame, state);
  const outputs = await (state.type === 'Map'
    ? runMap(frame, state, input, runInner)
    : runParallel(frame, state, input, runInner));
  return withinLimit(outputs, `the result of "${state.name}"`);
}

/** The effective input: InputPath, then Parameters. */
function enter(frame: Frame, state: State): Json {
  const selected = select(frame, state.inputPath, frame.active.input);
  const parameters = 'parameters' in state ? state.parameters : undefined;
  const effective = parameters === undefined ? selected : fill(frame, parameters, selected);
  return withinLimit(effective, `the input of "${state.name}"`);
}

/** The output a result leads to: ResultPath into the raw input, then OutputPath. */
function outputWith(frame: Frame, state: WorkingState | PassState, result: Json): Json {
  const { input } = frame.active;
  return leave(
    frame,
    state,
    state.resultPath === null ? input : writeResult(input, state.resultPath, result),
  );
}

function leave(frame: Frame, state: State, output: Json): Json {
  return withinLimit(select(frame, state.outputPath, output), `the output of "${state.name}"`);
}

function select(frame: Frame, path: Path | null, data: Json): Json {
  return path === null ? {} : requirePath(path, frame.scope(data));
}

function fill(frame: Frame, template: Template, data: Json): Json {
  return fillTemplate(template, frame.scope(data));
}

function passed(frame: Frame, state: PassState): Json {
  const effective = enter(frame, state);
  return outputWith(frame, state, state.result === undefined ? effective : state.result);
}

function choose(frame: Frame, state: ChoiceState): Step {
  const input = enter(frame, state);
  const scope = frame.scope(input);
  const next = state.choices.find((choice) => ruleHolds(choice.rule, scope))?.next ?? state.default;
  if (next === undefined) throw runtimeError(`no choice of "${state.name}" matched and it has no Default`);
  return { output: leave(frame, state, input), next };
}

async function wait(frame: Frame, state: WaitState): Promise<Step> {
  const input = enter(frame, state);
  const { now, waitScale } = frame.run.around;
  if (frame.active.dueAt === undefined) {
    const startedAt = now();
    const delayMs = Math.max(0, delayOf(frame, state, input, startedAt));
    await frame.update({ dueAt: startedAt + delayMs * waitScale });
  }
  await frame.pause();
  return { output: leave(frame, state, input), next: state.next };
}

function delayOf(frame: Frame, { name, until }: WaitState, input: Json, now: number): number {
  const given = until.kind === 'seconds' ? until.seconds : until.timestamp;
  const value = typeof given === 'object' ? requirePath(given, frame.scope(input)) : given;
  if (until.kind === 'seconds') {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value * 1000;
    throw runtimeError(
      `SecondsPath of "${name}" holds ${JSON.stringify(value)}; an integer of at least 0 is needed`,
    );
  }
  const timestamp = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (timestamp !== undefined) return timestamp - now;
  throw runtimeError(
    `TimestampPath of "${name}" holds ${JSON.stringify(value)}; an RFC 3339 timestamp is needed`,
  );
}

function failureOf(frame: Frame, state: FailState): StateError {
  const text = (field: string, source: string | Expression): string => {
    const value = typeof source === 'string' ? source : evaluate(source, frame.scope(frame.active.input));
    if (typeof value === 'string') return value;
    throw runtimeError(`${field}Path of "${state.name}" holds ${JSON.stringify(value)}; a string is needed`);
  };
  return new StateError(text('Error', state.error), text('Cause', state.cause));
}
