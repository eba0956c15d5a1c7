/** Threads that fill histograms together: each fills whole columns, so the sums do not depend on how many there are. */

import { Worker } from 'node:worker_threads';
import { createFillColumns, SPARE } from './tree-histogram.ts';
import type { SharedInput } from './tree-threads-input.ts';
import { Slot, type ThreadTask, threadSource } from './tree-threads-worker.ts';

/** Looks at a thread's progress before the caller goes to sleep: some microseconds. */
const SPINS = 2000;

export interface TreeThreadsOptions {
  /** Fewest rows times columns that are shared out; fewer take less time than waking a thread. @default 200,000 */
  readonly shareFrom?: number;
  /** How long a thread may take longer than the calling one before it counts as dead. @default 5000 */
  readonly patienceMs?: number;
  /** Told once if a thread cannot start or dies; training goes on with the calling thread alone. */
  readonly onFailure?: (error: Error) => void;
}

/** Threads for training, to be closed when it is over. */
export interface TreeThreads {
  /** Those that fill histograms, the calling one included; 1 after a failure. */
  readonly count: number;
  /** Why training went on with one thread. */
  readonly failure: Error | undefined;
  /** Fills `input.histogram` and returns true, or returns false where the caller should do so alone. */
  readonly fill: (input: SharedInput, start: number, end: number) => boolean;
  /** Ends the threads; training may go on without them. */
  readonly close: () => Promise<void>;
}

/**
 * Starts threads for `fitGbdt` and the forest. They make the same model as one thread does, bit for bit; use as many
 * as there are processor cores, for tables of more than about 50,000 rows. The calls are synchronous: the calling
 * thread fills its share and waits for the others. Leaves of few rows it fills alone.
 *
 * Until the threads have started, and after one of them has died, the calling thread does all the work.
 *
 * @param threads - the calling thread included, 1 to 64; 1 starts none
 * @throws RangeError for any other number
 * @example
 * const threads = openTreeThreads(availableParallelism());
 * const model = fitGbdt(data, target, { threads });
 * await threads.close();
 */
export function openTreeThreads(threads: number, options: TreeThreadsOptions = {}): TreeThreads {
  if (!Number.isInteger(threads) || threads < 1 || threads > 64)
    throw new RangeError(`threads is ${threads}: must be a whole number from 1 to 64`);
  const { shareFrom = 200_000, patienceMs = 5000, onFailure } = options;
  const control = new Int32Array(new SharedArrayBuffer(Slot.COUNT * Int32Array.BYTES_PER_ELEMENT));
  const fillOwn = createFillColumns();
  let workers: Worker[] = [];
  let failure: Error | undefined;
  let isOpen = true;
  let given: SharedInput | undefined;

  function stop(): Promise<unknown> {
    isOpen = false;
    const stopping = Promise.all(workers.map((worker) => worker.terminate()));
    workers = [];
    return stopping;
  }
  function fail(cause: unknown): void {
    if (!isOpen) return;
    failure = new Error('a training thread failed: training goes on with one thread', { cause });
    void stop();
    onFailure?.(failure);
  }
  /** Gives each thread its columns. */
  function give(input: SharedInput): void {
    given = input;
    const columns = input.bins.length;
    workers.forEach((worker, at) => {
      const task: ThreadTask = {
        input,
        histogram: input.histogram,
        first: shareStart(columns, at + 1, threads),
        last: shareStart(columns, at + 2, threads),
        spare: input.spare + (at + 1) * SPARE,
      };
      worker.postMessage(task);
    });
    Atomics.add(control, Slot.TASKS, 1);
  }
  /** Whether the threads have finished in time. */
  function isFinished(deadline: number): boolean {
    for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(control, Slot.BUSY) === 0) return true;
    for (;;) {
      const busy = Atomics.load(control, Slot.BUSY);
      if (busy === 0) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      Atomics.wait(control, Slot.BUSY, busy, left);
    }
  }

  function fill(input: SharedInput, start: number, end: number): boolean {
    if ((end - start) * input.bins.length < shareFrom) return false;
    if (workers.length === 0 || Atomics.load(control, Slot.READY) < workers.length) return false;
    if (given !== input) give(input);
    control[Slot.START] = start;
    control[Slot.END] = end;
    Atomics.store(control, Slot.BUSY, workers.length);
    Atomics.add(control, Slot.FILLS, 1);
    Atomics.notify(control, Slot.FILLS);
    const from = performance.now();
    fillOwn(input.histogram, input, 0, shareStart(input.bins.length, 1, threads), input.spare, start, end);
    const now = performance.now();
    if (isFinished(now + 10 * (now - from) + patienceMs)) return true;
    fail(new Error(`no answer within ${patienceMs} ms`));
    return false;
  }

  function start(): void {
    const worker = new Worker(threadSource(), { eval: true, workerData: control, execArgv: [] });
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`it ended with code ${code}`)));
    worker.unref();
    workers.push(worker);
  }

  try {
    for (let thread = 1; thread < threads; thread++) start();
  } catch (error) {
    fail(error);
  }
  return {
    get count() {
      return workers.length + 1;
    },
    get failure() {
      return failure;
    },
    fill,
    async close() {
      await stop();
    },
  };
}

/** Where the columns of a thread begin: shares differ by one column at most. */
function shareStart(columns: number, thread: number, threads: number): number {
  return Math.floor((columns * thread) / threads);
}
