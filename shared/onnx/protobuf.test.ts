import { describe, expect, it } from 'vitest';
import {
  bytesField,
  floatField,
  integerField,
  message,
  packedFloats,
  packedIntegers,
  stringField,
  stringFields,
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

describe('lists', () => {
  it('of strings are one field each', () => {
    const texts = ['LEAF', 'é', 'LEAF', ''];
    expect(hex(stringFields(9, texts))).toBe(hex(message(...texts.map((text) => stringField(9, text)))));
    expect(stringFields(9, [])).toHaveLength(0);
  });

  it('may be longer than a call may have arguments', () => {
    expect(stringFields(9, new Array<string>(300_000).fill('LEAF'))).toHaveLength(300_000 * 6);
    expect(packedIntegers(8, new Array<number>(300_000).fill(1))).toHaveLength(300_000 + 4);
  });

  it('of integers hold 127, 128 and negative ones in 1, 2 and 10 bytes', () => {
    expect(hex(packedIntegers(8, [127, 128, -1]))).toBe('420d7f8001ffffffffffffffffff01');
    expect(() => packedIntegers(8, [0.5])).toThrow('cannot encode 0.5');
  });
});
