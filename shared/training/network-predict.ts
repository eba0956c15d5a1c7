/** Scores rows with a trained network: features in float32 as the exported graph makes them, sums in float64. */

import type { Columns } from '#shared/schema/columns.ts';
import { encodeRows, LARGEST_FLOAT, layoutOf, writeFeatures } from './network-features.ts';
import { forward } from './network-layers.ts';
import type { NetworkModel } from './network-model.ts';
import { toDenseLayers } from './network-parameters.ts';

const BATCH_ROWS = 256;

/**
 * Predicts rows. Use it where there is no ONNX session, or to check one. Missing, infinite and unseen values give finite
 * answers.
 *
 * @param model - from `fitNetwork`
 * @param data - must hold the model's columns, found by name; others are ignored
 * @returns rows × outputs, row by row: one value for regression, else one probability per class in the order of
 *   `model.classes` (with two classes too)
 * @throws TrainingDataError when a column is absent or of the other kind
 * @example
 * predictNetwork(model, data).subarray(0, model.classes.length); // the first row's probabilities: [0.25, 0.75]
 */
export function predictNetwork(model: NetworkModel, data: Columns): Float32Array {
  const layout = layoutOf(model.columns);
  const encoded = encodeRows(model.columns, data);
  const layers = toDenseLayers(model.layers, BATCH_ROWS);
  const input = new Float64Array(BATCH_ROWS * layout.width);
  const outputs = layers.at(-1)!.outputs;
  const answers = new Float32Array(data.rows * outputs);
  for (let start = 0; start < data.rows; start += BATCH_ROWS) {
    const count = Math.min(BATCH_ROWS, data.rows - start);
    for (let at = 0; at < count; at++) writeFeatures(layout, encoded, start + at, input, at * layout.width);
    const scores = forward(layers, input, count);
    const from = start * outputs;
    if (model.task === 'classification') softmax(scores, count, outputs, answers, from);
    else for (let at = 0; at < count; at++) answers[from + at] = inUnits(scores[at]!, model.target);
  }
  return answers;
}

function inUnits(output: number, { mean, scale }: NetworkModel['target']): number {
  return Math.min(Math.max(output * scale + mean, -LARGEST_FLOAT), LARGEST_FLOAT);
}

function softmax(
  scores: Float64Array,
  rows: number,
  outputs: number,
  into: Float32Array,
  from: number,
): void {
  for (let start = 0; start < rows * outputs; start += outputs) {
    const row = scores.subarray(start, start + outputs);
    const largest = row.reduce((one, other) => Math.max(one, other));
    const exponentials = row.map((score) => Math.exp(score - largest));
    const sum = exponentials.reduce((one, other) => one + other);
    for (let at = 0; at < outputs; at++) into[from + start + at] = exponentials[at]! / sum;
  }
}
