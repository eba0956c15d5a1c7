/** Runs simulation tasks in as many processes as there are cores. */

import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ResultOf, Task } from './task.ts';

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url));
const execute = promisify(execFile);

/** Results in the tasks' order. @throws Error with the worker's own message when one fails */
export async function runTasks<T extends Task>(
  tasks: readonly T[],
): Promise<{ readonly task: T; readonly result: ResultOf<T> }[]> {
  const results: { readonly task: T; readonly result: ResultOf<T> }[] = [];
  let [next, done] = [0, 0];
  const work = async () => {
    for (let at = next++; at < tasks.length; at = next++) {
      const task = tasks[at]!;
      const args = ['--import', 'tsx', worker, JSON.stringify(task)];
      const { stdout } = await execute(process.execPath, args, { maxBuffer: 2 ** 26 });
      results[at] = { task, result: JSON.parse(stdout) as ResultOf<T> };
      process.stderr.write(`bench:   ${++done} of ${tasks.length} tasks\n`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}
