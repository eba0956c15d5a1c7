/** Where to split a node of a tree: the search through its histogram, column by column. */

import {
  type ColumnSplit,
  type SplitLimits,
  type Sums,
  splitCategories,
  splitNumeric,
} from './column-split.ts';
import type { HistogramLayout } from './tree-histogram.ts';

export type { SplitLimits, Sums } from './column-split.ts';

export interface Split extends ColumnSplit {
  readonly column: number;
}

/**
 * The split that lowers the loss most (Chen & Guestrin 2016, eq. 7, without the factor one half), or `undefined` if none
 * is allowed. Missing rows are tried on both sides; a node without any sends future ones to its larger child.
 *
 * @param allowed - by column, 1 where it may split; absent, all may
 */
export function findSplit(
  histogram: Float64Array,
  { columns, offsets }: HistogramLayout,
  node: Sums,
  limits: SplitLimits,
  hasUnitHessians: boolean,
  allowed?: Uint8Array,
): Split | undefined {
  const hessianSlot = hasUnitHessians ? 2 : 1;
  let best: ColumnSplit | undefined;
  let bestColumn = -1;
  for (let column = 0; column < columns.length; column++) {
    if (allowed !== undefined && allowed[column] === 0) continue;
    const { cuts, isCategorical } = columns[column]!;
    const of = { histogram, offset: offsets[column]!, valueBins: cuts.length + 1, hessianSlot };
    const split = isCategorical ? splitCategories : splitNumeric;
    const found = split(of, node, limits, best?.gain ?? 0);
    if (found === undefined) continue;
    best = found;
    bestColumn = column;
  }
  return best && { ...best, column: bestColumn };
}
