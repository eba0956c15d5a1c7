/** Whether a tree ensemble's branches come to an end: ONNX Runtime follows a circle for ever. */

import type { GraphParts, NodePart } from './foreign-parts.ts';
import { OnnxModelError } from './model-error.ts';
import { WireReader } from './protobuf-reader.ts';

const ENSEMBLES: ReadonlySet<string> = new Set(['TreeEnsembleClassifier', 'TreeEnsembleRegressor']);

/** @throws OnnxModelError naming the tree in which a node is its own descendant */
export function checkTrees({ nodes }: GraphParts): void {
  for (const node of nodes) if (ENSEMBLES.has(node.operator)) checkEnsemble(node);
}

function checkEnsemble({ operator, attributes }: NodePart): void {
  const trees = integersOf(attributes.get('nodes_treeids'));
  const ids = integersOf(attributes.get('nodes_nodeids'));
  const children = ['nodes_truenodeids', 'nodes_falsenodeids'].map((name) =>
    integersOf(attributes.get(name)),
  );
  const isLeaf = leavesOf(attributes.get('nodes_modes'));
  const positions = new Map<number, Map<number, number>>();
  for (const [at, tree] of trees.entries()) {
    const known = positions.get(tree) ?? new Map<number, number>();
    positions.set(tree, known.set(ids[at] ?? at, at));
  }
  const [OPEN, DONE] = [1, 2];
  const state = new Uint8Array(trees.length);
  for (let root = 0; root < trees.length; root++) {
    const path = state[root] === 0 ? [root] : [];
    while (path.length > 0) {
      const at = path.at(-1)!;
      if (state[at] !== 0) {
        state[at] = DONE;
        path.pop();
        continue;
      }
      state[at] = OPEN;
      if (isLeaf[at]) continue;
      for (const child of children) {
        const next = positions.get(trees[at]!)?.get(child[at] ?? -1);
        if (next === undefined || state[next] === DONE) continue;
        if (state[next] === OPEN)
          throw new OnnxModelError(
            `tree ${trees[at]} of ${operator} goes in a circle: node ${ids[next]} is its own descendant`,
          );
        path.push(next);
      }
    }
  }
}

function integersOf(attribute: Uint8Array | undefined): number[] {
  const values: number[] = [];
  for (const reader = new WireReader(attribute ?? new Uint8Array()); reader.next(); )
    if (reader.field === 8) {
      // Most files have a field per number, and millions of them.
      if (reader.isBytes) for (const value of reader.integers()) values.push(value);
      else values.push(reader.integer());
    }
  return values;
}

/** `LEAF` is the only mode of four letters; a million of them are not worth decoding. */
function leavesOf(attribute: Uint8Array | undefined): boolean[] {
  const leaves: boolean[] = [];
  for (const reader = new WireReader(attribute ?? new Uint8Array()); reader.next(); )
    if (reader.field === 9) leaves.push(reader.bytes().length === 'LEAF'.length);
  return leaves;
}
