/** Bytes of an encoded profile: variable-length integers, doubles and strings, written and read back. */

import { ProfileFormatError } from './errors.ts';

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Unsigned LEB128 of an integer in [0, 2^53). */
  integer(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** LEB128 of an integer in (−2^52, 2^52), zigzag. */
  signed(value: number): void {
    this.integer(value >= 0 ? 2 * value : -2 * value - 1);
  }

  /** LEB128 of a signed integer of any size, zigzag. */
  bigInteger(value: bigint): void {
    let rest = value >= 0n ? value << 1n : (-value << 1n) - 1n;
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  double(value: number): void {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value, true);
    for (let at = 0; at < 8; at++) this.byte(view.getUint8(at));
  }

  /** JSON-escaped before UTF-8: a lone surrogate survives the round trip. */
  text(value: string): void {
    const encoded = utf8.encode(JSON.stringify(value));
    this.integer(encoded.length);
    if (this.#length + encoded.length > this.#bytes.length) this.#grow(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(atLeast: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + atLeast));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new ProfileFormatError(`profile ends after ${this.#bytes.length} bytes`);
    return value;
  }

  integer(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw new ProfileFormatError(`count ${value} is beyond 2^53`);
      if (byte < 0x80) return value;
    }
  }

  signed(): number {
    const value = this.integer();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  bigInteger(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value & 1n ? -((value + 1n) >> 1n) : value >> 1n;
    }
  }

  double(): number {
    const view = new DataView(new ArrayBuffer(8));
    for (let at = 0; at < 8; at++) view.setUint8(at, this.byte());
    return view.getFloat64(0, true);
  }

  text(): string {
    const length = this.integer();
    const encoded = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    if (encoded.length < length)
      throw new ProfileFormatError(`profile ends inside a string of ${length} bytes`);
    try {
      return JSON.parse(fromUtf8.decode(encoded)) as string;
    } catch (cause) {
      throw new ProfileFormatError('profile holds a string that cannot be read', { cause });
    }
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new ProfileFormatError(`profile has ${left} bytes after its end`);
  }
}
