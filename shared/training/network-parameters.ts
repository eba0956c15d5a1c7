/** A network's parameters in one block, so that the optimiser and copies see a single array. */

import { normal } from '#shared/random.ts';
import type { DenseGradient, DenseLayer } from './network-layers.ts';
import type { NetworkLayer } from './network-model.ts';

/** Adam's decay rates and guard, as in Kingma and Ba 2015. */
const [FIRST_DECAY, SECOND_DECAY, EPSILON] = [0.9, 0.999, 1e-8];

export interface NetworkParameters {
  readonly layers: readonly DenseLayer[];
  readonly gradients: readonly DenseGradient[];
  /** All weights and biases; the layers are views of it. */
  readonly values: Float64Array;
  /** One step of Adam along the gradients. */
  readonly step: (learningRate: number, l2: number) => void;
}

/**
 * Layers of the given widths with He's normal initialisation (He et al. 2015).
 *
 * @param widths - features, hidden layers, outputs
 * @param batchRows - the rows that buffers hold
 */
export function createParameters(
  widths: readonly number[],
  batchRows: number,
  lastBiases: Float64Array,
  random: () => number,
): NetworkParameters {
  const sizes = widths.slice(1).map((outputs, at) => ({ inputs: widths[at]!, outputs }));
  const length = sizes.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
  const [values, gradient, isWeight] = [
    new Float64Array(length),
    new Float64Array(length),
    new Uint8Array(length),
  ];
  const layers: DenseLayer[] = [];
  const gradients: DenseGradient[] = [];
  let start = 0;
  sizes.forEach(({ inputs, outputs }, at) => {
    const biasesAt = start + inputs * outputs;
    const end = biasesAt + outputs;
    const isLast = at === sizes.length - 1;
    // The last layer starts near the constant answer of its biases, from where the loss can only fall.
    const deviation = Math.sqrt(2 / Math.max(inputs, 1)) * (isLast ? 0.1 : 1);
    for (let parameter = start; parameter < biasesAt; parameter++) {
      values[parameter] = deviation * normal(random);
      isWeight[parameter] = 1;
    }
    if (isLast) values.set(lastBiases, biasesAt);
    const views = (block: Float64Array) => ({
      weights: block.subarray(start, biasesAt),
      biases: block.subarray(biasesAt, end),
      values: new Float64Array(batchRows * outputs),
    });
    layers.push({ inputs, outputs, ...views(values) });
    gradients.push(views(gradient));
    start = end;
  });
  return { layers, gradients, values, step: adam(values, gradient, isWeight) };
}

/** Adam; the penalty `l2 / 2 · ‖weights‖²` spares the biases. */
function adam(values: Float64Array, gradient: Float64Array, isWeight: Uint8Array): NetworkParameters['step'] {
  const [first, second] = [new Float64Array(values.length), new Float64Array(values.length)];
  let [firstPower, secondPower] = [1, 1];
  return (learningRate, l2) => {
    firstPower *= FIRST_DECAY;
    secondPower *= SECOND_DECAY;
    const rate = (learningRate * Math.sqrt(1 - secondPower)) / (1 - firstPower);
    for (let at = 0; at < values.length; at++) {
      const slope = gradient[at]! + l2 * isWeight[at]! * values[at]!;
      const mean = FIRST_DECAY * first[at]! + (1 - FIRST_DECAY) * slope;
      const square = SECOND_DECAY * second[at]! + (1 - SECOND_DECAY) * slope * slope;
      first[at] = mean;
      second[at] = square;
      values[at] = values[at]! - (rate * mean) / (Math.sqrt(square) + EPSILON);
    }
  };
}

/** The layers in float32, as models keep them. */
export function toModelLayers(layers: readonly DenseLayer[]): NetworkLayer[] {
  return layers.map(({ weights, biases }) => ({
    weights: Float32Array.from(weights),
    biases: Float32Array.from(biases),
  }));
}

/** A model's layers with buffers for `batchRows` rows. */
export function toDenseLayers(layers: readonly NetworkLayer[], batchRows: number): DenseLayer[] {
  return layers.map(({ weights, biases }) => ({
    inputs: weights.length / biases.length,
    outputs: biases.length,
    weights: Float64Array.from(weights),
    biases: Float64Array.from(biases),
    values: new Float64Array(batchRows * biases.length),
  }));
}
