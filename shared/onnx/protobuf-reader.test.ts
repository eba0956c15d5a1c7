import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OnnxModelError } from './model-error.ts';
import { bytesField, floatField, integerField, message, packedIntegers, stringField } from './protobuf.ts';
import { WireReader } from './protobuf-reader.ts';

const fieldsOf = (bytes: Uint8Array) => {
  const fields: number[] = [];
  for (const reader = new WireReader(bytes); reader.next(); ) fields.push(reader.field);
  return fields;
};
const first = (bytes: Uint8Array) => {
  const reader = new WireReader(bytes);
  reader.next();
  return reader;
};

describe('the wire reader', () => {
  it('reads back every whole number that the encoder writes, negative ones too', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(first(integerField(3, value)).integer()).toBe(value);
        expect([...first(packedIntegers(3, [value, 1])).integers()]).toEqual([value, 1]);
      }),
    );
  });

  it('reads text and messages, and passes over what it is not asked for', () => {
    const bytes = message(stringField(1, 'größe'), floatField(2, 1.5), bytesField(3, integerField(9, 7)));
    const reader = new WireReader(bytes);
    reader.next();
    expect(reader.text()).toBe('größe');
    reader.next();
    reader.next();
    const inner = reader.message();
    expect([inner.next(), inner.field, inner.integer(), inner.next()]).toEqual([true, 9, 7, false]);
    expect(reader.raw()).toEqual(bytesField(3, integerField(9, 7)));
    expect(reader.next()).toBe(false);
  });

  it.each([
    ['a length beyond the end', Uint8Array.of(0x0a, 5, 1), 'field 1 is 5 bytes long where 1 are left'],
    ['a length of 2^62', Uint8Array.of(0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 63), 'bytes long'],
    [
      'a negative length',
      Uint8Array.of(0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
      'field 1 is -1 bytes long',
    ],
    ['a number without end', new Uint8Array(11).fill(255), 'more than 10 bytes'],
    ['a number that is cut off', Uint8Array.of(0x08, 0x80), 'a number is cut off'],
    ['a float that is cut off', Uint8Array.of(0x0d, 1, 2), 'field 1 is 4 bytes long where 2 are left'],
    ['a group, which is long obsolete', Uint8Array.of(0x0b), 'wire type 3'],
    ['field 0', Uint8Array.of(0x00, 0x00), 'field number 0'],
  ])('refuses %s', (_, bytes, problem) => {
    expect(() => fieldsOf(bytes)).toThrow(problem);
    expect(() => fieldsOf(bytes)).toThrow(OnnxModelError);
  });

  it('refuses to read a field as what it is not', () => {
    expect(() => first(integerField(1, 1)).text()).toThrow('wire type 0 where bytes was expected');
    expect(() => first(integerField(1, 1)).message()).toThrow('where a message was expected');
    expect(() => first(stringField(1, 'x')).integer()).toThrow('where a number was expected');
    expect(() => [...first(floatField(1, 1)).integers()]).toThrow('where numbers was expected');
  });

  it('ends on any bytes, with fields or with an OnnxModelError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          expect(fieldsOf(bytes).length).toBeLessThanOrEqual(bytes.length / 2);
        } catch (error) {
          expect(error).toBeInstanceOf(OnnxModelError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
