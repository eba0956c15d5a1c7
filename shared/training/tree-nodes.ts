/** The nodes of a tree under construction, one list per property. */

import type { GbdtTree } from './gbdt-model.ts';
import { SET_WORDS } from './tree.ts';
import type { Split } from './tree-split.ts';

/** A `GbdtTree` while its nodes are still being added. */
export interface NodeLists {
  readonly column: number[];
  readonly threshold: number[];
  readonly set: number[];
  readonly setBits: number[];
  readonly left: number[];
  readonly right: number[];
  readonly missingLeft: number[];
  readonly value: number[];
  readonly gain: number[];
}

/** A tree without nodes. */
export function emptyNodes(): NodeLists {
  return {
    column: [],
    threshold: [],
    set: [],
    setBits: [],
    left: [],
    right: [],
    missingLeft: [],
    value: [],
    gain: [],
  };
}

/** Appends a leaf of value 0 and returns its index. */
export function addNode(nodes: NodeLists): number {
  nodes.column.push(-1);
  nodes.set.push(-1);
  for (const list of [nodes.threshold, nodes.left, nodes.right, nodes.missingLeft, nodes.value, nodes.gain])
    list.push(0);
  return nodes.column.length - 1;
}

/** Turns a leaf into an inner node whose children exist. */
export function recordSplit(
  nodes: NodeLists,
  node: number,
  split: Pick<Split, 'column' | 'bin' | 'leftBins' | 'missingLeft' | 'gain'>,
  cuts: Float32Array,
  left: number,
  right: number,
): void {
  nodes.column[node] = split.column;
  if (split.bin < 0) recordSet(nodes, node, split.leftBins, cuts.length + 1);
  // After the last value bin there is no cut: every value, infinity too, goes left and only missing ones right.
  else nodes.threshold[node] = cuts[split.bin] ?? Number.POSITIVE_INFINITY;
  nodes.left[node] = left;
  nodes.right[node] = right;
  nodes.missingLeft[node] = split.missingLeft ? 1 : 0;
  nodes.gain[node] = split.gain;
}

/** A set of all categories, or of none, is written as the threshold that says so: what is left is a true set. */
function recordSet(nodes: NodeLists, node: number, leftBins: Uint8Array, categories: number): void {
  const words = new Uint32Array(SET_WORDS);
  let members = 0;
  for (let code = 0; code < categories; code++) {
    if (leftBins[code] === 0) continue;
    words[code >>> 5] = words[code >>> 5]! | (1 << (code & 31));
    members++;
  }
  if (members === 0 || members === categories) {
    nodes.threshold[node] = members === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    return;
  }
  nodes.set[node] = nodes.setBits.length;
  nodes.setBits.push(...words);
}

/** The finished tree. */
export function toTree(nodes: NodeLists, output: number): GbdtTree {
  return {
    output,
    column: Int32Array.from(nodes.column),
    threshold: Float32Array.from(nodes.threshold),
    set: Int32Array.from(nodes.set),
    setBits: Uint32Array.from(nodes.setBits),
    left: Int32Array.from(nodes.left),
    right: Int32Array.from(nodes.right),
    missingLeft: Uint8Array.from(nodes.missingLeft),
    value: Float32Array.from(nodes.value),
    gain: Float64Array.from(nodes.gain),
  };
}
