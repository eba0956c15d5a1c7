/** Numbers read from bytes against the language's own conversion. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNumericText } from '../schema/cells.ts';
import { parseFloat32 } from './decimal.ts';

function read(text: string): number {
  const bytes = Buffer.from(`x${text},`);
  return parseFloat32(bytes, 1, bytes.length - 1);
}

function expected(text: string): number {
  return isNumericText(text) ? Math.fround(Number(text)) : Number.NaN;
}

const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 0, maxLength: most });
const decimal = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    digits(22),
    fc.constantFrom('', '.'),
    digits(24),
    fc.oneof(
      fc.constant(''),
      fc
        .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '-', '+'), digits(3))
        .map((part) => part.join('')),
    ),
  )
  .map((parts) => parts.join(''));

describe('a decimal number', () => {
  it('is the 32-bit float nearest to what Number makes of the text, whatever its length, sign and exponent', () => {
    fc.assert(
      fc.property(decimal, (text) => {
        expect(read(text)).toBe(expected(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it('survives being written by JavaScript in all its digits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(read(String(value))).toBe(Math.fround(Number(String(value))));
      }),
      { numRuns: 10_000 },
    );
  });

  it('is rounded twice as Number does it beside the middle between two floats', () => {
    // 1 + 2^-24 is the middle between 1 and the next float; the texts differ from it behind the 15th digit
    const middle = '1.000000059604644775390625';
    for (const text of [middle, `${middle}1`, '1.0000000596046447753', '1.0000000596046448', `${middle}e22`])
      expect(read(text)).toBe(expected(text));
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(1e-6), max: 1e6 }),
        digits(6),
        (value, tail) => {
          const next = new Float32Array([value]);
          new Uint32Array(next.buffer)[0]!++;
          const text = `${((value + next[0]!) / 2).toFixed(30)}${tail}`;
          expect(read(text)).toBe(expected(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each([
    '.5',
    '5.',
    '-0',
    '+7',
    '007',
    '1e5',
    '1E-5',
    '0e999',
    '123456789012345678901234567890',
    '4e-46',
    '3.5e38',
  ])('accepts %s', (text) => expect(read(text)).toBe(Math.fround(Number(text))));

  it.each([
    '',
    '-',
    '.',
    'e5',
    '1e',
    '1e+',
    '1.2.3',
    '1,5',
    '0x10',
    'Infinity',
    'inf',
    '1e999',
    '-1e400',
    '1_000',
    '--1',
  ])('has nothing to say about %j', (text) => expect(read(text)).toBeNaN());
});
