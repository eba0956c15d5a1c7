/** Scores rows with a trained model in float32 and in ONNX Runtime's order of operations. */

import type { Columns } from '#shared/schema/columns.ts';
import { encodeColumns } from './column-encoding.ts';
import type { GbdtModel } from './gbdt-model.ts';
import { findLeaf } from './tree.ts';

/**
 * Predicts rows. Use it where there is no ONNX session, or to check one (`parity.ts`).
 *
 * @param model - from `fitGbdt`
 * @param data - must hold the model's columns, found by name; others are ignored
 * @returns rows × outputs, row by row: one value for regression, else one probability per class in the order of
 *   `model.classes` (with two classes too)
 * @throws TrainingDataError when a column is absent or of the other kind
 * @example
 * predictGbdt(model, data).subarray(0, model.classes.length); // the first row's probabilities: [0.25, 0.75]
 */
export function predictGbdt(model: GbdtModel, data: Columns): Float32Array {
  const outputs = model.baseValues.length;
  const scores = new Float32Array(data.rows * outputs);
  const inputs = encodeColumns(model.columns, data);
  for (const tree of model.trees)
    for (let row = 0; row < data.rows; row++) {
      const at = row * outputs + tree.output;
      scores[at] = scores[at]! + tree.value[findLeaf(tree, inputs, row)]!;
    }
  for (let at = 0; at < scores.length; at++) scores[at] = scores[at]! + model.baseValues[at % outputs]!;
  if (model.task === 'regression') return scores;
  return outputs === 1 ? logistic(scores) : softmax(scores, outputs);
}

/** Both probabilities from one score, as ONNX Runtime's `ComputeLogistic` does. */
function logistic(scores: Float32Array): Float32Array {
  const probabilities = new Float32Array(scores.length * 2);
  for (let row = 0; row < scores.length; row++) {
    probabilities[row * 2] = logisticOf(-scores[row]!);
    probabilities[row * 2 + 1] = logisticOf(scores[row]!);
  }
  return probabilities;
}

function logisticOf(score: number): number {
  const { fround } = Math;
  const upper = fround(1 / fround(1 + fround(Math.exp(-Math.abs(score)))));
  return score < 0 ? fround(1 - upper) : upper;
}

function softmax(scores: Float32Array, outputs: number): Float32Array {
  for (let start = 0; start < scores.length; start += outputs) {
    const row = scores.subarray(start, start + outputs);
    const largest = row.reduce((one, other) => Math.max(one, other));
    let sum = 0;
    for (let at = 0; at < outputs; at++) {
      row[at] = Math.exp(Math.fround(row[at]! - largest));
      sum = Math.fround(sum + row[at]!);
    }
    for (let at = 0; at < outputs; at++) row[at] = row[at]! / sum;
  }
  return scores;
}
