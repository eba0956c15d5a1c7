/** What the ports' adapters throw when a caller breaks a contract: the same classes whichever adapter stands behind the port. */

/** A table key, a bound of a query or an expiry that no adapter could keep. */
export class InvalidTableArgumentError extends Error {
  override readonly name = 'InvalidTableArgumentError';
}

/** A value that is not a JSON document. */
export class InvalidValueError extends Error {
  override readonly name = 'InvalidValueError';
}

/** A value larger than a table item may be; large things belong into Objects. */
export class ValueTooLargeError extends Error {
  override readonly name = 'ValueTooLargeError';
  readonly bytes: number;
  readonly allowed: number;

  constructor(bytes: number, allowed: number, where: string) {
    super(`value of ${bytes} bytes at ${where}: at most ${allowed} are allowed`);
    this.bytes = bytes;
    this.allowed = allowed;
  }
}

/** Whether the put is refused for what it carries, so that trying it again is of no use. */
export function isNeverStorable(error: unknown): boolean {
  return (
    error instanceof ValueTooLargeError ||
    error instanceof InvalidValueError ||
    error instanceof InvalidTableArgumentError
  );
}

/** The token was answered before, has timed out or was never given out: nothing waits for this signal. */
export class TaskNotWaitingError extends Error {
  override readonly name = 'TaskNotWaitingError';
}
