/** A paused model answers no batch. Asked of the store each time: a nightly batch must not go by what was known the night before. */
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { type Pause, readPause } from '#shared/registry/pause.ts';

/** A person resumes it: asking more often is of no use. */
const RETRY_SECONDS = '300';

/**
 * A store that does not answer stops no predictions, here as elsewhere.
 *
 * @throws {ProblemError} 503 with who paused the model, since when and why
 */
export async function assertTakesBatches(deps: Pick<Deps, 'state' | 'log'>, model: string): Promise<void> {
  const pause = await readOrGoOn(deps, model);
  if (!pause?.paused) return;
  const { at, actor, reason } = pause.change;
  const since = new Date(at).toISOString();
  throw new ProblemError(
    503,
    `batch predictions of "${model}" are paused since ${since} by ${actor}: ${reason}; single predictions go on, and an operator resumes batches`,
    { paused: { since, actor, reason } },
    { 'retry-after': RETRY_SECONDS },
  );
}

async function readOrGoOn(deps: Pick<Deps, 'state' | 'log'>, model: string): Promise<Pause | undefined> {
  try {
    return await readPause(deps, model);
  } catch (error) {
    deps.log('error', 'whether batches are paused could not be read; they go on', {
      model,
      error: String(error),
    });
    return undefined;
  }
}
