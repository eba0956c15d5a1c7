/** The named errors of the domain; each says the offending value and what is allowed. */

/** A request that cannot be served as asked; becomes an RFC 9457 problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly extra: { readonly [key: string]: unknown };
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    extra: { readonly [key: string]: unknown } = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.extra = extra;
    this.headers = headers;
  }
}

/** Data that cannot be used (a CSV, a schema, a snapshot); the message names the line or column and the reason. */
export class InvalidDataError extends Error {
  override readonly name = 'InvalidDataError';
}

/** Somebody else changed the item first; the caller decides whether to read again. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}
