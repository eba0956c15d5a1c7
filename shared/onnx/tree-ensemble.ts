/** Trees as attributes of ONNX's tree ensembles: those of 2022 without sets, and `TreeEnsemble` of 2024 with them. */

import type { ColumnEncoding } from '#shared/training/column-encoding.ts';
import type { Tree } from '#shared/training/tree.ts';
import { type Branch, branchOf } from './branch.ts';
import type { Attribute } from './graph.ts';

/** What a leaf adds to which output. */
interface LeafValue {
  readonly target: number;
  readonly weight: number;
}

type Attributes = Record<string, Attribute>;

/** `TreeEnsemble`'s codes of the tests. */
const MODES = { BRANCH_LEQ: 0, BRANCH_EQ: 4, BRANCH_MEMBER: 6 } as const;

/** Empty lists, to be filled side by side. */
const lists = (): [number[], number[], number[], number[]] => [[], [], [], []];
const integers = (value: readonly number[]): Attribute => ({ kind: 'integers', value });

/** Node attributes of `TreeEnsembleRegressor` and `TreeEnsembleClassifier`; no node may need a set. */
export function nodeAttributes(trees: readonly Tree[], columns: readonly ColumnEncoding[]): Attributes {
  const [treeIds, nodeIds, features, values] = lists();
  const [whenTrue, whenFalse, missing] = lists();
  const modes: string[] = [];
  trees.forEach((tree, treeId) => {
    tree.column.forEach((column, node) => {
      const branch = column < 0 ? undefined : branchOf(tree, node, columns);
      const sides = branch && childrenOf(tree, node, branch);
      treeIds.push(treeId);
      nodeIds.push(node);
      features.push(Math.max(column, 0));
      values.push(branch === undefined || branch.mode === 'BRANCH_MEMBER' ? 0 : branch.value);
      modes.push(branch?.mode ?? 'LEAF');
      whenTrue.push(sides?.whenTrue ?? 0);
      whenFalse.push(sides?.whenFalse ?? 0);
      missing.push(branch?.missingIsTrue ? 1 : 0);
    });
  });
  return {
    nodes_treeids: integers(treeIds),
    nodes_nodeids: integers(nodeIds),
    nodes_featureids: integers(features),
    nodes_values: { kind: 'floats', value: values },
    nodes_modes: { kind: 'strings', value: modes },
    nodes_truenodeids: integers(whenTrue),
    nodes_falsenodeids: integers(whenFalse),
    nodes_missing_value_tracks_true: integers(missing),
  };
}

/**
 * Leaf attributes of `TreeEnsembleRegressor` (`target`) and `TreeEnsembleClassifier` (`class`).
 *
 * @param valuesOf - of the leaf `node` of the tree at an index
 */
export function leafAttributes(
  trees: readonly Tree[],
  prefix: 'target' | 'class',
  valuesOf: (tree: number, node: number) => readonly LeafValue[],
): Attributes {
  const [treeIds, nodeIds, ids, weights] = lists();
  trees.forEach((tree, treeId) => {
    tree.column.forEach((column, node) => {
      if (column >= 0) return;
      for (const { target, weight } of valuesOf(treeId, node)) {
        treeIds.push(treeId);
        nodeIds.push(node);
        ids.push(target);
        weights.push(weight);
      }
    });
  });
  return {
    [`${prefix}_treeids`]: integers(treeIds),
    [`${prefix}_nodeids`]: integers(nodeIds),
    [`${prefix}_ids`]: integers(ids),
    [`${prefix}_weights`]: { kind: 'floats', value: weights },
  };
}

/**
 * Attributes of `TreeEnsemble`, but for the number of targets and how they are added up. Inner nodes and leaves are
 * numbered apart, both across all trees. A tree that is one leaf becomes a split into two equal ones: the operator has no
 * way to say "leaf" of a root.
 *
 * @param leafOf - of the leaf `node` of the tree at an index
 * @see https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
 */
export function treeEnsembleAttributes(
  trees: readonly Tree[],
  columns: readonly ColumnEncoding[],
  leafOf: (tree: number, node: number) => LeafValue,
): Attributes {
  const roots: number[] = [];
  const [features, modes, splits, missing] = lists();
  const [trueIds, trueLeaves, falseIds, falseLeaves] = lists();
  const [targets, weights, members] = lists();
  const addLeaf = (treeId: number, node: number) => {
    const { target, weight } = leafOf(treeId, node);
    weights.push(weight);
    return targets.push(target) - 1;
  };
  const addNode = (feature: number, mode: keyof typeof MODES, split: number, missingIsTrue: boolean) => {
    features.push(feature);
    modes.push(MODES[mode]);
    splits.push(split);
    missing.push(missingIsTrue ? 1 : 0);
  };
  trees.forEach((tree, treeId) => {
    const first = features.length;
    roots.push(first);
    if (tree.column[0]! < 0) {
      addNode(0, 'BRANCH_LEQ', Number.POSITIVE_INFINITY, true);
      trueIds.push(addLeaf(treeId, 0));
      falseIds.push(addLeaf(treeId, 0));
      trueLeaves.push(1);
      falseLeaves.push(1);
      return;
    }
    const places = innerPlaces(tree, first);
    tree.column.forEach((column, node) => {
      if (column < 0) return;
      const branch = branchOf(tree, node, columns);
      const { whenTrue, whenFalse } = childrenOf(tree, node, branch);
      const isSet = branch.mode === 'BRANCH_MEMBER';
      addNode(column, branch.mode, isSet ? 0 : branch.value, branch.missingIsTrue);
      if (isSet) members.push(...branch.members, Number.NaN);
      const idOf = (child: number) => (places[child]! < 0 ? addLeaf(treeId, child) : places[child]!);
      trueIds.push(idOf(whenTrue));
      trueLeaves.push(places[whenTrue]! < 0 ? 1 : 0);
      falseIds.push(idOf(whenFalse));
      falseLeaves.push(places[whenFalse]! < 0 ? 1 : 0);
    });
  });
  return {
    tree_roots: integers(roots),
    nodes_featureids: integers(features),
    nodes_modes: {
      kind: 'tensor',
      value: { name: '', type: 'uint8', shape: [modes.length], values: Uint8Array.from(modes) },
    },
    nodes_splits: floatTensor(splits),
    nodes_truenodeids: integers(trueIds),
    nodes_trueleafs: integers(trueLeaves),
    nodes_falsenodeids: integers(falseIds),
    nodes_falseleafs: integers(falseLeaves),
    nodes_missing_value_tracks_true: integers(missing),
    leaf_targetids: integers(targets),
    leaf_weights: floatTensor(weights),
    ...(members.length > 0 && { membership_values: floatTensor(members) }),
  };
}

/** By node of a tree, its number among all inner nodes; -1 for a leaf. */
function innerPlaces(tree: Tree, first: number): Int32Array {
  let next = first;
  return tree.column.map((column) => (column < 0 ? -1 : next++));
}

function childrenOf(tree: Tree, node: number, { isSwapped }: Branch) {
  const [left, right] = [tree.left[node]!, tree.right[node]!];
  return isSwapped ? { whenTrue: right, whenFalse: left } : { whenTrue: left, whenFalse: right };
}

function floatTensor(values: readonly number[]): Attribute {
  const floats = Float32Array.from(values);
  return { kind: 'tensor', value: { name: '', type: 'float', shape: [floats.length], values: floats } };
}
