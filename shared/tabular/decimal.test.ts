/** Numbers read from bytes against the language's own conversion. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNumericText } from '../schema/cells.ts';
import { parseDecimal } from './decimal.ts';

function read(text: string): number {
  const bytes = Buffer.from(`x${text},`);
  return parseDecimal(bytes, 1, bytes.length - 1);
}

function expected(text: string): number {
  return isNumericText(text) ? Number(text) : Number.NaN;
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
  it('is what Number makes of the text, to the last bit, whatever its length, sign and exponent', () => {
    fc.assert(
      fc.property(decimal, (text) => {
        expect(read(text)).toBe(expected(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it('is one that rounds to the same 32-bit float where no more is asked for', () => {
    fc.assert(
      fc.property(decimal, (text) => {
        const bytes = Buffer.from(`x${text},`);
        expect(Math.fround(parseDecimal(bytes, 1, bytes.length - 1, false))).toBe(
          Math.fround(expected(text)),
        );
      }),
      { numRuns: 10_000 },
    );
  });

  it('survives being written by JavaScript in all its digits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(read(String(value))).toBe(Number(String(value)));
      }),
      { numRuns: 10_000 },
    );
  });

  it('is rounded as Number does it at the middle between two doubles, and on either side of it', () => {
    // 2^53 + 1 is the middle between two doubles; the texts differ from it behind the 16th digit
    const middle = '9007199254740993';
    for (const text of [
      middle,
      `${middle}.000`,
      `${middle}.001`,
      '9007199254740992.999',
      '900719925474099.3',
      `${middle}e2`,
    ])
      expect(read(text)).toBe(Number(text));
    fc.assert(
      fc.property(fc.bigInt(2n ** 53n, 2n ** 63n), fc.integer({ min: 0, max: 19 }), (whole, decimals) => {
        const written = whole.toString().padStart(decimals + 1, '0');
        const at = written.length - decimals;
        for (const tail of ['', '0', '1', '000000'])
          expect(read(`${written.slice(0, at)}.${written.slice(at)}${tail}`)).toBe(
            Number(`${written.slice(0, at)}.${written.slice(at)}${tail}`),
          );
      }),
      { numRuns: 10_000 },
    );
    fc.assert(
      fc.property(fc.bigInt(2n ** 53n, 2n ** 59n), (whole) => {
        const between = (whole | 1n).toString();
        expect(read(between)).toBe(Number(between));
      }),
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
  ])('accepts %s', (text) => expect(read(text)).toBe(Number(text)));

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
