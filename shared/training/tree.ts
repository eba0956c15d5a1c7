/** The decision tree that every ensemble here is made of: nodes as parallel arrays, and the way of a row through them. */

/** 32-bit words of one category set: a bit for each of 256 codes. */
export const SET_WORDS = 8;

/**
 * Nodes as parallel arrays, node 0 being the root. A value goes left when it is missing and `missingLeft` is 1; when its
 * category code is in the node's set; where the node has no set, when `value <= threshold`.
 */
export interface Tree {
  /** Index into the model's columns, or -1 for a leaf. */
  readonly column: Int32Array;
  /** Of a numeric split; 0 where the node has a set. */
  readonly threshold: Float32Array;
  /** Where in `setBits` the node's set starts; -1 for a numeric split and for a leaf. */
  readonly set: Int32Array;
  /** `SET_WORDS` words per set: bit `code % 32` of word `code / 32` says that the code goes left. */
  readonly setBits: Uint32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly missingLeft: Uint8Array;
  /** Loss reduction of an inner node's split, in squared units of the target; 0 for leaves. */
  readonly gain: Float64Array;
}

/**
 * Whether a row with this encoded value goes to the left child of an inner node.
 *
 * @param value - float32, or the code of a category; `NaN` is missing
 */
export function goesLeft(tree: Tree, node: number, value: number): boolean {
  if (Number.isNaN(value)) return tree.missingLeft[node] === 1;
  const set = tree.set[node]!;
  if (set < 0) return value <= tree.threshold[node]!;
  return ((tree.setBits[set + (value >>> 5)]! >>> (value & 31)) & 1) === 1;
}

/** The leaf of `tree` that a row of encoded columns falls into. */
export function findLeaf(tree: Tree, inputs: readonly Float32Array[], row: number): number {
  const { column, left, right } = tree;
  let node = 0;
  while (column[node]! >= 0)
    node = goesLeft(tree, node, inputs[column[node]!]![row]!) ? left[node]! : right[node]!;
  return node;
}
