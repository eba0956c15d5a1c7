/** Steps between neighbouring float32 numbers, for probing thresholds exactly. */

/**
 * The float32 number next to `value` in a direction; infinities and `NaN` have none and are returned.
 *
 * @example
 * neighbour(1, 1); // 1.00000011920929
 */
export function neighbour(value: number, direction: 1 | -1): number {
  if (!Number.isFinite(value)) return value;
  const floats = Float32Array.of(value);
  if (floats[0] === 0) return direction * 2 ** -149;
  const bits = new Int32Array(floats.buffer);
  bits[0] = bits[0]! + (value > 0 ? direction : -direction);
  return floats[0]!;
}
