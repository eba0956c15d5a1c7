/** One attempt at training a network: epochs of mini-batches, early stopping, and whether the loss ran away. */

import { seededRandom, shuffledIndices } from '#shared/random.ts';
import { type FeatureLayout, writeFeatures } from './network-features.ts';
import { backward, type DenseLayer, forward } from './network-layers.ts';
import type { NetworkTarget } from './network-loss.ts';
import type { NetworkLayer } from './network-model.ts';
import { createParameters, toModelLayers } from './network-parameters.ts';

/** Rows as `encodeRows` gives them, with the loss of each. */
export interface EncodedRows {
  readonly rows: number;
  readonly encoded: Float32Array;
  readonly target: NetworkTarget;
}

export interface TrainingSettings {
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchRows: number;
  readonly learningRate: number;
  readonly l2: number;
  readonly patience: number;
  readonly seed: number;
  readonly onRound: ((done: number, total: number) => void) | undefined;
}

/**
 * Trains with Adam; the learning rate falls to 0 along half a cosine.
 *
 * @param weights - one per row with a mean of 1
 * @returns how many epochs, and the layers of the epoch with the smallest validation loss, or of the last one without validation;
 *   `undefined` if the loss of an epoch was not finite or far above that of a constant answer
 */
export function trainLayers(
  layout: FeatureLayout,
  training: EncodedRows,
  weights: Float32Array | undefined,
  validation: EncodedRows | undefined,
  settings: TrainingSettings,
): { readonly layers: NetworkLayer[]; readonly epochs: number } | undefined {
  const { epochs, batchRows, learningRate, l2, patience } = settings;
  const { rows, encoded, target } = training;
  const random = seededRandom(settings.seed);
  const widths = [layout.width, ...settings.hidden, target.outputs];
  const { layers, gradients, values, step } = createParameters(
    widths,
    batchRows,
    target.startingBiases,
    random,
  );
  const input = new Float64Array(batchRows * layout.width);
  const outputGradient = gradients.at(-1)!.values;
  const steps = epochs * Math.ceil(rows / batchRows);
  let stepsDone = 0;
  let [smallestLoss, bestEpoch, bestValues] = [Number.POSITIVE_INFINITY, 0, values];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffledIndices(rows, random);
    let total = 0;
    for (let start = 0; start < rows; start += batchRows) {
      const count = Math.min(batchRows, rows - start);
      for (let at = 0; at < count; at++)
        writeFeatures(layout, encoded, order[start + at]!, input, at * layout.width);
      outputGradient.set(forward(layers, input, count).subarray(0, count * target.outputs));
      for (let at = 0; at < count; at++) {
        const weight = weights?.[order[start + at]!] ?? 1;
        total +=
          weight * target.lossOf(order[start + at]!, outputGradient, at * target.outputs, weight / count);
      }
      backward(layers, gradients, input, count);
      step((learningRate * (1 + Math.cos((Math.PI * stepsDone) / steps))) / 2, l2);
      stepsDone++;
    }
    const loss = total / rows;
    if (hasDiverged(loss, target)) return undefined;
    settings.onRound?.(epoch, epochs);
    if (validation === undefined) continue;
    const validationLoss = meanLoss(layout, layers, validation, input, batchRows);
    if (validationLoss < smallestLoss)
      [smallestLoss, bestEpoch, bestValues] = [validationLoss, epoch, values.slice()];
    if (epoch - bestEpoch >= patience) break;
  }
  values.set(bestValues);
  const trained = toModelLayers(layers);
  if (!trained.every(hasFiniteParameters)) return undefined;
  return { layers: trained, epochs: validation === undefined ? epochs : Math.max(1, bestEpoch) };
}

/** Training starts at the loss of a constant answer; only steps that overshoot take it far above. */
function hasDiverged(loss: number, { constantLoss }: NetworkTarget): boolean {
  return !(loss <= 2 * constantLoss + 0.1);
}

function hasFiniteParameters({ weights, biases }: NetworkLayer): boolean {
  return weights.every(Number.isFinite) && biases.every(Number.isFinite);
}

function meanLoss(
  layout: FeatureLayout,
  layers: readonly DenseLayer[],
  { rows, encoded, target }: EncodedRows,
  input: Float64Array,
  batchRows: number,
): number {
  let total = 0;
  for (let start = 0; start < rows; start += batchRows) {
    const count = Math.min(batchRows, rows - start);
    for (let at = 0; at < count; at++) writeFeatures(layout, encoded, start + at, input, at * layout.width);
    const outputs = forward(layers, input, count);
    for (let at = 0; at < count; at++) total += target.lossOf(start + at, outputs, at * target.outputs);
  }
  return total / rows;
}
