/** Where to split a node of a tree: the search through its histogram. */

import { type HistogramLayout, SLOTS } from './tree-histogram.ts';

/** Below this sum of hessians a child's value would be arbitrary (scikit-learn's `min_hessian_to_split`). */
const MIN_HESSIAN = 1e-3;
/** A gain smaller than this part of the node's own score is rounding noise. */
const NOISE = 1e-12;

export interface Sums {
  readonly gradient: number;
  readonly hessian: number;
  readonly rows: number;
}

export interface Split {
  readonly column: number;
  /** The last bin that goes left. */
  readonly bin: number;
  /** By bin, the missing one included: 1 where its rows go left. 256 long. */
  readonly leftBins: Uint8Array;
  readonly missingLeft: boolean;
  readonly gain: number;
  readonly left: Sums;
  readonly right: Sums;
}

export interface SplitLimits {
  readonly minRowsPerLeaf: number;
  readonly l2: number;
}

/**
 * The split that lowers the loss most (Chen & Guestrin 2016, eq. 7, without the factor one half), or `undefined` if none
 * is allowed. Missing rows are tried on both sides; a node without any sends future ones to its larger child.
 */
export function findSplit(
  histogram: Float64Array,
  { columns, offsets }: HistogramLayout,
  node: Sums,
  limits: SplitLimits,
  hasUnitHessians: boolean,
): Split | undefined {
  let best: Split | undefined;
  for (let column = 0; column < columns.length; column++) {
    const valueBins = columns[column]!.cuts.length + 1;
    const found = findColumnSplit(histogram, offsets[column]!, valueBins, node, limits, hasUnitHessians);
    if (found !== undefined && (best === undefined || found.gain > best.gain)) best = { ...found, column };
  }
  return best;
}

function findColumnSplit(
  histogram: Float64Array,
  offset: number,
  valueBins: number,
  node: Sums,
  { minRowsPerLeaf, l2 }: SplitLimits,
  hasUnitHessians: boolean,
): Omit<Split, 'column'> | undefined {
  const hessianSlot = hasUnitHessians ? 2 : 1;
  const missing = offset + valueBins * SLOTS;
  const missingRows = histogram[missing + 2]!;
  const parentScore = node.gradient ** 2 / (node.hessian + l2);
  // Splitting after the last value bin separates the missing rows from all others.
  const lastBin = missingRows > 0 ? valueBins - 1 : valueBins - 2;
  let bestGain = parentScore * NOISE;
  let bestBin = -1;
  let bestMissingLeft = 0;
  let bestGradient = 0;
  let bestHessian = 0;
  let bestRows = 0;
  for (let missingLeft = 0; missingLeft <= (missingRows > 0 ? 1 : 0); missingLeft++) {
    let gradient = missingLeft * histogram[missing]!;
    let hessian = missingLeft * histogram[missing + hessianSlot]!;
    let rows = missingLeft * missingRows;
    for (let bin = 0; bin <= lastBin; bin++) {
      const slot = offset + bin * SLOTS;
      const binRows = histogram[slot + 2]!;
      if (binRows === 0) continue;
      gradient += histogram[slot]!;
      hessian += histogram[slot + hessianSlot]!;
      rows += binRows;
      if (rows < minRowsPerLeaf || hessian < MIN_HESSIAN) continue;
      const rightHessian = node.hessian - hessian;
      if (node.rows - rows < minRowsPerLeaf || rightHessian < MIN_HESSIAN) break;
      const rightGradient = node.gradient - gradient;
      const gain =
        (gradient * gradient) / (hessian + l2) +
        (rightGradient * rightGradient) / (rightHessian + l2) -
        parentScore;
      if (gain > bestGain) {
        bestGain = gain;
        bestBin = bin;
        bestMissingLeft = missingLeft;
        bestGradient = gradient;
        bestHessian = hessian;
        bestRows = rows;
      }
    }
  }
  if (bestBin < 0) return undefined;
  const missingLeft = missingRows > 0 ? bestMissingLeft === 1 : bestRows * 2 >= node.rows;
  const leftBins = new Uint8Array(256).fill(1, 0, bestBin + 1);
  if (missingLeft) leftBins[valueBins] = 1;
  return {
    bin: bestBin,
    leftBins,
    missingLeft,
    gain: bestGain,
    left: { gradient: bestGradient, hessian: bestHessian, rows: bestRows },
    right: {
      gradient: node.gradient - bestGradient,
      hessian: node.hessian - bestHessian,
      rows: node.rows - bestRows,
    },
  };
}
