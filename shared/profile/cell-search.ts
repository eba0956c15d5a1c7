/** Cell search: from a value to its cell, fast enough to count every value of the traffic. */

import type { NumericAnchor } from './numeric-anchor.ts';

/**
 * A uniform grid of start indices over the core of the distribution (location ± 4 scales), so that most values
 * need no search at all; values outside fall back to a binary search of the edges there.
 */
export interface CellSearch {
  /** The anchor's edges and one trailing NaN, so that reading one past the end equals no value. */
  readonly edges: Float64Array;
  readonly edgeCount: number;
  readonly coreLow: number;
  readonly coreHigh: number;
  /** Buckets per unit of value. */
  readonly density: number;
  /** `starts[b]` is the first edge of bucket `b`; one bucket more than the grid for rounding at its end. */
  readonly starts: Uint16Array;
}

const BUCKETS = 16384;
const searches = new WeakMap<NumericAnchor, CellSearch>();

/** The (memoised) search structure of an anchor. */
export function cellSearch(anchor: NumericAnchor): CellSearch {
  const known = searches.get(anchor);
  if (known) return known;
  const built = buildCellSearch(anchor);
  searches.set(anchor, built);
  return built;
}

function buildCellSearch(anchor: NumericAnchor): CellSearch {
  const edges = Float64Array.from([...anchor.edges, Number.NaN]);
  const coreLow = anchor.location - 4 * anchor.scale;
  const coreHigh = anchor.location + 4 * anchor.scale;
  const density = BUCKETS / (coreHigh - coreLow);
  // The same monotone expression for edges and values: an edge in a lower bucket is below the value, for certain.
  const starts = new Uint16Array(BUCKETS + 2);
  let edge = 0;
  while (edge < anchor.edges.length && anchor.edges[edge]! < coreLow) edge++;
  for (let bucket = 0; bucket < BUCKETS + 2; bucket++) {
    while (edge < anchor.edges.length && bucketOf(anchor.edges[edge]!, coreLow, coreHigh, density) < bucket)
      edge++;
    starts[bucket] = edge;
  }
  return { edges, edgeCount: anchor.edges.length, coreLow, coreHigh, density, starts };
}

function bucketOf(value: number, coreLow: number, coreHigh: number, density: number): number {
  return value < coreHigh ? ((value - coreLow) * density) | 0 : Number.POSITIVE_INFINITY;
}

/**
 * Cell of a finite value: `2i` for the open interval below edge `i`, `2i + 1` for edge `i` itself.
 * Equals lowerBound(value) + upperBound(value) over the edges.
 *
 * @param value a finite float32 value
 */
export function cellOf(search: CellSearch, value: number): number {
  const { edges, coreLow, coreHigh, starts } = search;
  let low = 0;
  let high = search.edgeCount;
  if (value >= coreLow) {
    if (value < coreHigh) {
      const bucket = ((value - coreLow) * search.density) | 0;
      low = starts[bucket]!;
      high = starts[bucket + 1]!;
      // At most one edge in nearly every bucket: a sum instead of a branch that nothing predicts.
      if (high - low < 2) {
        low += Number(edges[low]! < value);
        high = low;
      }
    } else low = starts[BUCKETS + 1]!;
  } else high = starts[0]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return edges[low] === value ? 2 * low + 1 : 2 * low;
}
