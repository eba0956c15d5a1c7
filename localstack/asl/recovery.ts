/** Retry and Catch: which error matches which rule, and how long a retry waits. */
import type { StateError } from './errors.ts';

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly backoffRate: number;
  readonly maxAttempts: number;
  readonly maxDelaySeconds: number;
  readonly hasFullJitter: boolean;
}

export interface Catcher {
  readonly errorEquals: readonly string[];
  readonly next: string;
  /** Fields below `$`; null drops the error output. */
  readonly resultPath: readonly string[] | null;
}

/**
 * Whether an `ErrorEquals` list names the error. `States.ALL` and `States.TaskFailed` are wildcards that leave out
 * `States.DataLimitExceeded`, the latter also `States.Timeout`; nothing matches `States.Runtime`.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 *
 * @example matchesError(['States.TaskFailed'], 'States.Timeout') // false
 */
export function matchesError(errorEquals: readonly string[], error: string): boolean {
  if (error === 'States.Runtime') return false;
  if (errorEquals.includes(error)) return true;
  if (error === 'States.DataLimitExceeded') return false;
  return (
    errorEquals.includes('States.ALL') ||
    (errorEquals.includes('States.TaskFailed') && error !== 'States.Timeout')
  );
}

/**
 * The retry the first matching retrier still allows; undefined when it is used up or none matches.
 *
 * @param attempts retries already made per retrier of this visit of the state.
 * @returns the retrier's index and the delay: `interval × backoff^attempts`, capped, then jittered.
 */
export function nextRetry(
  retriers: readonly Retrier[],
  attempts: readonly number[],
  error: StateError,
  random: () => number,
): { readonly index: number; readonly delayMs: number } | undefined {
  const index = retriers.findIndex((retrier) => matchesError(retrier.errorEquals, error.error));
  const retrier = retriers[index];
  const made = attempts[index] ?? 0;
  if (retrier === undefined || made >= retrier.maxAttempts) return undefined;
  const seconds = Math.min(retrier.intervalSeconds * retrier.backoffRate ** made, retrier.maxDelaySeconds);
  return { index, delayMs: Math.round(seconds * 1000 * (retrier.hasFullJitter ? random() : 1)) };
}
