/** An inner node of a tree in the words of ONNX: a test, and which child follows when it is true. */

import type { ColumnEncoding } from '#shared/training/column-encoding.ts';
import type { Tree } from '#shared/training/tree.ts';

export type Branch = {
  /** The test is true for what goes right. */
  readonly isSwapped: boolean;
  /** A missing value passes the test. */
  readonly missingIsTrue: boolean;
} & (
  | { readonly mode: 'BRANCH_LEQ' | 'BRANCH_EQ'; readonly value: number }
  | { readonly mode: 'BRANCH_MEMBER'; readonly members: readonly number[] }
);

/** The test of an inner node. Of a set the smaller side is listed: the other one is what is left of the categories. */
export function branchOf(tree: Tree, node: number, columns: readonly ColumnEncoding[]): Branch {
  const missingLeft = tree.missingLeft[node] === 1;
  if (tree.set[node]! < 0)
    return { mode: 'BRANCH_LEQ', value: tree.threshold[node]!, isSwapped: false, missingIsTrue: missingLeft };
  const sides = membersOf(tree, node, columns[tree.column[node]!]!);
  const isSwapped = sides.right.length < sides.left.length;
  const members = isSwapped ? sides.right : sides.left;
  const common = { isSwapped, missingIsTrue: missingLeft !== isSwapped };
  return members.length === 1
    ? { mode: 'BRANCH_EQ', value: members[0]!, ...common }
    : { mode: 'BRANCH_MEMBER', members, ...common };
}

/** Whether some node tests for more than one category on either side, which needs the language of 2024. */
export function hasSets(trees: readonly Tree[], columns: readonly ColumnEncoding[]): boolean {
  return trees.some((tree) =>
    tree.set.some((set, node) => set >= 0 && branchOf(tree, node, columns).mode === 'BRANCH_MEMBER'),
  );
}

function membersOf({ set, setBits }: Tree, node: number, column: ColumnEncoding) {
  const left: number[] = [];
  const right: number[] = [];
  const categories = column.kind === 'categorical' ? column.categories.length : 0;
  for (let code = 0; code < categories; code++)
    (((setBits[set[node]! + (code >>> 5)]! >>> (code & 31)) & 1) === 1 ? left : right).push(code);
  return { left, right };
}
