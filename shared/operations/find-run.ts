/** One run as the engine and the registry know it. */
import type { Deps } from '../deps.ts';
import { ProblemError } from '../errors.ts';
import type { Execution } from '../ports/pipelines.ts';
import { listRuns, type RunRecord } from '../registry/run.ts';

export interface FoundRun {
  readonly execution: Execution;
  /** How it ended, or since when it waits for a person; absent while it is under way, and of one that never began. */
  readonly record: RunRecord | undefined;
}

/** @throws {ProblemError} 404 where the model has no such run */
export async function findRun(
  deps: Pick<Deps, 'state' | 'pipelines'>,
  model: string,
  id: string,
): Promise<FoundRun> {
  const execution = await deps.pipelines.describe(id);
  if (!execution || (execution.input as { model?: unknown } | null)?.model !== model)
    throw new ProblemError(404, `model "${model}" has no run "${id}"`);
  const records = await listRuns(deps, model, 100);
  return { execution, record: records.find((one) => one.execution === id) };
}
