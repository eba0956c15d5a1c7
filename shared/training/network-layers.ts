/** Dense layers on batches of rows, forwards and backwards; the inner loops of network training. */

/** One layer's parameters and its buffers for a batch. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Inputs × outputs, row by row. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  /** Batch rows × outputs. */
  readonly values: Float64Array;
}

/** The gradient of the loss with respect to a layer's parameters and, times batch rows, to its outputs. */
export interface DenseGradient {
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  readonly values: Float64Array;
}

/**
 * Runs a batch through all layers, with a rectifier between them.
 *
 * @returns the last layer's values: rows × outputs
 */
export function forward(layers: readonly DenseLayer[], input: Float64Array, rows: number): Float64Array {
  let values = input;
  layers.forEach((layer, at) => {
    multiply(values, layer, rows);
    values = layer.values;
    if (at < layers.length - 1) rectify(values, rows * layer.outputs);
  });
  return values;
}

/**
 * Propagates the last layer's `values` gradient back through all layers and overwrites the other gradients.
 *
 * @param gradients - those of `layers`; the last one's `values` hold the loss gradient by row and output
 */
export function backward(
  layers: readonly DenseLayer[],
  gradients: readonly DenseGradient[],
  input: Float64Array,
  rows: number,
): void {
  for (let at = layers.length - 1; at >= 0; at--) {
    const previous = layers[at - 1];
    parameterGradient(previous?.values ?? input, layers[at]!, gradients[at]!, rows);
    if (previous)
      inputGradient(layers[at]!, gradients[at]!.values, previous.values, gradients[at - 1]!.values, rows);
  }
}

/** `values = input · weights + biases`, four inputs at a time; runs of zeros, as one-hot rows have, cost nothing. */
function multiply(
  input: Float64Array,
  { inputs, outputs, weights, biases, values }: DenseLayer,
  rows: number,
): void {
  const paired = inputs - (inputs % 4);
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * inputs, row * outputs];
    for (let out = 0; out < outputs; out++) values[to + out] = biases[out]!;
    for (let at = 0; at < paired; at += 4) {
      const a = input[from + at]!;
      const b = input[from + at + 1]!;
      const c = input[from + at + 2]!;
      const d = input[from + at + 3]!;
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      const first = at * outputs;
      const second = first + outputs;
      const third = second + outputs;
      const fourth = third + outputs;
      for (let out = 0; out < outputs; out++)
        values[to + out] =
          values[to + out]! +
          (a * weights[first + out]! +
            b * weights[second + out]! +
            (c * weights[third + out]! + d * weights[fourth + out]!));
    }
    for (let at = paired; at < inputs; at++) {
      const a = input[from + at]!;
      if (a === 0) continue;
      const first = at * outputs;
      for (let out = 0; out < outputs; out++)
        values[to + out] = values[to + out]! + a * weights[first + out]!;
    }
  }
}

function rectify(values: Float64Array, length: number): void {
  for (let at = 0; at < length; at++) if (values[at]! < 0) values[at] = 0;
}

/** `gradient.weights = inputᵀ · gradient.values`, four rows at a time. */
function parameterGradient(
  input: Float64Array,
  { inputs, outputs }: DenseLayer,
  { weights, biases, values }: DenseGradient,
  rows: number,
): void {
  weights.fill(0);
  biases.fill(0);
  for (let at = 0, out = 0; at < rows * outputs; at++) {
    biases[out] = biases[out]! + values[at]!;
    if (++out === outputs) out = 0;
  }
  const paired = rows - (rows % 4);
  for (let row = 0; row < paired; row += 4) {
    const one = row * outputs;
    const two = one + outputs;
    const three = two + outputs;
    const four = three + outputs;
    for (let at = 0; at < inputs; at++) {
      const from = row * inputs + at;
      const a = input[from]!;
      const b = input[from + inputs]!;
      const c = input[from + 2 * inputs]!;
      const d = input[from + 3 * inputs]!;
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      const to = at * outputs;
      for (let out = 0; out < outputs; out++)
        weights[to + out] =
          weights[to + out]! +
          (a * values[one + out]! +
            b * values[two + out]! +
            (c * values[three + out]! + d * values[four + out]!));
    }
  }
  for (let row = paired; row < rows; row++) {
    const one = row * outputs;
    for (let at = 0; at < inputs; at++) {
      const a = input[row * inputs + at]!;
      if (a === 0) continue;
      const to = at * outputs;
      for (let out = 0; out < outputs; out++) weights[to + out] = weights[to + out]! + a * values[one + out]!;
    }
  }
}

/** `result = values · weightsᵀ` where the rectifier let the input through, else 0. */
function inputGradient(
  { inputs, outputs, weights }: DenseLayer,
  values: Float64Array,
  rectified: Float64Array,
  result: Float64Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * outputs;
    for (let at = 0; at < inputs; at++) {
      let sum = 0;
      if (rectified[row * inputs + at]! > 0) {
        const first = at * outputs;
        for (let out = 0; out < outputs; out++) sum += values[from + out]! * weights[first + out]!;
      }
      result[row * inputs + at] = sum;
    }
  }
}
