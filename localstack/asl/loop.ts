/** Runs a scope state by state until it ends: attempts, then Retry, then Catch, then failure. */
import type { Json } from '#shared/json.ts';
import { StateError } from './errors.ts';
import { Frame, type Place, type Step } from './frame.ts';
import type { State, WorkingState } from './machine.ts';
import { writeResult } from './paths.ts';
import { withinLimit } from './payload.ts';
import { matchesError, nextRetry } from './recovery.ts';
import type { Run } from './run.ts';
import { runState } from './states.ts';

/**
 * Runs the scope at a place to its end, from where it was stored.
 *
 * @param input of its first state, asked for only if the scope was not begun before.
 * @throws StateError if it fails, Interrupted if it is cut short.
 */
export async function runScope(run: Run, place: Place, input: () => Json): Promise<Json> {
  const frame = await Frame.open(run, place, input);
  try {
    while (frame.output === undefined) {
      place.signal.throwIfAborted();
      await frame.advance(await visit(frame));
    }
    return frame.output.value;
  } catch (error) {
    await frame.fail(error);
    throw error;
  }
}

async function visit(frame: Frame): Promise<Step> {
  const { state } = frame;
  for (;;) {
    try {
      if (isWorking(state)) await frame.pause();
      return await runState(frame, state, (place, input) => runScope(frame.run, place, input));
    } catch (error) {
      if (!(error instanceof StateError) || !isWorking(state)) throw error;
      const step = await recover(frame, state, error);
      if (step !== undefined) return step;
    }
  }
}

function isWorking(state: State): state is WorkingState {
  return state.type === 'Task' || state.type === 'Map' || state.type === 'Parallel';
}

/** The way a Catch takes; undefined to try again. @throws the error itself if nothing takes it. */
async function recover(frame: Frame, state: WorkingState, error: StateError): Promise<Step | undefined> {
  const { attempts, input } = frame.active;
  const retry = nextRetry(state.retry, attempts, error, frame.run.around.random);
  if (retry !== undefined) {
    await frame.retry(retry.index, retry.delayMs);
    return undefined;
  }
  const catcher = state.catch.find((candidate) => matchesError(candidate.errorEquals, error.error));
  if (catcher === undefined) throw error;
  const failure = { Error: error.error, Cause: error.causeText };
  const output = catcher.resultPath === null ? input : writeResult(input, catcher.resultPath, failure);
  return {
    output: withinLimit(output, `the output of "${state.name}"`),
    next: catcher.next,
    caught: error.error,
  };
}
