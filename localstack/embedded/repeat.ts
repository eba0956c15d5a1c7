/** A schedule that never overlaps itself: the next run is due an interval after the last one ended. */

export interface Repeating {
  /** Resolves when the run under way, if any, is over. */
  stop(): Promise<void>;
}

/** @param run must not throw */
export function repeat(everyMs: number, run: () => Promise<void>): Repeating {
  let isStopped = false;
  let timer: NodeJS.Timeout;
  let running: Promise<void> = Promise.resolve();
  const plan = () => {
    timer = setTimeout(() => {
      running = run().then(() => {
        if (!isStopped) plan();
      });
    }, everyMs);
  };
  plan();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
