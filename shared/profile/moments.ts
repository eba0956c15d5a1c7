/** Moments of a numeric profile: integers while counting, mean and standard deviation when read. */

import type { NumericAnchor } from './numeric-anchor.ts';
import type { NumericProfile } from './profile.ts';

/** A value is counted as q = round((value − location) / scale · 2^20): a millionth of a scale. */
export const STEPS_PER_SCALE = 2 ** 20;
/** |q| is clipped here, at 2047 scales, so that q fits 32 bits. */
export const MAX_FIXED = 2047 * STEPS_PER_SCALE;

/** Σq² from the sums over q = 2^16·high + low of high², high·low and low². */
export function squares(highSquares: number, crossProducts: number, lowSquares: number): bigint {
  return (BigInt(highSquares) << 32n) + (BigInt(crossProducts) << 17n) + BigInt(lowSquares);
}

/** Mean of the finite values in data units; undefined without any. Values beyond 2047 scales enter clipped. */
export function meanOf(anchor: NumericAnchor, profile: NumericProfile): number | undefined {
  if (profile.count === 0) return undefined;
  return anchor.location + (anchor.scale / STEPS_PER_SCALE) * (Number(profile.sum) / profile.count);
}

/** Sample standard deviation (n − 1) of the finite values in data units; undefined below two of them. */
export function standardDeviationOf(anchor: NumericAnchor, profile: NumericProfile): number | undefined {
  const { count, sum, sumOfSquares } = profile;
  if (count < 2) return undefined;
  const deviations = Number(BigInt(count) * sumOfSquares - sum * sum);
  return (anchor.scale / STEPS_PER_SCALE) * Math.sqrt(deviations / count / (count - 1));
}
