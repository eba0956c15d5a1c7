/** Turns a trained gradient-boosting model into an ONNX file that takes the same branches. */

import type { GbdtModel, GbdtTree } from '#shared/training/gbdt-model.ts';
import { hasSets } from './branch.ts';
import { ML_DOMAIN, type Node } from './graph.ts';
import { leafAttributes, nodeAttributes, treeEnsembleAttributes } from './tree-ensemble.ts';
import { addLabel, startTreeGraph, type TreeGraph } from './tree-graph.ts';

/**
 * Exports a model as ONNX: one input per column, named as the column, of shape `[N, 1]`. Numeric columns are float
 * tensors with `NaN` for missing; categorical ones are string tensors with `''` for missing, and unseen categories are
 * treated like it. Outputs are `variable` `[N, 1]`, or `label` (string, `[N]`) and `probabilities` `[N, K]`; an output
 * whose name a column already has gets a `_` appended. A model with splits of several categories needs ai.onnx.ml 5.
 *
 * @param model - from `fitGbdt`
 * @param metadata - kept in the file as `metadata_props`
 * @throws RangeError when a column has an empty name, which ONNX reads as "not given"
 * @see https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html
 * @example
 * await writeFile('model.onnx', exportGbdt(model, { name: 'diamonds', version: '3' }));
 */
export function exportGbdt(model: GbdtModel, metadata: Readonly<Record<string, string>>): Uint8Array {
  const graph = startTreeGraph('gbdt', model);
  if (hasSets(model.trees, model.columns)) {
    addSetEnsemble(graph, model);
    return graph.encode(2024, metadata);
  }
  graph.add(plainEnsemble(model, graph));
  return graph.encode(2022, metadata);
}

/** Trees, base values and activation as nodes of their own: `TreeEnsemble` has neither base values nor labels. */
function addSetEnsemble(graph: TreeGraph, { task, trees, columns, classes, baseValues }: GbdtModel): void {
  const scores = graph.fresh('scores');
  graph.add({
    operator: 'TreeEnsemble',
    domain: ML_DOMAIN,
    inputs: [graph.matrix],
    outputs: [scores],
    attributes: {
      ...treeEnsembleAttributes(trees, columns, (tree, node) => ({
        target: trees[tree]!.output,
        weight: trees[tree]!.value[node]!,
      })),
      n_targets: { kind: 'integer', value: baseValues.length },
    },
  });
  const base = graph.constant('base', { type: 'float', shape: [1, baseValues.length], values: baseValues });
  const answer = graph.outputs.at(-1)!.name;
  const add = (operator: string, inputs: readonly string[], attributes: Node['attributes'] = {}) =>
    graph.add({ operator, inputs, outputs: [answer], attributes });
  if (task === 'regression') {
    add('Add', [scores, base]);
    return;
  }
  const raw = graph.apply('Add', scores, base);
  const axis = { axis: { kind: 'integer', value: 1 } } as const;
  if (classes.length > 2) add('Softmax', [raw], axis);
  else {
    const second = graph.apply('Sigmoid', raw);
    const first = graph.apply('Sigmoid', graph.apply('Neg', raw));
    add('Concat', [first, second], axis);
  }
  addLabel(graph, classes);
}

function plainEnsemble(model: GbdtModel, { matrix, outputs }: TreeGraph): Node {
  const isRegression = model.task === 'regression';
  const trees = isBinary(model) ? withNegativeLeaf(model.trees) : model.trees;
  return {
    operator: isRegression ? 'TreeEnsembleRegressor' : 'TreeEnsembleClassifier',
    domain: ML_DOMAIN,
    inputs: [matrix],
    outputs: outputs.map((output) => output.name),
    attributes: {
      ...nodeAttributes(trees, model.columns),
      ...leafAttributes(trees, isRegression ? 'target' : 'class', (tree, node) => [
        { target: trees[tree]!.output, weight: trees[tree]!.value[node]! },
      ]),
      base_values: { kind: 'floats', value: model.baseValues },
      ...(isRegression ? regressionAttributes : classificationAttributes(model)),
    },
  };
}

const regressionAttributes: Node['attributes'] = {
  n_targets: { kind: 'integer', value: 1 },
  aggregate_function: { kind: 'string', value: 'SUM' },
  post_transform: { kind: 'string', value: 'NONE' },
};

function classificationAttributes(model: GbdtModel): Node['attributes'] {
  return {
    classlabels_strings: { kind: 'strings', value: model.classes },
    post_transform: { kind: 'string', value: isBinary(model) ? 'LOGISTIC' : 'SOFTMAX' },
  };
}

/**
 * Two classes share one score, written with class id 0 throughout and one base value: ONNX Runtime then answers
 * `[1 - p, p]`. Class id 1, or two base values with SOFTMAX, load and give wrong probabilities.
 */
function isBinary(model: GbdtModel): boolean {
  return model.classes.length === 2;
}

/**
 * ONNX Runtime takes leaf values that are all positive for probabilities: it then labels a row by a score above 0.5
 * instead of 0. A leaf of -1 that no row reaches prevents it.
 */
function withNegativeLeaf(trees: readonly GbdtTree[]): readonly GbdtTree[] {
  if (trees.some((tree) => tree.value.some((value) => value < 0))) return trees;
  const guard: GbdtTree = {
    output: 0,
    column: Int32Array.of(0, -1, -1),
    threshold: Float32Array.of(Number.POSITIVE_INFINITY, 0, 0),
    set: Int32Array.of(-1, -1, -1),
    setBits: new Uint32Array(),
    left: Int32Array.of(1, 0, 0),
    right: Int32Array.of(2, 0, 0),
    missingLeft: Uint8Array.of(1, 0, 0),
    value: Float32Array.of(0, 0, -1),
    gain: new Float64Array(3),
  };
  return [...trees, guard];
}
