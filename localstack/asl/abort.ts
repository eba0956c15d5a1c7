/** How work is cut short: the engine stops, the execution's time is up, or a sibling branch failed. */

/** `stopped` leaves everything as stored, to be resumed; the others end the state they hit. */
type InterruptReason = 'stopped' | 'timed-out' | 'cancelled';

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly reason: InterruptReason;

  constructor(reason: InterruptReason) {
    super(`interrupted: ${reason}`);
    this.reason = reason;
  }
}

/** The work's outcome, or the signal's reason as soon as it aborts; the work itself is not waited for then. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Work that fails after it was abandoned must not become an unhandled rejection.
  work.catch(() => undefined);
  signal.throwIfAborted();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** setTimeout takes at most a 32-bit delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Sleeps on the process's own timers, for any length. @throws the signal's reason when it aborts. */
export async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= MAX_TIMER_MS) {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(left, MAX_TIMER_MS));
    });
    try {
      await abortable(slept, signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Runs work under a signal that also aborts with `reason` after `ms` (at 0 it never starts); without `ms`, under
 * the signal alone.
 */
export async function withTimeout<T>(
  ms: number | undefined,
  signal: AbortSignal,
  reason: Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (ms === undefined) return work(signal);
  if (ms <= 0) throw reason;
  const timeout = new AbortController();
  const done = new AbortController();
  sleepFor(ms, done.signal).then(
    () => timeout.abort(reason),
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([signal, timeout.signal]));
  } finally {
    done.abort();
  }
}
