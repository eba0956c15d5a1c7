/** Grows one regression tree, best leaf first, from binned columns and the gradients of the loss. */

import type { BinnedColumn } from './binning.ts';
import type { GbdtTree } from './gbdt-model.ts';
import { fillHistogram, histogramLayout, subtractHistogram } from './tree-histogram.ts';
import { addNode, emptyNodes, recordSplit, toTree } from './tree-nodes.ts';
import { findSplit, type Split, type SplitLimits, type Sums } from './tree-split.ts';

export interface GrowOptions extends SplitLimits {
  /** The most leaves a tree may have, at least 2. */
  readonly maxLeaves: number;
  readonly learningRate: number;
}

/** Rows, histograms and scratch space shared by all trees of one training run. */
export interface TreeGrower {
  /**
   * Grows a tree and adds its leaf values to `scores`.
   *
   * @param gradients - of the loss, one per row
   * @param hessians - one per row; `undefined` where every one is 1
   * @param output - which score the tree belongs to
   * @param scores - raw predictions, one per row; updated
   */
  grow(
    gradients: Float32Array,
    hessians: Float32Array | undefined,
    output: number,
    scores: Float64Array,
  ): GbdtTree;
}

interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly sums: Sums;
  /** With `histogram` present in every leaf that may still be split. */
  readonly split: Split | undefined;
  readonly histogram: Float64Array | undefined;
}

/**
 * Prepares to grow trees on the same rows again and again (LightGBM's leaf-wise growth with histogram subtraction,
 * Ke et al. 2017).
 *
 * @param columns - binned columns, all of `rows` rows
 */
export function createGrower(
  columns: readonly BinnedColumn[],
  rows: number,
  options: GrowOptions,
): TreeGrower {
  const layout = histogramLayout(columns, rows);
  const order = new Int32Array(rows);
  const scratch = new Int32Array(rows);
  const spare: Float64Array[] = [];
  const takeHistogram = () => spare.pop() ?? new Float64Array(layout.length);

  function grow(
    gradients: Float32Array,
    hessians: Float32Array | undefined,
    output: number,
    scores: Float64Array,
  ): GbdtTree {
    for (let row = 0; row < rows; row++) order[row] = row;
    const nodes = emptyNodes();
    const open: Leaf[] = [];
    const closed: Leaf[] = [];

    const fill = (histogram: Float64Array, start: number, end: number) => {
      fillHistogram(histogram, layout, order, start, end, gradients, hessians);
      return histogram;
    };
    const addLeaf = (start: number, end: number, sums: Sums, histogram: Float64Array | undefined) => {
      const split = histogram && findSplit(histogram, layout, sums, options, hessians === undefined);
      const leaf = { node: addNode(nodes), start, end, sums, split, histogram };
      if (split === undefined) {
        if (histogram !== undefined) spare.push(histogram);
        closed.push(leaf);
      } else open.push(leaf);
      return leaf.node;
    };
    /** Fills the smaller child's histogram; the other one is what remains of the parent's. */
    const childHistograms = (parent: Float64Array, start: number, middle: number, end: number) => {
      const isLeftSmaller = middle - start <= end - middle;
      const smaller = isLeftSmaller
        ? fill(takeHistogram(), start, middle)
        : fill(takeHistogram(), middle, end);
      subtractHistogram(parent, smaller);
      return isLeftSmaller ? { left: smaller, right: parent } : { left: parent, right: smaller };
    };
    const canSplit = (sums: Sums) => sums.rows >= 2 * options.minRowsPerLeaf;

    addLeaf(0, rows, totals(gradients, hessians), fill(takeHistogram(), 0, rows));
    while (open.length > 0 && open.length + closed.length < options.maxLeaves) {
      const { node, start, end, split, histogram } = removeBest(open);
      const column = columns[split!.column]!;
      const middle = partition(column, split!, order, scratch, start, end);
      const isLast = open.length + closed.length + 2 >= options.maxLeaves;
      const isWorthSearching = !isLast && (canSplit(split!.left) || canSplit(split!.right));
      if (!isWorthSearching) spare.push(histogram!);
      const histograms = isWorthSearching ? childHistograms(histogram!, start, middle, end) : undefined;
      const left = addLeaf(start, middle, split!.left, histograms?.left);
      const right = addLeaf(middle, end, split!.right, histograms?.right);
      recordSplit(nodes, node, split!, column.cuts, left, right);
    }
    for (const { histogram } of open) spare.push(histogram!);
    for (const { node, start, end, sums } of [...closed, ...open]) {
      const value = leafValue(sums, options);
      nodes.value[node] = value;
      for (let at = start; at < end; at++) scores[order[at]!] = scores[order[at]!]! + value;
    }
    return toTree(nodes, output);
  }

  return { grow };
}

function totals(gradients: Float32Array, hessians: Float32Array | undefined): Sums {
  let gradient = 0;
  let hessian = 0;
  for (let row = 0; row < gradients.length; row++) gradient += gradients[row]!;
  if (hessians !== undefined) for (let row = 0; row < hessians.length; row++) hessian += hessians[row]!;
  return {
    gradient,
    hessian: hessians === undefined ? gradients.length : hessian,
    rows: gradients.length,
  };
}

/** Takes out the leaf whose split gains most; of equals, the oldest. */
function removeBest(open: Leaf[]): Leaf {
  let best = 0;
  for (let at = 1; at < open.length; at++) if (open[at]!.split!.gain > open[best]!.split!.gain) best = at;
  return open.splice(best, 1)[0]!;
}

/**
 * Moves the rows that go left before the others, keeping their order; returns where the others start. Each row is
 * written to both sides and only one side advances: a branch here would be mispredicted every other time.
 */
function partition(
  { bins }: BinnedColumn,
  { leftBins }: Split,
  order: Int32Array,
  scratch: Int32Array,
  start: number,
  end: number,
): number {
  let left = start;
  let right = 0;
  for (let at = start; at < end; at++) {
    const row = order[at]!;
    const step = leftBins[bins[row]!]!;
    order[left] = row;
    scratch[right] = row;
    left += step;
    right += 1 - step;
  }
  order.set(scratch.subarray(0, right), left);
  return left;
}

/** The Newton step that lowers a leaf's loss most, shortened by the learning rate. */
function leafValue({ gradient, hessian }: Sums, { l2, learningRate }: GrowOptions): number {
  const step = -gradient / Math.max(hessian + l2, Number.MIN_VALUE);
  // Adding 0 turns the negative zero of a leaf without gradient into a plain one.
  return Math.fround(learningRate * step) + 0;
}
