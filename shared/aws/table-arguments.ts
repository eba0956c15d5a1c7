/** The limits every Table adapter shares, checked before anything is sent or written. */
import { InvalidTableArgumentError } from '../ports/errors.ts';
import type { Key, PutOptions, QueryOptions } from '../ports/table.ts';

const MAX_PARTITION_KEY_BYTES = 512;
const MAX_SORT_KEY_BYTES = 900;
const DEFAULT_LIMIT = 1000;
/** Whole seconds reach this in the year 5138, milliseconds passed it in 1973. */
const LARGEST_EXPIRY = 100_000_000_000;

/**
 * Throws {@link InvalidTableArgumentError} unless `key` may name an item: both parts well-formed Unicode, the partition key of
 * 1 to 512 UTF-8 bytes, the sort key of 1 to 900 (what DynamoDB and an LMDB page can both hold, escapes included).
 */
export function assertTableKey(key: Key): void {
  assertKeyPart('pk', key.pk, MAX_PARTITION_KEY_BYTES);
  assertKeyPart('sk', key.sk, MAX_SORT_KEY_BYTES);
}

export function assertPartitionKey(pk: string): void {
  assertKeyPart('pk', pk, MAX_PARTITION_KEY_BYTES);
}

/** Throws {@link InvalidTableArgumentError} for an expiry that is not in whole Unix seconds, above all one in milliseconds. */
export function assertExpiry({ expiresAt }: PutOptions): void {
  if (expiresAt === undefined) return;
  if (!Number.isInteger(expiresAt) || expiresAt < 1 || expiresAt >= LARGEST_EXPIRY)
    throw new InvalidTableArgumentError(`invalid expiresAt ${expiresAt}: want whole unix seconds`);
}

/** A query with its defaults: bounds that allow everything are gone, `isEmpty` says that nothing can match. */
export interface QueryRange {
  readonly from?: string;
  readonly before?: string;
  readonly prefix?: string;
  readonly limit: number;
  readonly isEmpty: boolean;
}

/** Throws {@link InvalidTableArgumentError} for a limit below 1 and for `prefix` together with `from` or `before`. */
export function queryRange(options: QueryOptions): QueryRange {
  const { from, before, prefix, limit = DEFAULT_LIMIT } = options;
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidTableArgumentError(`invalid limit ${limit}: want a whole number of at least 1`);
  if (prefix !== undefined && (from !== undefined || before !== undefined))
    throw new InvalidTableArgumentError('a query takes either a prefix or from / before, not both');
  return {
    ...(from ? { from } : {}),
    ...(before === undefined ? {} : { before }),
    ...(prefix ? { prefix } : {}),
    limit,
    isEmpty: before !== undefined && compareUtf8(from ?? '', before) >= 0,
  };
}

/** The order of sort keys: by UTF-8 bytes, which differs from `<` beyond the Basic Multilingual Plane. */
function compareUtf8(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function assertKeyPart(name: 'pk' | 'sk', value: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(value);
  if (bytes < 1 || bytes > maxBytes)
    throw new InvalidTableArgumentError(
      `invalid ${name} ${JSON.stringify(value.slice(0, 100))} of ${bytes} UTF-8 bytes: want 1 to ${maxBytes}`,
    );
  // a lone surrogate has no UTF-8 form: two such keys would become one
  if (/\p{Surrogate}/u.test(value))
    throw new InvalidTableArgumentError(`invalid ${name} ${JSON.stringify(value)}: want well-formed Unicode`);
}
