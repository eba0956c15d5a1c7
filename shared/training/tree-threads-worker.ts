/** What a training thread runs: it waits for a range of rows and fills its columns of the histogram. */

import { createFillColumns, type FillColumns, type HistogramInput } from './tree-histogram.ts';

/** What the numbers shared by all threads mean. */
export const Slot = {
  /** How many histograms have been asked for; a thread sleeps until it changes. */
  FILLS: 0,
  /** How many tasks each thread has been sent. */
  TASKS: 1,
  START: 2,
  END: 3,
  /** Threads that have not finished the present histogram. */
  BUSY: 4,
  /** Threads that have started. */
  READY: 5,
  COUNT: 6,
} as const;

/** What a thread fills from now on. */
export interface ThreadTask {
  readonly input: HistogramInput;
  readonly histogram: Float64Array;
  /** Its columns are `first … last - 1`. */
  readonly first: number;
  readonly last: number;
  readonly spare: number;
}

/**
 * A training thread as source text: it needs no file of its own, so it starts the same way from TypeScript sources and
 * from a bundle.
 */
export function threadSource(): string {
  // Loaders that keep the names of minified functions wrap them in calls of this helper.
  return `const __name = (target) => target;
    (${runThread})(require('node:worker_threads'), (${createFillColumns})(), ${JSON.stringify(Slot)});`;
}

/** Refers to nothing but its arguments, for the sake of `threadSource`. */
function runThread(
  { parentPort, receiveMessageOnPort, workerData }: typeof import('node:worker_threads'),
  fillColumns: FillColumns,
  slot: typeof Slot,
): void {
  const control: Int32Array = workerData;
  let task: ThreadTask | undefined;
  let tasks = 0;
  let fills = 0;
  Atomics.add(control, slot.READY, 1);
  for (;;) {
    Atomics.wait(control, slot.FILLS, fills);
    fills = Atomics.load(control, slot.FILLS);
    while (tasks < Atomics.load(control, slot.TASKS)) {
      const received = receiveMessageOnPort(parentPort!);
      if (received === undefined) continue;
      task = received.message;
      tasks++;
    }
    if (task !== undefined) {
      const { input, histogram, first, last, spare } = task;
      fillColumns(histogram, input, first, last, spare, control[slot.START]!, control[slot.END]!);
    }
    if (Atomics.sub(control, slot.BUSY, 1) === 1) Atomics.notify(control, slot.BUSY);
  }
}
