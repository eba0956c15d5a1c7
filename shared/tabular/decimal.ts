/** Decimal text straight from the bytes of a file to the nearest double, without making a string of it. */
import { isNumericText } from '../schema/cells.ts';

/** The powers of ten that a double holds exactly. */
export const exactPowersOfTen: Float64Array = Float64Array.from({ length: 23 }, (_, power) =>
  Number(`1e${power}`),
);

/** Of the leading digits, which a double holds exactly, and of those after them. */
const maxLeadingDigits = 15;
const maxTrailingDigits = 4;
const maxExactPower = 22;
/** Far more than the relative error of a correction, far less than half a last place of the sum. */
const doubt = 2 ** -48;
const splitter = 2 ** 27 + 1;
const minus = 45;
const plus = 43;
const point = 46;
const zero = 48;

/**
 * Reads `bytes[from … to)` as `Number(text)`, or says that it is not a plain decimal number. Up to 15 digits scaled by an
 * exact power of ten need one correctly rounded operation (Clinger 1990, "How to read floating point numbers accurately");
 * up to 19 are divided in twice the precision (Dekker 1971). Where digits beyond those, or the rest of that division,
 * could decide the rounding, and for powers beyond 22, the text is converted by `Number`.
 *
 * @param isExact without it the number may be another double that rounds to the same 32-bit float, found faster
 * @returns NaN when the text is not a finite decimal number by {@link isNumericText}
 * @example parseDecimal(Buffer.from('-0.5'), 0, 4) // => -0.5
 */
export function parseDecimal(bytes: Uint8Array, from: number, to: number, isExact = true): number {
  let at = from;
  let byte = bytes[at]!;
  const isNegative = byte === minus;
  if (isNegative || byte === plus) at++;
  const first = at;
  let leading = 0;
  let digits = 0;
  let dropped = 0;
  let seen = 0;
  let scale = 0;
  for (; at < to; at++) {
    byte = bytes[at]! - zero;
    if (byte < 0 || byte > 9) break;
    seen++;
    if (digits === maxLeadingDigits) dropped++;
    else {
      leading = leading * 10 + byte;
      if (leading > 0) digits++;
    }
  }
  if (at < to && bytes[at] === point) {
    const fraction = ++at;
    for (; at < to; at++) {
      byte = bytes[at]! - zero;
      if (byte < 0 || byte > 9) break;
      if (digits === maxLeadingDigits) dropped++;
      else {
        leading = leading * 10 + byte;
        if (leading > 0) digits++;
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
  let value = scaled(leading, scale);
  if (dropped > 0) {
    if (isExact) value = withTrailing(bytes, first, leading, dropped, scale);
    else if (Math.fround(value) !== Math.fround(scaled(leading + 1, scale))) value = Number.NaN;
    if (Number.isNaN(value)) return fromText(bytes, from, to);
  }
  return isNegative ? -value : value;
}

function scaled(mantissa: number, power: number): number {
  return power < 0 ? mantissa / exactPowersOfTen[-power]! : mantissa * exactPowersOfTen[power]!;
}

/** With the digits behind the leading ones; NaN where twice the precision does not settle the rounding. */
function withTrailing(
  bytes: Uint8Array,
  first: number,
  leading: number,
  dropped: number,
  scale: number,
): number {
  const trailingDigits = Math.min(dropped, maxTrailingDigits);
  if (scale > trailingDigits) return Number.NaN;
  let at = first;
  for (let left = maxLeadingDigits, isLeading = true; left > 0; at++) {
    const byte = bytes[at]!;
    if (isLeading && byte === zero) continue;
    if (byte === point) continue;
    isLeading = false;
    left--;
  }
  let trailing = 0;
  for (let left = trailingDigits; left > 0; at++) {
    const byte = bytes[at]!;
    if (byte === point) continue;
    trailing = trailing * 10 + byte - zero;
    left--;
  }
  const power = exactPowersOfTen[trailingDigits]!;
  const divisor = exactPowersOfTen[trailingDigits - scale]!;
  const value = quotient(leading, power, trailing, divisor);
  const isLonger = dropped > trailingDigits;
  return isLonger && value !== quotient(leading, power, trailing + 1, divisor) ? Number.NaN : value;
}

/** (leading · power + trailing) / divisor, correctly rounded; NaN where it lies too near the middle of two doubles. */
function quotient(leading: number, power: number, trailing: number, divisor: number): number {
  const product = leading * power;
  const low = productError(leading, power, product) + trailing;
  const high = product + low;
  const rest = product - high + low;
  const value = high / divisor;
  const back = value * divisor;
  const correction = (high - back - productError(value, divisor, back) + rest) / divisor;
  const rounded = value + correction * (1 + doubt);
  return rounded === value + correction * (1 - doubt) ? rounded : Number.NaN;
}

/** What rounding took from the product of two numbers, exactly. */
function productError(one: number, other: number, product: number): number {
  const oneBig = one * splitter;
  const oneHigh = oneBig - (oneBig - one);
  const oneLow = one - oneHigh;
  const otherBig = other * splitter;
  const otherHigh = otherBig - (otherBig - other);
  const otherLow = other - otherHigh;
  return oneLow * otherLow - (product - oneHigh * otherHigh - oneLow * otherHigh - oneHigh * otherLow);
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
    const digit = bytes[at]! - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    if (exponent < 100_000) exponent = exponent * 10 + digit;
  }
  return sign === minus ? -exponent : exponent;
}

function fromText(bytes: Uint8Array, from: number, to: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
  return isNumericText(text) ? Number(text) : Number.NaN;
}
