import { describe, expect, it } from 'vitest';
import {
  bytesField,
  floatField,
  integerField,
  message,
  packedFloats,
  packedIntegers,
  stringField,
} from './protobuf.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('the examples of the encoding guide (protobuf.dev)', () => {
  it.each([
    ['an integer field', integerField(1, 150), '089601'],
    ['a string field', stringField(2, 'testing'), '120774657374696e67'],
    ['a message within a message', bytesField(3, message(integerField(1, 150))), '1a03089601'],
    ['packed integers', packedIntegers(6, [3, 270, 86942]), '3206038e029ea705'],
    ['-2 as a plain int64', integerField(1, -2), '08feffffffffffffffff01'],
  ])('%s', (_, bytes, expected) => {
    expect(hex(bytes)).toBe(expected);
  });
});

describe('numbers', () => {
  it('writes floats in little-endian order, infinities included', () => {
    expect(hex(floatField(2, 1))).toBe('150000803f');
    expect(hex(packedFloats(7, [1, Number.POSITIVE_INFINITY]))).toBe('3a080000803f0000807f');
  });

  it('writes field numbers above 15 and integers above 32 bits', () => {
    expect(hex(integerField(20, 1))).toBe('a00101');
    expect(hex(integerField(1, 2 ** 35))).toBe('08808080808001');
  });

  it('refuses what is not a whole number', () => {
    expect(() => integerField(1, 1.5)).toThrow('cannot encode 1.5: must be a safe integer');
  });
});
