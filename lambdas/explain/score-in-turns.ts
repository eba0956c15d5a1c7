/** A graph asked for many rows without holding up who else asks it: a few at a time, so many as take some milliseconds. */
import type { Score } from '#shared/explain/coalitions.ts';
import { nextTurn } from '#shared/in-turns.ts';
import { OnnxModelError, type OnnxSession } from '#shared/onnx/session.ts';
import { sliceRows } from '#shared/schema/columns.ts';

const FEWEST_ROWS = 64;
const MOST_ROWS = 8192;
/** ONNX Runtime holds the process up while it runs. */
const RUN_MS = 5;

/**
 * Makes scores of what a session answers.
 *
 * @param checkTime - called before each run; throws to give up
 * @returns for the position of a class the score that is its probability; without one, a regression's value
 */
export function createScorer(session: OnnxSession, checkTime: () => void): (classAt?: number) => Score {
  let atOnce = 4 * FEWEST_ROWS;
  return (classAt) => async (rows) => {
    const scores = new Float64Array(rows.rows);
    for (let start = 0; start < rows.rows; ) {
      checkTime();
      await nextTurn();
      const end = Math.min(rows.rows, start + atOnce);
      const began = performance.now();
      scores.set(await scoresOf(session, sliceRows(rows, start, end), classAt), start);
      const isSlow = performance.now() - began > RUN_MS;
      atOnce = isSlow ? Math.max(FEWEST_ROWS, atOnce >>> 1) : Math.min(MOST_ROWS, 2 * atOnce);
      start = end;
    }
    return scores;
  };
}

async function scoresOf(session: OnnxSession, rows: Parameters<Score>[0], classAt?: number) {
  const output = await session.run(rows);
  if (output.task === 'regression' && classAt === undefined) return output.values;
  if (output.task === 'regression' || classAt === undefined)
    throw new OnnxModelError('the graph answers numbers for some rows and classes for others');
  const { probabilities, classesCount } = output;
  return Float64Array.from({ length: rows.rows }, (_, row) => probabilities[row * classesCount + classAt]!);
}
