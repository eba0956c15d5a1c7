/** Byte keys of the embedded store: ordered by the UTF-8 bytes of the partition key, then of the sort key. */
import type { Key } from '#shared/ports/table.ts';

/** Ends the partition key. It sorts below every other byte, and the escaped NUL (`\0\x02`) keeps it unique. */
const SEPARATOR = '\0\x01';
const ESCAPED_NUL = '\0\x02';
const EXPIRY_BYTES = 6;

export function rowKey({ pk, sk }: Key): Buffer {
  return Buffer.from(partition(pk) + sk);
}

/** All rows of a partition start with these bytes; what follows them is the sort key. */
export function partitionKey(pk: string): Buffer {
  return Buffer.from(partition(pk));
}

/** The first key after all those that start with `prefix`; UTF-8 and the separator never end in 0xFF. */
export function afterPrefix(prefix: Uint8Array): Buffer {
  const next = Buffer.from(prefix);
  next[next.length - 1]! += 1;
  return next;
}

/** The first key after `key`. */
export function successor(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** Keys of the expiry index sort by the second from which their row is absent. */
export function expiryKey(expiresAt: number, row: Uint8Array): Buffer {
  const key = Buffer.alloc(EXPIRY_BYTES + row.length);
  key.writeUIntBE(expiresAt, 0, EXPIRY_BYTES);
  key.set(row, EXPIRY_BYTES);
  return key;
}

export function splitExpiryKey(key: Uint8Array): { readonly expiresAt: number; readonly row: Buffer } {
  const bytes = Buffer.from(key);
  return { expiresAt: bytes.readUIntBE(0, EXPIRY_BYTES), row: bytes.subarray(EXPIRY_BYTES) };
}

export function sequenceKey(sequence: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(sequence));
  return key;
}

export function splitSequenceKey(key: Uint8Array): number {
  return Number(Buffer.from(key).readBigUInt64BE());
}

function partition(pk: string): string {
  return (pk.includes('\0') ? pk.replaceAll('\0', ESCAPED_NUL) : pk) + SEPARATOR;
}
