/** Histogram rules of other tools, for parity with them: equal widths by Sturges and Doane, quantiles by interpolation. */

/** Edges of equal-width bins over a sorted sample; one bin of width 1 around a constant. */
function equalWidthEdges(lowest: number, highest: number, width: number): Float64Array {
  if (lowest === highest) return Float64Array.of(lowest - 0.5, highest + 0.5);
  const bins = width > 0 ? Math.max(1, Math.ceil((highest - lowest) / width)) : 1;
  const step = (highest - lowest) / bins;
  return Float64Array.from({ length: bins + 1 }, (_, at) => (at === bins ? highest : at * step + lowest));
}

/** `numpy.histogram_bin_edges(bins='sturges')`. @param sorted finite, not empty @example sturgesEdges([1, 2, 3, 4]) // 1, 2, 3, 4 */
export function sturgesEdges(sorted: ArrayLike<number>): Float64Array {
  const [lowest, highest] = [sorted[0]!, sorted[sorted.length - 1]!];
  return equalWidthEdges(lowest, highest, (highest - lowest) / (Math.log2(sorted.length) + 1));
}

/** `numpy.histogram_bin_edges(bins='doane')`: Sturges with more bins for skewed data. @param sorted finite, not empty */
export function doaneEdges(sorted: Float64Array): Float64Array {
  const n = sorted.length;
  const [lowest, highest] = [sorted[0]!, sorted[n - 1]!];
  if (n <= 2 || lowest === highest) return equalWidthEdges(lowest, highest, 0);
  const mean = sorted.reduce((sum, value) => sum + value / n, 0);
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2 / n, 0));
  const skewness = sorted.reduce((sum, value) => sum + ((value - mean) / deviation) ** 3 / n, 0);
  const skewnessError = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
  const bins = 1 + Math.log2(n) + Math.log2(1 + Math.abs(skewness) / skewnessError);
  return equalWidthEdges(lowest, highest, (highest - lowest) / bins);
}

/** `numpy.quantile` with linear interpolation. @param sorted not empty @example linearQuantile([1, 2, 3, 4], 0.5) // 2.5 */
export function linearQuantile(sorted: ArrayLike<number>, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.min(sorted.length - 1, Math.floor(place));
  const [from, to] = [sorted[below]!, sorted[Math.min(sorted.length - 1, below + 1)]!];
  const part = place - below;
  // From the nearer end, as NumPy does, so that equal neighbours interpolate to themselves.
  return part >= 0.5 ? to - (to - from) * (1 - part) : from + (to - from) * part;
}

/** The distinct ones of the reference's deciles, minimum and maximum included, ascending. */
export function decileEdges(sorted: ArrayLike<number>): Float64Array {
  const edges = new Set<number>();
  for (let decile = 0; decile <= 10; decile++) edges.add(linearQuantile(sorted, decile / 10));
  return Float64Array.from(edges).sort();
}

/**
 * Rows in [e₀, e₁), [e₁, e₂), …, the last bin closed: `numpy.histogram`. Rows outside the edges are not counted.
 *
 * @example histogram([1, 2, 2, 3], [1, 2, 3]) // 1, 3
 */
export function histogram(sorted: ArrayLike<number>, edges: ArrayLike<number>): Float64Array {
  const last = edges.length - 1;
  const counts = new Float64Array(last);
  let at = 0;
  while (at < sorted.length && sorted[at]! < edges[0]!) at++;
  for (let bin = 0; bin < last; bin++) {
    const from = at;
    while (
      at < sorted.length &&
      (bin === last - 1 ? sorted[at]! <= edges[last]! : sorted[at]! < edges[bin + 1]!)
    )
      at++;
    counts[bin] = at - from;
  }
  return counts;
}
