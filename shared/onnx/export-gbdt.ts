/** Turns a trained gradient-boosting model into an ONNX file that takes the same branches. */

import type { ColumnEncoding } from '#shared/training/column-encoding.ts';
import type { GbdtModel, GbdtTree } from '#shared/training/gbdt-model.ts';
import { type Attribute, encodeModel, ML_DOMAIN, type Node, type TensorInfo } from './graph.ts';

/**
 * Exports a model as ONNX: one input per column, named as the column, of shape `[N, 1]`. Numeric columns are float
 * tensors with `NaN` for missing; categorical ones are string tensors with `''` for missing, and unseen categories are
 * treated like it. Outputs are `variable` `[N, 1]`, or `label` (string, `[N]`) and `probabilities` `[N, K]`; an output
 * whose name a column already has gets a `_` appended.
 *
 * @param model - from `fitGbdt`
 * @param metadata - kept in the file as `metadata_props`
 * @throws RangeError when a column has an empty name, which ONNX reads as "not given"
 * @see https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html
 * @example
 * await writeFile('model.onnx', exportGbdt(model, { name: 'diamonds', version: '3' }));
 */
export function exportGbdt(model: GbdtModel, metadata: Readonly<Record<string, string>>): Uint8Array {
  const names = model.columns.map((column) => column.name);
  if (names.includes('')) throw new RangeError('a column has an empty name: an onnx input needs one');
  const fresh = freshNames(names);
  const matrix = fresh('encoded');
  const encoded = model.columns.map((column) => (column.kind === 'numeric' ? column.name : fresh('code')));
  const outputs =
    model.task === 'regression' ? regressionOutputs(fresh) : classificationOutputs(model, fresh);
  const nodes: Node[] = [
    ...model.columns.flatMap((column, at) => encoder(column, encoded[at]!)),
    {
      operator: 'Concat',
      domain: '',
      inputs: encoded,
      outputs: [matrix],
      attributes: { axis: { kind: 'integer', value: 1 } },
    },
    ensemble(model, matrix, outputs),
  ];
  return encodeModel({ name: 'gbdt', nodes, inputs: model.columns.map(inputInfo), outputs }, metadata);
}

function inputInfo({ name, kind }: ColumnEncoding): TensorInfo {
  return { name, type: kind === 'numeric' ? 'float' : 'string', shape: ['N', 1] };
}

function regressionOutputs(fresh: (wanted: string) => string): TensorInfo[] {
  return [{ name: fresh('variable'), type: 'float', shape: ['N', 1] }];
}

function classificationOutputs(model: GbdtModel, fresh: (wanted: string) => string): TensorInfo[] {
  return [
    { name: fresh('label'), type: 'string', shape: ['N'] },
    { name: fresh('probabilities'), type: 'float', shape: ['N', model.classes.length] },
  ];
}

/** Gives the wanted name, with `_` appended until neither a column nor an earlier answer has it. */
function freshNames(taken: readonly string[]): (wanted: string) => string {
  const names = new Set(taken);
  return (wanted) => {
    let name = wanted;
    while (names.has(name)) name += '_';
    names.add(name);
    return name;
  };
}

function encoder(column: ColumnEncoding, output: string): Node[] {
  if (column.kind === 'numeric') return [];
  // The operator refuses empty lists; a column without categories knows only the missing one.
  const keys = column.categories.length > 0 ? column.categories : [''];
  const codes = column.categories.length > 0 ? column.categories.map((_, code) => code) : [Number.NaN];
  return [
    {
      operator: 'LabelEncoder',
      domain: ML_DOMAIN,
      inputs: [column.name],
      outputs: [output],
      attributes: {
        keys_strings: { kind: 'strings', value: keys },
        values_floats: { kind: 'floats', value: codes },
        default_float: { kind: 'float', value: Number.NaN },
      },
    },
  ];
}

function ensemble(model: GbdtModel, matrix: string, outputs: readonly TensorInfo[]): Node {
  const isRegression = model.task === 'regression';
  const trees = isBinary(model) ? withNegativeLeaf(model.trees) : model.trees;
  return {
    operator: isRegression ? 'TreeEnsembleRegressor' : 'TreeEnsembleClassifier',
    domain: ML_DOMAIN,
    inputs: [matrix],
    outputs: outputs.map((output) => output.name),
    attributes: {
      ...nodeAttributes(trees),
      ...leafAttributes(trees, isRegression ? 'target' : 'class'),
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
    gain: new Float32Array(3),
  };
  return [...trees, guard];
}

function nodeAttributes(trees: readonly GbdtTree[]): Record<string, Attribute> {
  const nodes = trees.flatMap((tree, treeId) =>
    Array.from(tree.column, (column, id) => ({ tree, treeId, id, isLeaf: column < 0 })),
  );
  const integers = (of: (node: (typeof nodes)[number]) => number): Attribute => ({
    kind: 'integers',
    value: nodes.map(of),
  });
  return {
    nodes_treeids: integers(({ treeId }) => treeId),
    nodes_nodeids: integers(({ id }) => id),
    nodes_featureids: integers(({ tree, id }) => Math.max(tree.column[id]!, 0)),
    nodes_values: { kind: 'floats', value: nodes.map(({ tree, id }) => tree.threshold[id]!) },
    nodes_modes: { kind: 'strings', value: nodes.map(({ isLeaf }) => (isLeaf ? 'LEAF' : 'BRANCH_LEQ')) },
    nodes_truenodeids: integers(({ tree, id }) => tree.left[id]!),
    nodes_falsenodeids: integers(({ tree, id }) => tree.right[id]!),
    nodes_missing_value_tracks_true: integers(({ tree, id }) => tree.missingLeft[id]!),
  };
}

function leafAttributes(trees: readonly GbdtTree[], prefix: 'target' | 'class'): Record<string, Attribute> {
  const leaves = trees.flatMap((tree, treeId) =>
    Array.from(tree.column, (column, id) => ({ tree, treeId, id, isLeaf: column < 0 })).filter(
      ({ isLeaf }) => isLeaf,
    ),
  );
  return {
    [`${prefix}_treeids`]: { kind: 'integers', value: leaves.map(({ treeId }) => treeId) },
    [`${prefix}_nodeids`]: { kind: 'integers', value: leaves.map(({ id }) => id) },
    [`${prefix}_ids`]: { kind: 'integers', value: leaves.map(({ tree }) => tree.output) },
    [`${prefix}_weights`]: { kind: 'floats', value: leaves.map(({ tree, id }) => tree.value[id]!) },
  };
}
