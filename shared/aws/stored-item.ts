/** How an item is laid out in DynamoDB and in stream records: put together here before a write, taken apart after a read. */
import { randomUUID } from 'node:crypto';
import type { Json } from '../json.ts';
import { InvalidValueError, ValueTooLargeError } from '../ports/errors.ts';
import type { Item, Key, PutOptions } from '../ports/table.ts';
import { assertExpiry, assertTableKey } from './table-arguments.ts';

/** 350 KB: with its key and bookkeeping an item stays below DynamoDB's 400 KB. */
const MAX_VALUE_BYTES = 350 * 1024;

export interface StoredItem extends Key {
  readonly rev: number;
  /** Random per logical write, so that a writer whose reply was lost knows its own work. */
  readonly token: string;
  /** Unix seconds; the table's TTL attribute. */
  readonly exp?: number;
  /** The value as a JSON document. */
  readonly data: string;
}

interface StringAttribute {
  readonly S: string;
}
interface NumberAttribute {
  readonly N: string;
}

export type ItemAttributes = {
  readonly pk: StringAttribute;
  readonly sk: StringAttribute;
  readonly rev: NumberAttribute;
  readonly token: StringAttribute;
  readonly exp?: NumberAttribute;
  readonly data: StringAttribute;
};

/** Attributes that no adapter of ours wrote. */
export class UnreadableItemError extends Error {
  override readonly name = 'UnreadableItemError';
}

/**
 * What a put is about to write, under a fresh token. Throws {@link InvalidTableArgumentError}, {@link InvalidValueError} or
 * {@link ValueTooLargeError} before anything was sent.
 */
export function newStoredItem(key: Key, value: Json, revision: number, options: PutOptions = {}): StoredItem {
  assertTableKey(key);
  assertExpiry(options);
  const { expiresAt: exp } = options;
  const data = encodeValue(key, value);
  return {
    pk: key.pk,
    sk: key.sk,
    rev: revision,
    token: randomUUID(),
    ...(exp === undefined ? {} : { exp }),
    data,
  };
}

export function isExpired(stored: { readonly exp?: number }, nowMs: number): boolean {
  return stored.exp !== undefined && nowMs >= stored.exp * 1000;
}

export function toItem(stored: StoredItem): Item {
  return {
    pk: stored.pk,
    sk: stored.sk,
    value: JSON.parse(stored.data) as Json,
    revision: stored.rev,
    ...(stored.exp === undefined ? {} : { expiresAt: stored.exp }),
  };
}

export function toAttributes(stored: StoredItem): ItemAttributes {
  return {
    pk: { S: stored.pk },
    sk: { S: stored.sk },
    rev: { N: String(stored.rev) },
    token: { S: stored.token },
    ...(stored.exp === undefined ? {} : { exp: { N: String(stored.exp) } }),
    data: { S: stored.data },
  };
}

/** Throws {@link UnreadableItemError} naming the attribute that is missing or of another type. */
export function fromAttributes(attributes: { readonly [name: string]: unknown }): StoredItem {
  return {
    pk: readString(attributes, 'pk'),
    sk: readString(attributes, 'sk'),
    rev: readNumber(attributes, 'rev'),
    token: readString(attributes, 'token'),
    ...(attributes.exp === undefined ? {} : { exp: readNumber(attributes, 'exp') }),
    data: readString(attributes, 'data'),
  };
}

export function readString(attributes: { readonly [name: string]: unknown }, name: string): string {
  const text = (attributes[name] as Partial<StringAttribute> | undefined)?.S;
  if (typeof text === 'string') return text;
  throw new UnreadableItemError(
    `attribute ${name} is ${JSON.stringify(attributes[name])}, want {"S": "..."}`,
  );
}

function readNumber(attributes: { readonly [name: string]: unknown }, name: string): number {
  const digits = (attributes[name] as Partial<NumberAttribute> | undefined)?.N;
  const number = typeof digits === 'string' && digits !== '' ? Number(digits) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw new UnreadableItemError(
    `attribute ${name} is ${JSON.stringify(attributes[name])}, want {"N": "..."}`,
  );
}

function encodeValue(key: Key, value: Json): string {
  const data = JSON.stringify(value) as string | undefined;
  if (data === undefined)
    throw new InvalidValueError(`value of type ${typeof value} at ${key.pk} ${key.sk}: want a JSON document`);
  const bytes = Buffer.byteLength(data);
  if (bytes > MAX_VALUE_BYTES) throw new ValueTooLargeError(bytes, MAX_VALUE_BYTES, `${key.pk} ${key.sk}`);
  return data;
}
