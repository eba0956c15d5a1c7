/** The load generator: arrivals at their rate whatever the answers take, and each waits its turn where they take too long. */

export interface OpenLoopOptions {
  /** How many arrivals there are. */
  readonly count: number;
  readonly ratePerSecond: number;
  /** Most requests under way at once; later arrivals wait, and their wait counts. */
  readonly concurrency: number;
  /** How long after the last arrival is due what waits may still be sent and answered, milliseconds. */
  readonly drainMs: number;
  /**
   * Must not reject.
   *
   * @param at number of the arrival, from 0
   * @param dueMs when it should have been sent, on the clock of {@link OpenLoopOptions.now}
   */
  readonly send: (at: number, dueMs: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/**
 * Sends arrival k at k / rate seconds. A closed loop waits for an answer before it sends again, so a server that stalls is asked
 * less and looks fast (coordinated omission, Gil Tene); here the arrivals go on and the stall is in their latency.
 *
 * Resolves when all is answered, when the time to drain is over, or at once when the signal is aborted.
 *
 * @returns how many arrivals were due by then, and how many were sent
 */
export async function runOpenLoop(
  options: OpenLoopOptions,
): Promise<{ readonly due: number; readonly sent: number }> {
  const { count, ratePerSecond, concurrency, drainMs, send, signal, now } = options;
  const gapMs = 1000 / ratePerSecond;
  const started = now();
  const lastAtMs = started + count * gapMs + drainMs;
  const dueBy = (at: number) => Math.min(count, Math.floor((at - started) / gapMs) + 1);
  let sent = 0;
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  await new Promise<void>((resolve) => {
    const end = () => {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const step = () => {
      if (isOver) return;
      const at = now();
      if (at >= lastAtMs || (sent === count && underWay === 0)) return end();
      const due = dueBy(at);
      while (sent < due && underWay < concurrency) {
        underWay += 1;
        const arrival = sent++;
        void send(arrival, started + arrival * gapMs).then(answered);
      }
      clearTimeout(timer);
      const nextMs = sent < due || sent === count ? lastAtMs : started + sent * gapMs;
      timer = setTimeout(step, Math.max(0, nextMs - now()));
    };
    const answered = () => {
      underWay -= 1;
      step();
    };
    if (signal.aborted) return end();
    signal.addEventListener('abort', end);
    step();
  });
  return { due: dueBy(now()), sent };
}
