/** Cross-entropy and squared error on the last layer's values: the loss of a row and its gradient. */

import type { TrainingTarget } from './training-target.ts';

/** The target as the last layer should give it. */
export interface NetworkTarget {
  readonly outputs: number;
  /** What the last layer starts from: log shares of the classes, or 0. */
  readonly startingBiases: Float64Array;
  /** The mean loss of a model that answers every row with the starting biases. */
  readonly constantLoss: number;
  /** Back to the units of the target: `output * scale + mean`. */
  readonly units: { readonly mean: number; readonly scale: number };
  /**
   * The loss of a row whose outputs are in `values` from `start` on. Overwrites them with the gradient where `factor`
   * is given, multiplied by it.
   */
  readonly lossOf: (row: number, values: Float64Array, start: number, factor?: number) => number;
}

/** Prepares the loss of `target`; a regression's values are standardised by those of `training`. */
export function networkTarget(target: TrainingTarget, weights: Float32Array | undefined): NetworkTarget {
  return target.task === 'regression'
    ? squaredError(target.values, standardisation(target.values, weights))
    : crossEntropy(target.labels, target.classes.length, weights);
}

/** The loss of validation rows, in the units of the training ones. */
export function validationTarget(target: TrainingTarget, training: NetworkTarget): NetworkTarget {
  return target.task === 'regression'
    ? squaredError(target.values, training.units)
    : crossEntropy(target.labels, target.classes.length, undefined);
}

function standardisation(values: Float64Array, weights: Float32Array | undefined): NetworkTarget['units'] {
  const weightOf = (row: number) => weights?.[row] ?? 1;
  const total = values.reduce((sum, _, row) => sum + weightOf(row), 0);
  const mean = values.reduce((sum, value, row) => sum + weightOf(row) * value, 0) / total;
  const squares = values.reduce((sum, value, row) => sum + weightOf(row) * (value - mean) ** 2, 0);
  return { mean: Math.fround(mean), scale: Math.fround(Math.sqrt(squares / total)) };
}

function squaredError(targets: Float64Array, units: NetworkTarget['units']): NetworkTarget {
  const { mean, scale } = units;
  return {
    outputs: 1,
    startingBiases: new Float64Array(1),
    constantLoss: 0.5,
    units,
    lossOf(row, values, start, factor) {
      const expected = scale > 0 ? (targets[row]! - mean) / scale : 0;
      const difference = values[start]! - expected;
      if (factor !== undefined) values[start] = factor * difference;
      return difference ** 2 / 2;
    },
  };
}

function crossEntropy(labels: Int32Array, outputs: number, weights: Float32Array | undefined): NetworkTarget {
  const counts = new Float64Array(outputs).fill(1);
  labels.forEach((label, row) => {
    counts[label] = counts[label]! + (weights?.[row] ?? 1);
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    outputs,
    startingBiases: counts.map((count) => Math.log(count / total)),
    constantLoss: counts.reduce((sum, count) => sum - (count / total) * Math.log(count / total), 0),
    units: { mean: 0, scale: 1 },
    lossOf(row, values, start, factor) {
      const label = start + labels[row]!;
      const score = values[label]!;
      let largest = values[start]!;
      for (let at = start + 1; at < start + outputs; at++) largest = Math.max(largest, values[at]!);
      let sum = 0;
      for (let at = start; at < start + outputs; at++) sum += Math.exp(values[at]! - largest);
      if (factor !== undefined) {
        for (let at = start; at < start + outputs; at++)
          values[at] = (factor * Math.exp(values[at]! - largest)) / sum;
        values[label] = values[label]! - factor;
      }
      return largest + Math.log(sum) - score;
    },
  };
}
