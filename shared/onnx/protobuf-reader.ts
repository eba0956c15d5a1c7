/** Reads Protocol Buffers' wire format from bytes that may be cut off or made to harm: the other side of `protobuf.ts`. */

import { OnnxModelError } from './model-error.ts';

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const MAX_VARINT_BYTES = 10;
const TWO_TO_32 = 2 ** 32;

/**
 * A cursor over the fields of one message. It copies nothing and allocates nothing per field, so that the millions of
 * fields of a large tree ensemble cost time in proportion to the file and no memory.
 *
 * @throws OnnxModelError from `next` when a field does not end within the message, and from the accessors when the field
 *   is of another wire type
 * @see https://protobuf.dev/programming-guides/encoding/
 * @example
 * const reader = new WireReader(Uint8Array.of(0x08, 0x96, 0x01));
 * reader.next(); // true
 * reader.field; // 1
 * reader.integer(); // 150
 */
export class WireReader {
  /** Number of the field that `next` came to. */
  field = 0;
  #wireType = VARINT;
  #integer = 0;
  /** Where the field starts with its tag, where its value starts, and where it ends. */
  #fieldStart = 0;
  #valueStart = 0;
  #at: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Moves to the next field; false after the last. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    this.#fieldStart = this.#at;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.field < 1 || this.field > 536_870_911)
      throw this.#malformed(`field number ${this.field} is not one of 1 to 536870911`);
    this.#valueStart = this.#at;
    switch (this.#wireType) {
      case VARINT:
        this.#integer = this.#varint();
        break;
      case FIXED_64:
        this.#skip(8);
        break;
      case FIXED_32:
        this.#skip(4);
        break;
      case LENGTH_DELIMITED: {
        const length = this.#varint();
        this.#valueStart = this.#at;
        this.#skip(length);
        break;
      }
      default:
        throw this.#malformed(`wire type ${this.#wireType} is not one of 0, 1, 2, 5`);
    }
    return true;
  }

  /** The field with its tag, as it stands in the file. */
  raw(): Uint8Array {
    return this.#bytes.subarray(this.#fieldStart, this.#at);
  }

  /** A whole number; exact within ±2^53. */
  integer(): number {
    if (this.#wireType !== VARINT) throw this.#unexpected('a number');
    return this.#integer;
  }

  bytes(): Uint8Array {
    if (this.#wireType !== LENGTH_DELIMITED) throw this.#unexpected('bytes');
    return this.#bytes.subarray(this.#valueStart, this.#at);
  }

  /** UTF-8; what is not becomes U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** A cursor over the message within this field. */
  message(): WireReader {
    if (this.#wireType !== LENGTH_DELIMITED) throw this.#unexpected('a message');
    return new WireReader(this.#bytes, this.#valueStart, this.#at);
  }

  /** Whether the field holds bytes: a message, text, or packed numbers. */
  get isBytes(): boolean {
    return this.#wireType === LENGTH_DELIMITED;
  }

  /** The numbers of a `repeated` field, which may be packed or one of many. */
  *integers(): Generator<number> {
    if (this.#wireType === VARINT) {
      yield this.#integer;
      return;
    }
    if (this.#wireType !== LENGTH_DELIMITED) throw this.#unexpected('numbers');
    const packed = new WireReader(this.#bytes, this.#valueStart, this.#at);
    while (packed.#at < packed.#end) yield packed.#varint();
  }

  #varint(): number {
    let low = 0;
    let high = 0;
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      if (this.#at >= this.#end) throw this.#malformed('a number is cut off');
      const byte = this.#bytes[this.#at++]!;
      const bits = byte & 127;
      if (count < 4) low += bits * 2 ** (7 * count);
      else if (count === 4) {
        low += (bits & 15) * 2 ** 28;
        high = bits >>> 4;
      } else high += bits * 2 ** (7 * count - 32);
      if (byte < 128) return toSigned(low, high % TWO_TO_32);
    }
    throw this.#malformed(`a number has more than ${MAX_VARINT_BYTES} bytes`);
  }

  #skip(length: number): void {
    const left = this.#end - this.#at;
    if (length < 0 || length > left)
      throw this.#malformed(`field ${this.field} is ${length} bytes long where ${left} are left`);
    this.#at += length;
  }

  #unexpected(expected: string): OnnxModelError {
    return this.#malformed(
      `field ${this.field} has wire type ${this.#wireType} where ${expected} was expected`,
    );
  }

  #malformed(problem: string): OnnxModelError {
    return new OnnxModelError(
      `not an onnx file, or a truncated one: ${problem}, at byte ${this.#at} of ${this.#bytes.length}`,
    );
  }
}

/** The two's complement of 64 bits; a length or tag with the top bit set becomes negative and is refused. */
function toSigned(low: number, high: number): number {
  return (high >= TWO_TO_32 / 2 ? high - TWO_TO_32 : high) * TWO_TO_32 + low;
}
