/** Cells of raw samples: how each convention turns numbers into counts before it compares them. */

import { type NotComputable, notComputable } from '../measure.ts';
import { decileEdges, doaneEdges, histogram, sturgesEdges } from './binning.ts';
import type { Convention } from './drift-test.ts';
import { groupValues, type TwoSamples } from './two-samples.ts';

export interface CellCounts {
  readonly computable: true;
  readonly reference: ArrayLike<number>;
  readonly current: ArrayLike<number>;
}

/** More distinct reference values than this are binned by Evidently, fewer are categories. */
const EVIDENTLY_MAX_VALUES = 20;
/** Cells of the default convention, and the most values that get a cell each. */
const MAX_CELLS = 10;

/**
 * Counts of both samples on the cells of one convention.
 *
 * - `tidemark`, `scipy`: up to ten reference quantile cells with open ends, or one per value of up to ten values
 * - `evidently`: Sturges bins over both samples, or one per value of up to twenty. One far value empties all others
 * - `nannyml`: Doane bins of the reference, and one more for what lies outside
 * - `sentinelml`: reference deciles; what lies outside is not counted
 * - `decile`: reference deciles with open ends
 */
export function sampleCells(samples: TwoSamples, convention: Convention): CellCounts | NotComputable {
  const { reference, current } = samples;
  if (convention === 'evidently') {
    const values = groupValues(samples);
    if (values.reference.length === 0) return notComputable('a sample without rows has no shares');
    const distinct = Array.from(values.reference).filter((count) => count > 0).length;
    if (distinct <= EVIDENTLY_MAX_VALUES) return valueCells(samples);
    return edgeCells(samples, sturgesEdges(Float64Array.from([...reference, ...current]).sort()));
  }
  if (convention === 'nannyml') {
    const inside = edgeCells(samples, doaneEdges(reference));
    if (!inside.computable) return inside;
    const counted = Array.from(inside.current).reduce((sum, count) => sum + count, 0);
    return {
      computable: true,
      reference: [...Array.from(inside.reference), 0],
      current: [...Array.from(inside.current), current.length - counted],
    };
  }
  if (convention === 'sentinelml') return edgeCells(samples, decileEdges(reference));
  if (convention === 'decile')
    return edgeCells(
      samples,
      Float64Array.of(
        Number.NEGATIVE_INFINITY,
        ...decileEdges(reference).slice(1, -1),
        Number.POSITIVE_INFINITY,
      ),
    );
  return quantileCells(samples);
}

/** One cell per distinct value. */
export function valueCells(samples: TwoSamples): CellCounts {
  const { reference, current } = groupValues(samples);
  return { computable: true, reference, current };
}

/** Bins between edges, which must span a finite range or be open. */
export function edgeCells(
  { reference, current }: TwoSamples,
  edges: Float64Array,
): CellCounts | NotComputable {
  if (edges.some(Number.isNaN)) return notComputable('the range of the values is too large for bins');
  if (edges.length < 2) return notComputable('the reference has a single value, so no bin has a width');
  return { computable: true, reference: histogram(reference, edges), current: histogram(current, edges) };
}

function quantileCells(samples: TwoSamples): CellCounts {
  const { reference, current } = samples;
  const cuts = quantileCuts(reference);
  if (cuts) return { computable: true, reference: between(reference, cuts), current: between(current, cuts) };
  const groups = groupValues(samples);
  const known = Array.from(groups.values.keys()).filter((at) => groups.reference[at]! > 0);
  const inReference = known.map((at) => groups.reference[at]!);
  const inCurrent = known.map((at) => groups.current[at]!);
  const unseen = current.length - inCurrent.reduce((sum, count) => sum + count, 0);
  return unseen === 0
    ? { computable: true, reference: inReference, current: inCurrent }
    : { computable: true, reference: [...inReference, 0], current: [...inCurrent, unseen] };
}

/** The values after which to cut, never one that leaves nothing above it; undefined where values get a cell each. */
function quantileCuts(sorted: Float64Array): Float64Array | undefined {
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  if (distinct.length <= MAX_CELLS) return undefined;
  const cuts = new Set<number>();
  for (let cell = 1; cell < MAX_CELLS; cell++) {
    const cut = sorted[Math.ceil((cell / MAX_CELLS) * sorted.length) - 1]!;
    cuts.add(cut === distinct.at(-1) ? distinct.at(-2)! : cut);
  }
  return Float64Array.from(cuts).sort();
}

/** Rows in (−∞, c₀], (c₀, c₁], …, (last, ∞). */
function between(sorted: Float64Array, cuts: Float64Array): Float64Array {
  const counts = new Float64Array(cuts.length + 1);
  let cell = 0;
  for (const value of sorted) {
    while (cell < cuts.length && value > cuts[cell]!) cell++;
    counts[cell]!++;
  }
  return counts;
}
