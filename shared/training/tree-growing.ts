/** Grows one regression tree, best leaf first, from binned columns and the gradients of the loss. */

import type { BinnedColumn } from './binning.ts';
import type { GbdtTree } from './gbdt-model.ts';
import { fillHistogram, histogramLayout, SPARE, subtractHistogram } from './tree-histogram.ts';
import { addNode, emptyNodes, recordSplit, toTree } from './tree-nodes.ts';
import { findSplit, type Split, type SplitLimits, type Sums } from './tree-split.ts';
import type { TreeThreads } from './tree-threads.ts';
import { type SharedInput, shareInput } from './tree-threads-input.ts';

export interface GrowOptions extends SplitLimits {
  /** The most leaves a tree may have, at least 2. */
  readonly maxLeaves: number;
  readonly learningRate: number;
  /** What a leaf adds to a score at most, before the learning rate. @default any amount */
  readonly maxStep?: number;
  /** Fill histograms together; the trees are the same without. */
  readonly threads?: TreeThreads | undefined;
}

/** What a forest or a robust loss does differently from plain boosting. */
export interface GrowExtras {
  /** Row indices the tree is grown from, repeated ones counting as often. @default every row once */
  readonly rows?: Int32Array;
  /** Called once for each node that is searched, parents first and left before right: by column, 1 where it may split. */
  readonly allowedColumns?: () => Uint8Array;
  /**
   * A leaf's value, instead of the Newton step times the learning rate.
   *
   * @param rows - the leaf's rows, to be read during the call only
   */
  readonly leafValue?: (node: number, rows: Int32Array) => number;
}

/** Rows, histograms and scratch space shared by all trees of one training run. */
export interface TreeGrower {
  /**
   * Grows a tree and adds its leaf values to `scores`.
   *
   * @param gradients - of the loss, one per row
   * @param hessians - one per row; `undefined` where every one is 1
   * @param output - which score the tree belongs to
   * @param scores - raw predictions, one per row; updated for all rows, whichever the tree is grown from
   */
  grow(
    gradients: Float32Array,
    hessians: Float32Array | undefined,
    output: number,
    scores: Float64Array | undefined,
    extras?: GrowExtras,
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
  const layout = histogramLayout(columns);
  const bins = columns.map((column) => column.bins);
  let order = sharedRows(rows);
  let scratch = new Int32Array(rows);
  let shared: SharedInput | undefined;
  const spare: Float64Array[] = [];
  const takeHistogram = () => spare.pop() ?? new Float64Array(layout.length + SPARE);

  /** The rows that grow a tree, all in one leaf; returns how many. */
  function startRows(sample: Int32Array | undefined): number {
    const count = sample?.length ?? rows;
    if (count > order.length) [order, scratch] = [sharedRows(count), new Int32Array(count)];
    if (sample !== undefined) order.set(sample);
    else for (let row = 0; row < rows; row++) order[row] = row;
    return count;
  }

  function grow(
    gradients: Float32Array,
    hessians: Float32Array | undefined,
    output: number,
    scores: Float64Array | undefined,
    extras: GrowExtras = {},
  ): GbdtTree {
    const count = startRows(extras.rows);
    const nodes = emptyNodes();
    const splits: (Split | undefined)[] = [];
    const open: Leaf[] = [];
    const closed: Leaf[] = [];

    const input = { bins, offsets: layout.offsets, order, gradients, hessians };
    if (options.threads !== undefined)
      shared = shareInput(input, layout.length, options.threads.count, shared);
    const fill = (histogram: Float64Array, start: number, end: number) => {
      if (shared !== undefined && options.threads!.fill(shared, start, end))
        histogram.set(shared.histogram.subarray(0, layout.length));
      else fillHistogram(histogram, layout, order, start, end, gradients, hessians);
      return histogram;
    };
    const canSplit = (sums: Sums) => sums.rows >= 2 * options.minRowsPerLeaf;
    const search = (histogram: Float64Array, sums: Sums) =>
      findSplit(histogram, layout, sums, options, hessians === undefined, extras.allowedColumns?.());
    const addLeaf = (start: number, end: number, sums: Sums, histogram: Float64Array | undefined) => {
      const split = histogram && canSplit(sums) ? search(histogram, sums) : undefined;
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
      subtractHistogram(parent, smaller, layout.length);
      return isLeftSmaller ? { left: smaller, right: parent } : { left: parent, right: smaller };
    };

    addLeaf(0, count, totals(order, count, gradients, hessians), fill(takeHistogram(), 0, count));
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
      splits[node] = split;
      recordSplit(nodes, node, split!, column.cuts, left, right);
    }
    for (const { histogram } of open) spare.push(histogram!);
    const leaves = [...closed, ...open];
    for (const { node, start, end, sums } of leaves) {
      const value = extras.leafValue?.(node, order.subarray(start, end)) ?? newtonStep(sums, options);
      // Adding 0 turns the negative zero of a leaf without gradient into a plain one.
      nodes.value[node] = Math.fround(value) + 0;
    }
    const tree = toTree(nodes, output);
    if (scores !== undefined) {
      if (extras.rows === undefined)
        for (const { node, start, end } of leaves) addToRows(scores, tree.value[node]!, order, start, end);
      else addToAllRows(scores, tree, splits);
    }
    return tree;
  }

  /** Takes every row down the tree by its bins. */
  function addToAllRows(scores: Float64Array, tree: GbdtTree, splits: readonly (Split | undefined)[]): void {
    startRows(undefined);
    const pending = [{ node: 0, start: 0, end: rows }];
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      const { node, start, end } = part;
      const split = splits[node];
      if (split === undefined) {
        addToRows(scores, tree.value[node]!, order, start, end);
        continue;
      }
      const middle = partition(columns[split.column]!, split, order, scratch, start, end);
      pending.push(
        { node: tree.left[node]!, start, end: middle },
        { node: tree.right[node]!, start: middle, end },
      );
    }
  }

  return { grow };
}

/** Row indices that threads may read. */
function sharedRows(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

function addToRows(scores: Float64Array, value: number, order: Int32Array, start: number, end: number): void {
  for (let at = start; at < end; at++) scores[order[at]!] = scores[order[at]!]! + value;
}

function totals(
  order: Int32Array,
  count: number,
  gradients: Float32Array,
  hessians: Float32Array | undefined,
): Sums {
  let gradient = 0;
  let hessian = 0;
  for (let at = 0; at < count; at++) gradient += gradients[order[at]!]!;
  if (hessians === undefined) return { gradient, hessian: count, rows: count };
  for (let at = 0; at < count; at++) hessian += hessians[order[at]!]!;
  return { gradient, hessian, rows: count };
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
  for (let at = start; at < end; at++) {
    const row = order[at]!;
    order[left] = row;
    scratch[at - left] = row;
    left += leftBins[bins[row]!]!;
  }
  order.set(scratch.subarray(0, end - left), left);
  return left;
}

/** The Newton step that lowers a leaf's loss most, shortened by the learning rate. */
function newtonStep(
  { gradient, hessian }: Sums,
  { l2, learningRate, maxStep = Number.POSITIVE_INFINITY }: GrowOptions,
): number {
  const step = -gradient / Math.max(hessian + l2, Number.MIN_VALUE);
  return learningRate * Math.min(Math.max(step, -maxStep), maxStep);
}
