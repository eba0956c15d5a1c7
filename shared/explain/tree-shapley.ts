/** Exact Shapley values of tree ensembles, from the trees themselves: no model is run. */

import { type NotComputable, notComputable } from '#shared/drift/measure.ts';
import type { Columns } from '#shared/schema/columns.ts';
import { encodeColumns } from '#shared/training/column-encoding.ts';
import type { ForestModel, ForestTree } from '#shared/training/forest-model.ts';
import type { GbdtModel, GbdtTree } from '#shared/training/gbdt-model.ts';
import { findLeaf, goesLeft } from '#shared/training/tree.ts';
import {
  type Attribution,
  attribution,
  type Players,
  playerOfColumns,
  singlePlayers,
} from './attribution.ts';

/** A sum of trees, each for one output, or a mean of trees for all of them. */
export type TreeEnsemble =
  | Pick<GbdtModel, 'columns' | 'baseValues' | 'trees'>
  | Pick<ForestModel, 'columns' | 'outputs' | 'trees'>;

/** Whether a trained model is one that `treeShapley` explains. */
export function isTreeEnsemble(
  model: { readonly kind?: string } | undefined,
): model is GbdtModel | ForestModel {
  return model?.kind === 'gbdt' || model?.kind === 'forest';
}

export interface TreeExplainer {
  readonly computable: true;
  /** Mean raw score of the background, one per output. */
  readonly baseValues: Float64Array;
  /** Raw scores, rows × outputs. */
  scores(rows: Columns): Float64Array;
  /**
   * Explains each row.
   *
   * @param outputs - the output explained of each row; 0 where absent
   */
  explain(rows: Columns, outputs?: ArrayLike<number>): Attribution[];
  /** As `explain`, in steps of one tree and row each, for who must not be held up for long. */
  steps(rows: Columns, outputs?: ArrayLike<number>): Generator<void, Attribution[]>;
}

/**
 * Interventional TreeSHAP (Lundberg et al. 2020, "independent" feature perturbation): exact values of the raw score, summed
 * in float64. Of boosted trees that is the score before any logistic or softmax, with two classes the log-odds of the
 * second; of a forest the mean or the probability of a class. For each background row only those branches are walked where
 * the row and the background row part: O(trees × leaves × background). Use it for our own ensembles; it takes the branches
 * that prediction takes, of missing values and category sets too.
 *
 * @param background - must hold the model's columns, found by name
 * @param players - of the model's columns; each by itself where absent
 * @returns not computable when the background has no rows
 * @throws TrainingDataError when a column is absent or of the other kind
 * @example
 * const explainer = treeShapley(model, background);
 * if (explainer.computable) explainer.explain(rows)[0].contributions; // Float64Array [4312.2, -12.9, …]
 */
export function treeShapley(
  model: TreeEnsemble,
  background: Columns,
  players: Players = singlePlayers(model.columns.length),
): TreeExplainer | NotComputable {
  const { rows: size } = background;
  if (size === 0) return notComputable('the background has no rows');
  const others = encodeColumns(model.columns, background);
  const scores = (inputs: readonly Float32Array[], rows: number) => scoreRows(model, inputs, rows);
  const { outputs } = layoutOf(model);
  const baseValues = new Float64Array(outputs);
  scores(others, size).forEach((score, at) => {
    baseValues[at % outputs]! += score / size;
  });
  const walk = createWalk(model, playerOfColumns(players, model.columns.length), players.length, {
    inputs: others,
    rows: size,
  });
  function* steps(rows: Columns, chosen: ArrayLike<number> = []): Generator<void, Attribution[]> {
    const inputs = encodeColumns(model.columns, rows);
    const predictions = scores(inputs, rows.rows);
    const explained: Attribution[] = [];
    for (let row = 0; row < rows.rows; row++) {
      const output = chosen[row] ?? 0;
      const sums = yield* walk(inputs, row, output);
      explained.push(
        attribution({
          prediction: predictions[row * outputs + output]!,
          baseValue: baseValues[output]!,
          contributions: sums.map((sum) => sum / size),
          modelRows: 0,
        }),
      );
    }
    return explained;
  }
  return {
    computable: true,
    baseValues,
    scores: (rows) => scores(encodeColumns(model.columns, rows), rows.rows),
    steps,
    explain: (rows, chosen) => lastOf(steps(rows, chosen)),
  };
}

function lastOf<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

type LeafTree = GbdtTree | ForestTree;

/** Where the value of a node stands: of boosted trees one per node, of forests one per node and output. */
function layoutOf(model: TreeEnsemble) {
  if ('baseValues' in model)
    return { outputs: model.baseValues.length, baseValues: model.baseValues, stride: 1, scale: 1 };
  const { outputs, trees } = model;
  return { outputs, baseValues: new Float32Array(outputs), stride: outputs, scale: 1 / trees.length };
}

function addsTo(tree: LeafTree, output: number): boolean {
  return !('output' in tree) || tree.output === output;
}

function scoreRows(model: TreeEnsemble, inputs: readonly Float32Array[], rows: number): Float64Array {
  const { outputs, baseValues, stride, scale } = layoutOf(model);
  const scores = Float64Array.from({ length: rows * outputs }, (_, at) => baseValues[at % outputs]!);
  for (const tree of model.trees as readonly LeafTree[])
    for (let row = 0; row < rows; row++) {
      const leaf = findLeaf(tree, inputs, row) * stride;
      if ('output' in tree) scores[row * outputs + tree.output]! += tree.value[leaf]!;
      else
        for (let output = 0; output < outputs; output++)
          scores[row * outputs + output]! += tree.value[leaf + output]! * scale;
    }
  return scores;
}

/** Which side a player is on along the path that is walked. */
const FREE = 0;
const ROW = 1;
const BACKGROUND = 2;

/**
 * Sums a row's contributions to one output over the background.
 *
 * A leaf is reached by the coalitions that hold the `inside` players whose branches were the row's and none of the
 * `outside` ones whose branches were the background's. It gives each of the former (inside − 1)! outside! / (inside +
 * outside)! of its value, and takes inside! (outside − 1)! / (inside + outside)! from each of the latter. Both sums are
 * handed up to the node where the player's branches parted.
 */
function createWalk(
  model: TreeEnsemble,
  playerOf: Int32Array,
  players: number,
  background: { readonly inputs: readonly Float32Array[]; readonly rows: number },
) {
  const { stride, scale } = layoutOf(model);
  const trees: readonly LeafTree[] = model.trees;
  const deepest = trees.reduce((most, tree) => Math.max(most, depthOf(tree, 0)), 0);
  const width = Math.min(players, deepest) + 1;
  const weights = leafWeights(width);
  const side = new Uint8Array(players);
  let sums: Float64Array = new Float64Array(players);
  /** Of the output, among a node's values. */
  let offset = 0;
  // What the subtree just walked gives to each player inside, and takes from each one outside.
  let given = 0;
  let taken = 0;

  /** Background row `other` against row `row` of `inputs`, from `start` down. */
  function descend(
    tree: LeafTree,
    inputs: readonly Float32Array[],
    row: number,
    other: number,
    start: number,
    inside: number,
    outside: number,
  ): void {
    const { column, left, right } = tree;
    let node = start;
    while (column[node]! >= 0) {
      const asked = column[node]!;
      const player = playerOf[asked]!;
      const known = side[player]!;
      const isLeft =
        known === BACKGROUND
          ? goesLeft(tree, node, background.inputs[asked]![other]!)
          : goesLeft(tree, node, inputs[asked]![row]!);
      if (known === FREE && goesLeft(tree, node, background.inputs[asked]![other]!) !== isLeft) {
        side[player] = ROW;
        descend(tree, inputs, row, other, isLeft ? left[node]! : right[node]!, inside + 1, outside);
        sums[player]! += given;
        const givenInside = given;
        const takenInside = taken;
        side[player] = BACKGROUND;
        descend(tree, inputs, row, other, isLeft ? right[node]! : left[node]!, inside, outside + 1);
        sums[player]! -= taken;
        side[player] = FREE;
        given += givenInside;
        taken += takenInside;
        return;
      }
      node = isLeft ? left[node]! : right[node]!;
    }
    const value = tree.value[node * stride + offset]! * scale;
    given = inside > 0 ? value * weights[(inside - 1) * width + outside]! : 0;
    taken = outside > 0 ? value * weights[inside * width + outside - 1]! : 0;
  }

  return function* (
    inputs: readonly Float32Array[],
    row: number,
    output: number,
  ): Generator<void, Float64Array<ArrayBuffer>> {
    const contributions = new Float64Array(players);
    for (const tree of trees) {
      if (!addsTo(tree, output)) continue;
      // another row may have been explained since the last step
      sums = contributions;
      offset = stride > 1 ? output : 0;
      for (let other = 0; other < background.rows; other++) descend(tree, inputs, row, other, 0, 0, 0);
      yield;
    }
    return contributions;
  };
}

function depthOf(tree: LeafTree, node: number): number {
  if (tree.column[node]! < 0) return 0;
  return 1 + Math.max(depthOf(tree, tree.left[node]!), depthOf(tree, tree.right[node]!));
}

/** a! b! / (a + b + 1)! at `a · width + b`, by recurrence since factorials overflow. */
function leafWeights(width: number): Float64Array {
  const weights = new Float64Array(width * width);
  for (let b = 0; b < width; b++) {
    weights[b] = 1 / (b + 1);
    for (let a = 1; a < width; a++)
      weights[a * width + b] = (weights[(a - 1) * width + b]! * a) / (a + b + 1);
  }
  return weights;
}
