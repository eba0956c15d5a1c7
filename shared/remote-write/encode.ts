/**
 * Samples → a snappy-compressed WriteRequest, the four messages of remote write 1.0 written out: they are frozen, so a schema compiler
 * would only be weight.
 *
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/#protocol
 */
import { compress } from 'snappyjs';
import type { CheckedSample } from './sample.ts';

/** The quiet NaN that ends a series; no arithmetic gives it. As little-endian bytes, since an engine may change the bits of a NaN. */
const STALE_MARKER = Buffer.from('020000000000f07f', 'hex');

/** Field numbers and wire types, as one byte each. */
const LENGTH_DELIMITED_1 = 0x0a;
const LENGTH_DELIMITED_2 = 0x12;
const DOUBLE_1 = 0x09;
const VARINT_2 = 0x10;

/** @param samples each series once */
export function encodeWriteRequest(samples: readonly CheckedSample[]): Uint8Array {
  return compress(writeRequest(samples));
}

/** Without compression. */
export function writeRequest(samples: readonly CheckedSample[]): Uint8Array {
  const sized = samples.map((sample) => ({ sample, size: seriesSize(sample) }));
  const total = sized.reduce((sum, { size }) => sum + 1 + varintSize(size) + size, 0);
  const writer = new Writer(total);
  for (const { sample, size } of sized) {
    writer.header(LENGTH_DELIMITED_1, size);
    for (const [name, value] of sample.labels) {
      writer.header(LENGTH_DELIMITED_1, labelSize(name, value));
      writer.text(LENGTH_DELIMITED_1, name);
      writer.text(LENGTH_DELIMITED_2, value);
    }
    writer.header(LENGTH_DELIMITED_2, sampleSize(sample));
    writer.double(DOUBLE_1, sample.value);
    writer.header(VARINT_2, sample.timestampMs);
  }
  return writer.bytes;
}

const textSize = (text: string): number => {
  const bytes = Buffer.byteLength(text);
  return 1 + varintSize(bytes) + bytes;
};
const labelSize = (name: string, value: string): number => textSize(name) + textSize(value);
const sampleSize = ({ timestampMs }: CheckedSample): number => 9 + 1 + varintSize(timestampMs);

function seriesSize(sample: CheckedSample): number {
  let size = 0;
  for (const [name, value] of sample.labels) {
    const label = labelSize(name, value);
    size += 1 + varintSize(label) + label;
  }
  const one = sampleSize(sample);
  return size + 1 + varintSize(one) + one;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

class Writer {
  readonly bytes: Buffer;
  private at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** A field's tag and its length, or its whole value where that is a varint. */
  header(tag: number, value: number): void {
    this.bytes[this.at++] = tag;
    let rest = value;
    while (rest >= 128) {
      this.bytes[this.at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.at++] = rest;
  }

  text(tag: number, text: string): void {
    this.header(tag, Buffer.byteLength(text));
    this.at += this.bytes.write(text, this.at);
  }

  double(tag: number, value: number | 'stale'): void {
    this.bytes[this.at++] = tag;
    if (value === 'stale') STALE_MARKER.copy(this.bytes, this.at);
    else this.bytes.writeDoubleLE(value, this.at);
    this.at += 8;
  }
}
