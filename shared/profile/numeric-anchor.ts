/** Numeric anchors: where one baseline column's cells are cut, and the scale its moments are counted in. */

import type { NumericColumn } from '#shared/schema/columns.ts';
import type { Channel } from './anchors.ts';

/** Quantile cells per feature: KS is then known to 1/1024. */
export const QUANTILE_CELLS = 1024;
/** Log-spaced edges per tail, each √2 further out, to 2^20 scales. */
const TAIL_EDGES = 41;

export interface NumericAnchor {
  readonly kind: 'numeric';
  readonly name: string;
  readonly channel: Channel;
  /**
   * Ascending distinct float32 values: baseline order statistics (the extremes included) and log-spaced tail
   * edges beyond the 0.1 % quantiles. Cell `2i` is the open interval below edge `i`, cell `2i + 1` the edge itself.
   */
  readonly edges: readonly number[];
  /** Smallest and largest finite baseline value; null when there was none. */
  readonly range: { readonly lowest: number; readonly highest: number } | null;
  /** Baseline median: the origin of the fixed-point moments. */
  readonly location: number;
  /** A power of two at or above the robust spread, so that dividing by it is exact. */
  readonly scale: number;
}

/**
 * Cuts one baseline column at its order statistics of rank ⌈j·n/1024⌉ (every value, when fewer).
 *
 * Values are taken as float32, which is what the model sees: without it a baseline read as doubles and traffic
 * read as floats would differ at every repeated value. Missing and infinite values are left out.
 *
 * @example buildNumericAnchor({ kind: 'numeric', name: 'x', channel: 'feature', values: Float32Array.of(3, 1, 2) }).location // 2
 */
export function buildNumericAnchor(column: NumericColumn & { readonly channel: Channel }): NumericAnchor {
  const { name, channel } = column;
  const sorted = Float32Array.from(column.values).filter(Number.isFinite).sort();
  const count = sorted.length;
  if (count === 0) return { kind: 'numeric', name, channel, edges: [], range: null, location: 0, scale: 1 };
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * count) - 1)]!;

  const location = quantile(0.5);
  const scale = spreadScale(sorted, location, quantile(0.75) - quantile(0.25));
  const edges = new Set<number>();
  for (let cell = 0; cell <= QUANTILE_CELLS; cell++) edges.add(quantile(cell / QUANTILE_CELLS) + 0);
  for (let step = 0; step < TAIL_EDGES; step++) {
    const distance = scale * 2 ** (step / 2);
    for (const edge of [quantile(0.999) + distance, quantile(0.001) - distance]) {
      const rounded = Math.fround(edge);
      if (Number.isFinite(rounded)) edges.add(rounded + 0);
    }
  }
  return {
    kind: 'numeric',
    name,
    channel,
    edges: Array.from(Float64Array.from(edges).sort()),
    range: { lowest: sorted[0]! + 0, highest: sorted[count - 1]! + 0 },
    location: location + 0,
    scale,
  };
}

/** IQR/1.349, the mean absolute deviation where that is 0; widened so that few baseline values are clipped. */
function spreadScale(sorted: Float32Array, location: number, interquartileRange: number): number {
  let deviation = 0;
  for (const value of sorted) deviation += Math.abs(value - location);
  const spread = interquartileRange > 0 ? interquartileRange / 1.349 : deviation / sorted.length;
  if (!(spread > 0)) return powerOfTwoAtLeast(Math.max(1, Math.abs(location)));
  const reach = Math.max(sorted[sorted.length - 1]! - location, location - sorted[0]!) / 2000;
  return powerOfTwoAtLeast(Math.max(spread, Math.min(reach, 1000 * spread)));
}

function powerOfTwoAtLeast(value: number): number {
  let power = 2 ** Math.floor(Math.log2(value));
  while (power < value) power *= 2;
  return power;
}
