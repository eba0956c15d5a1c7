/** Grows one tree of a forest, most useful split first, until its leaves are pure or its share of the file is used up. */

import { shuffledIndices } from '#shared/random.ts';
import type { BinnedColumn } from './binning.ts';
import type { ForestTree } from './forest-model.ts';
import { addRow, createForestSearch, type ForestSplit, type ForestTarget } from './forest-split.ts';
import { createHeap } from './heap.ts';
import { addNode, emptyNodes, recordSplit, toTree } from './tree-nodes.ts';

export interface ForestGrowOptions {
  readonly minRowsPerLeaf: number;
  readonly maxLeaves: number;
  /** How many columns are searched at each node; more where none of them splits it. */
  readonly columnsPerNode: number;
  /** What the tree may cost in the exported file; see `splitBytes`. */
  readonly maxBytes: number;
}

/** An inner node costs at most this much in an ONNX file: ids, threshold, mode and sides. */
const NODE_BYTES = 34;
/** So does a leaf, and each of its values. */
const LEAF_BYTES = 28;
const VALUE_BYTES = 11;

/** What a tree of one leaf costs in the exported file at most. A root that is a leaf is written as a split. */
function leafBytes(outputs: number): number {
  return NODE_BYTES + 2 * (LEAF_BYTES + VALUE_BYTES * outputs);
}

/** What a split adds: an inner node, one leaf more, and of a set the smaller side's categories. */
function splitBytes({ bin, leftBins }: ForestSplit, categories: number, outputs: number): number {
  let members = 0;
  if (bin < 0) for (let code = 0; code < categories; code++) members += leftBins[code]!;
  const listed = Math.min(members, categories - members) + 1;
  return NODE_BYTES + LEAF_BYTES + VALUE_BYTES * outputs + (bin < 0 ? 4 * listed : 0);
}

interface Leaf {
  readonly node: number;
  readonly rows: Int32Array;
  readonly sums: Float64Array;
  readonly split: ForestSplit | undefined;
}

/**
 * Grows one tree.
 *
 * @param weights - by row; rows of weight 0 are not in the tree's sample
 * @param base - added to a regression's leaf means: what its values were centred by
 */
export function growForestTree(
  columns: readonly BinnedColumn[],
  target: ForestTarget,
  weights: Float64Array,
  base: number,
  options: ForestGrowOptions,
  random: () => number,
): ForestTree {
  const { outputs } = target;
  const search = createForestSearch(columns, target, weights, options.minRowsPerLeaf);
  const nodes = emptyNodes();
  const leaves: Leaf[] = [];
  const open = createHeap<Leaf>((leaf) => leaf.split!.gain);
  let bytes = leafBytes(outputs);

  const addLeaf = (rows: Int32Array) => {
    const sums = new Float64Array(outputs + 2);
    for (const row of rows) addRow(sums, 0, row, weights[row]!, target);
    const leaf = { node: addNode(nodes), rows, sums, split: bestSplit(rows, sums) };
    if (leaf.split === undefined) leaves.push(leaf);
    else open.push(leaf);
    return leaf.node;
  };
  const bestSplit = (rows: Int32Array, sums: Float64Array) => {
    if (rows.length < 2 * options.minRowsPerLeaf || isPure(sums, target)) return undefined;
    let best: ForestSplit | undefined;
    let searched = 0;
    for (const column of shuffledIndices(columns.length, random)) {
      if (searched++ >= options.columnsPerNode && best !== undefined) break;
      const found = search(column, rows, sums);
      if (found !== undefined && (best === undefined || found.gain > best.gain)) best = found;
    }
    return best;
  };

  addLeaf(Int32Array.from(weights.keys()).filter((row) => weights[row]! > 0));
  for (let leaf = open.pop(); leaf !== undefined; leaf = open.pop()) {
    const split = leaf.split!;
    const { bins, cuts } = columns[split.column]!;
    const cost = splitBytes(split, cuts.length + 1, outputs);
    const count = leaves.length + open.size() + 1;
    if (count >= options.maxLeaves || bytes + cost > options.maxBytes) {
      leaves.push(leaf);
      continue;
    }
    bytes += cost;
    const left = addLeaf(leaf.rows.filter((row) => split.leftBins[bins[row]!] === 1));
    const right = addLeaf(leaf.rows.filter((row) => split.leftBins[bins[row]!] === 0));
    recordSplit(nodes, leaf.node, split, cuts, left, right);
  }
  const value = new Float32Array(nodes.column.length * outputs);
  for (const { node, sums } of leaves)
    for (let at = 0; at < outputs; at++) value[node * outputs + at] = sums[at + 2]! / sums[0]! + base;
  const { output: _, ...tree } = toTree(nodes, 0);
  return { ...tree, value };
}

/** Only one class, which no split can improve on; of numbers the search finds out. */
function isPure(sums: Float64Array, { labels, outputs }: ForestTarget): boolean {
  if (labels === undefined) return false;
  for (let at = 2; at < outputs + 2; at++) if (sums[at]! > 0 && sums[at]! < sums[0]!) return false;
  return true;
}
