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

/** What an upload is bound to: nothing else can be sent with its URL. */
export interface UploadBinding {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** How long the URL may be used; at most a day. */
  readonly expiresSeconds: number;
}

/** A request that whoever holds it may send once. */
export interface PresignedPut {
  readonly method: 'PUT';
  readonly url: string;
  /** To be sent with it as they are. */
  readonly headers: Readonly<Record<string, string>>;
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
  /**
   * Lets somebody without rights put one object: exactly these bytes, before the URL expires, and only where there is no
   * object yet. Anything else sent to the URL leaves no object.
   */
  presignPut(key: string, binding: UploadBinding): Promise<PresignedPut>;
}

export class InvalidObjectKeyError extends Error {
  override readonly name = 'InvalidObjectKeyError';
}

const maxExpirySeconds = 86_400;

/** Throws a RangeError unless the binding says exactly what may be sent, and for how long. */
export function assertBinding({ bytes, sha256, expiresSeconds }: UploadBinding): void {
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new RangeError(`an upload of ${bytes} bytes cannot be signed: a whole number from 1 is expected`);
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new RangeError(`sha256 ${JSON.stringify(sha256)} is not 64 lower-case hex digits`);
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > maxExpirySeconds)
    throw new RangeError(`an upload cannot expire after ${expiresSeconds} s: 1 to ${maxExpirySeconds}`);
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
