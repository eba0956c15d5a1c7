/** Who and what a log line is about: set once where an invocation begins, read by whatever is logged during it. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** Each key has one meaning everywhere; a prediction's own `request_id` is none of them and stays in the detail of a line. */
export interface LogContext {
  /** Its name in the API list. */
  readonly function?: string;
  /** Lambda's id of the invocation; a repetition after a failure has the same. */
  readonly invocation_id?: string;
  /** The gateway's id of the request, which the answer carries as `tidemark-request-id`. */
  readonly http_request_id?: string;
  /** Name of the execution of the state machine. */
  readonly run_id?: string;
  readonly model?: string;
  /** X-Ray's, of a request that is traced. */
  readonly trace_id?: string;
  /** Only on lines of a process's first invocation. */
  readonly cold_start?: true;
}

const storage = new AsyncLocalStorage<LogContext>();

/** What is known here; of several that run at once, each sees its own. */
export const logContext = (): LogContext => storage.getStore() ?? {};

/**
 * Runs `run`, and all that it awaits, with `more` added to what is known already.
 *
 * @example withLogContext({ run_id: 'churn-w1' }, async () => logContext().run_id) // Promise of 'churn-w1'
 */
export const withLogContext = <T>(more: LogContext, run: () => T): T =>
  storage.run({ ...storage.getStore(), ...more }, run);
