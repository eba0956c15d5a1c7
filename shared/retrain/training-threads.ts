/** Threads for one training step of the pipeline: opened where the rows are worth it, and closed after it. */
import { availableParallelism } from 'node:os';
import type { Deps } from '../deps.ts';
import { openTreeThreads, type TreeThreads } from '../training/tree-threads.ts';

/** With fewer rows most leaves are counted faster than a thread wakes. */
const MANY_ROWS = 50_000;

/**
 * Runs `work` with as many threads as there are processor cores, or with none for few rows. The model is the same.
 *
 * @param rows - those that will be trained on, about
 */
export async function withTrainingThreads<Result>(
  { log }: Pick<Deps, 'log'>,
  rows: number,
  work: (more: { readonly threads?: TreeThreads }) => Result,
  cores: number = availableParallelism(),
): Promise<Result> {
  if (rows < MANY_ROWS || cores < 2) return work({});
  const threads = openTreeThreads(Math.min(cores, 64), {
    onFailure: (error) => log('warn', error.message, { cause: String(error.cause) }),
  });
  try {
    return work({ threads });
  } finally {
    await threads.close();
  }
}
