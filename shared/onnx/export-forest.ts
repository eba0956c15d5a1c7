/** Turns a trained random forest into an ONNX file that takes the same branches. */

import type { ForestModel } from '#shared/training/forest-model.ts';
import { hasSets } from './branch.ts';
import { ML_DOMAIN } from './graph.ts';
import { leafAttributes, nodeAttributes, treeEnsembleAttributes } from './tree-ensemble.ts';
import { addLabel, startTreeGraph, type TreeGraph } from './tree-graph.ts';

/** `TreeEnsemble`'s codes of how trees are added up. */
const [AVERAGE, SUM] = [0, 1];
/** `TensorProto.DataType` of int64, as `Cast` names it. */
const INT64 = 7;

/**
 * Exports a forest as ONNX, with the inputs and outputs of `exportGbdt`. A model with splits of several categories needs
 * ai.onnx.ml 5. The file is smaller than the `maxBytes` the forest was fitted with, metadata aside.
 *
 * @param model - from `fitForest`
 * @param metadata - kept in the file as `metadata_props`
 * @throws RangeError when a column has an empty name, which ONNX reads as "not given"
 * @example
 * await writeFile('model.onnx', exportForest(model, { name: 'iris', version: '3' }));
 */
export function exportForest(model: ForestModel, metadata: Readonly<Record<string, string>>): Uint8Array {
  const graph = startTreeGraph('forest', model);
  const needsSets = hasSets(model.trees, model.columns);
  if (!needsSets) addPlainEnsemble(graph, model);
  else if (model.outputs === 1) addSetEnsemble(graph, model);
  else addLeafLookup(graph, model);
  if (model.task === 'classification') addLabel(graph, model.classes);
  return graph.encode(needsSets ? 2024 : 2022, metadata);
}

function addPlainEnsemble(graph: TreeGraph, { trees, columns, outputs }: ForestModel): void {
  graph.add({
    operator: 'TreeEnsembleRegressor',
    domain: ML_DOMAIN,
    inputs: [graph.matrix],
    outputs: [graph.outputs.at(-1)!.name],
    attributes: {
      ...nodeAttributes(trees, columns),
      ...leafAttributes(trees, 'target', (tree, node) =>
        Array.from({ length: outputs }, (_, target) => ({
          target,
          weight: trees[tree]!.value[node * outputs + target]!,
        })),
      ),
      n_targets: { kind: 'integer', value: outputs },
      aggregate_function: { kind: 'string', value: 'AVERAGE' },
      post_transform: { kind: 'string', value: 'NONE' },
    },
  });
}

function addSetEnsemble(graph: TreeGraph, { trees, columns }: ForestModel): void {
  graph.add({
    operator: 'TreeEnsemble',
    domain: ML_DOMAIN,
    inputs: [graph.matrix],
    outputs: [graph.outputs.at(-1)!.name],
    attributes: {
      ...treeEnsembleAttributes(trees, columns, (tree, node) => ({
        target: 0,
        weight: trees[tree]!.value[node]!,
      })),
      n_targets: { kind: 'integer', value: 1 },
      aggregate_function: { kind: 'integer', value: AVERAGE! },
    },
  });
}

/**
 * A leaf of `TreeEnsemble` has one value. So each tree answers, as a target of its own, with the number of the row's leaf;
 * the class shares are looked up by it and averaged. Leaf numbers are exact in float32 below 2²⁴, which `maxBytes` ensures.
 */
function addLeafLookup(graph: TreeGraph, { trees, columns, outputs }: ForestModel): void {
  const shares: number[] = [];
  const numberOf = (tree: number, node: number) => {
    const leaf = shares.length / outputs;
    for (let at = 0; at < outputs; at++) shares.push(trees[tree]!.value[node * outputs + at]!);
    return { target: tree, weight: leaf };
  };
  const leaves = graph.fresh('leaves');
  graph.add({
    operator: 'TreeEnsemble',
    domain: ML_DOMAIN,
    inputs: [graph.matrix],
    outputs: [leaves],
    attributes: {
      ...treeEnsembleAttributes(trees, columns, numberOf),
      n_targets: { kind: 'integer', value: trees.length },
      aggregate_function: { kind: 'integer', value: SUM! },
    },
  });
  const numbers = graph.fresh('leaf_numbers');
  graph.add({
    operator: 'Cast',
    inputs: [leaves],
    outputs: [numbers],
    attributes: { to: { kind: 'integer', value: INT64 } },
  });
  const table = graph.constant('leaf_shares', {
    type: 'float',
    shape: [shares.length / outputs, outputs],
    values: Float32Array.from(shares),
  });
  const axes = graph.constant('tree_axis', { type: 'int64', shape: [1], values: [1] });
  graph.add({
    operator: 'ReduceMean',
    inputs: [graph.apply('Gather', table, numbers), axes],
    outputs: [graph.outputs.at(-1)!.name],
    attributes: { keepdims: { kind: 'integer', value: 0 } },
  });
}
