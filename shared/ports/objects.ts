/** The one way the domain stores large things: named immutable-by-habit blobs in a flat key space. */
export interface ObjectSummary {
  readonly key: string;
  readonly bytes: number;
}

export interface ListOptions {
  /** Only keys strictly after this one. */
  readonly startAfter?: string;
  readonly limit?: number;
}

/**
 * Keys are `/`-separated, of `[A-Za-z0-9=._:-]` segments, none of them `.` or `..`, at most 900 characters; anything else
 * throws {@link InvalidObjectKeyError}. A put is atomic: a reader sees the old bytes or the new, never half of them.
 */
export interface Objects {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Answers whether it stored; an object already there is left untouched. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Keys that start with `prefix`, in UTF-8 byte order. */
  list(prefix: string, options?: ListOptions): Promise<readonly ObjectSummary[]>;
}

export class InvalidObjectKeyError extends Error {
  override readonly name = 'InvalidObjectKeyError';
}

/** Throws {@link InvalidObjectKeyError} unless `key` may name an object. */
export function assertObjectKey(key: string): void {
  const isValid =
    key.length <= 900 &&
    key.split('/').every((part) => /^[A-Za-z0-9=._:-]+$/.test(part) && part !== '.' && part !== '..');
  if (!isValid)
    throw new InvalidObjectKeyError(
      `invalid object key ${JSON.stringify(key)}: want /-separated segments of [A-Za-z0-9=._:-]`,
    );
}
