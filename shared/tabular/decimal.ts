/** Decimal text straight from the bytes of a file to the nearest 32-bit float, without making a string of it. */
import { isNumericText } from '../schema/cells.ts';

/** The powers of ten that a double holds exactly. */
export const exactPowersOfTen: Float64Array = Float64Array.from({ length: 23 }, (_, power) =>
  Number(`1e${power}`),
);

const maxMantissaDigits = 15;
const maxExactPower = 22;
const minus = 45;
const plus = 43;
const point = 46;

/**
 * Reads `bytes[from … to)` as `Math.fround(Number(text))`, or says that it is not a plain decimal number. Up to 15 digits
 * scaled by an exact power of ten need one correctly rounded operation (Clinger 1990, "How to read floating point numbers
 * accurately"). Of a longer number the digits dropped only matter when the two ends of the range they leave round to
 * different floats; then, and for powers beyond 22, the text is converted by `Number`.
 *
 * @returns NaN when the text is not a finite decimal number by {@link isNumericText}
 * @example parseFloat32(Buffer.from('-0.5'), 0, 4) // => -0.5
 */
export function parseFloat32(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  let byte = bytes[at]!;
  const isNegative = byte === minus;
  if (isNegative || byte === plus) at++;
  let mantissa = 0;
  let digits = 0;
  let dropped = 0;
  let seen = 0;
  let scale = 0;
  for (; at < to; at++) {
    byte = bytes[at]! - 48;
    if (byte < 0 || byte > 9) break;
    seen++;
    if (digits === maxMantissaDigits) dropped++;
    else {
      mantissa = mantissa * 10 + byte;
      if (mantissa > 0) digits++;
    }
  }
  if (at < to && bytes[at] === point) {
    const fraction = ++at;
    for (; at < to; at++) {
      byte = bytes[at]! - 48;
      if (byte < 0 || byte > 9) break;
      if (digits === maxMantissaDigits) dropped++;
      else {
        mantissa = mantissa * 10 + byte;
        if (mantissa > 0) digits++;
      }
    }
    scale = fraction - at;
    seen += at - fraction;
  }
  if (seen === 0) return Number.NaN;
  if (at < to) {
    const exponent = readExponent(bytes, at, to);
    if (Number.isNaN(exponent)) return Number.NaN;
    scale += exponent;
  }
  scale += dropped;
  if (scale > maxExactPower || scale < -maxExactPower) return fromText(bytes, from, to);
  const low = scaled(mantissa, scale);
  if (dropped > 0 && Math.fround(low) !== Math.fround(scaled(mantissa + 1, scale)))
    return fromText(bytes, from, to);
  return Math.fround(isNegative ? -low : low);
}

function scaled(mantissa: number, power: number): number {
  return power < 0 ? mantissa / exactPowersOfTen[-power]! : mantissa * exactPowersOfTen[power]!;
}

/** NaN when `bytes[from … to)` is not an exponent. */
function readExponent(bytes: Uint8Array, from: number, to: number): number {
  if ((bytes[from]! | 0x20) !== 0x65) return Number.NaN;
  let at = from + 1;
  const sign = bytes[at]!;
  if (sign === minus || sign === plus) at++;
  if (at >= to) return Number.NaN;
  let exponent = 0;
  for (; at < to; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    if (exponent < 100_000) exponent = exponent * 10 + digit;
  }
  return sign === minus ? -exponent : exponent;
}

function fromText(bytes: Uint8Array, from: number, to: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
  return isNumericText(text) ? Math.fround(Number(text)) : Number.NaN;
}
