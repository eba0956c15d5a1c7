/** Writes Protocol Buffers' wire format: the few field kinds that ONNX messages use. */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** One encoded field, or a message of several. Messages are written inside out: children first. */
export type Bytes = Uint8Array;

/**
 * Joins encoded fields into a message.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @example
 * message(integerField(1, 150)); // Uint8Array [0x08, 0x96, 0x01]
 */
export function message(...fields: readonly Bytes[]): Bytes {
  const joined = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0));
  let at = 0;
  for (const field of fields) {
    joined.set(field, at);
    at += field.length;
  }
  return joined;
}

/** A whole number (`int32`, `int64`, `enum`, `bool`); a negative one takes ten bytes. */
export function integerField(field: number, value: number): Bytes {
  return Uint8Array.from([...varint(tag(field, VARINT)), ...varint(value)]);
}

/** A `float`. */
export function floatField(field: number, value: number): Bytes {
  return message(Uint8Array.from(varint(tag(field, FIXED_32))), littleEndianFloats([value]));
}

/** `bytes`, or a message within a message. */
export function bytesField(field: number, bytes: Bytes): Bytes {
  const head = [...varint(tag(field, LENGTH_DELIMITED)), ...varint(bytes.length)];
  return message(Uint8Array.from(head), bytes);
}

/** A `string`, in UTF-8. */
export function stringField(field: number, text: string): Bytes {
  return bytesField(field, new TextEncoder().encode(text));
}

/** `repeated float`, packed. */
export function packedFloats(field: number, values: ArrayLike<number>): Bytes {
  return bytesField(field, littleEndianFloats(values));
}

/** `repeated int64`, packed. */
export function packedIntegers(field: number, values: ArrayLike<number>): Bytes {
  let length = 0;
  for (let at = 0; at < values.length; at++) length += varintLength(values[at]!);
  const bytes = new Uint8Array(length);
  let end = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value >= 0 && value < 128) bytes[end++] = value;
    else for (const byte of varint(value)) bytes[end++] = byte;
  }
  return bytesField(field, bytes);
}

/** `repeated string`, in UTF-8; made for many strings of few kinds. */
export function stringFields(field: number, texts: readonly string[]): Bytes {
  const encoded = new Map<string, Bytes>();
  let length = 0;
  for (const text of texts) {
    const bytes = encoded.get(text) ?? stringField(field, text);
    encoded.set(text, bytes);
    length += bytes.length;
  }
  const joined = new Uint8Array(length);
  let end = 0;
  for (const text of texts) {
    const bytes = encoded.get(text)!;
    joined.set(bytes, end);
    end += bytes.length;
  }
  return joined;
}

function varintLength(value: number): number {
  if (value < 0 || !Number.isSafeInteger(value)) return varint(value).length;
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}

function varint(value: number): number[] {
  if (!Number.isSafeInteger(value)) throw new RangeError(`cannot encode ${value}: must be a safe integer`);
  if (value < 0) return negativeVarint(value);
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

function negativeVarint(value: number): number[] {
  const bits = BigInt.asUintN(64, BigInt(value));
  return Array.from({ length: 10 }, (_, at) => Number((bits >> BigInt(7 * at)) & 127n) + (at < 9 ? 128 : 0));
}

function littleEndianFloats(values: ArrayLike<number>): Bytes {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let at = 0; at < values.length; at++) view.setFloat32(at * 4, values[at]!, true);
  return new Uint8Array(view.buffer);
}
