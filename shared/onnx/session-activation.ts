/** Makes probabilities of a network's raw scores, row by row, in single precision as the network itself would. */

import type { Serving } from './serving.ts';

/**
 * Softmax over the classes of a row, or the logistic function of the one score of two classes. One score per row
 * becomes two probabilities, `[1 - p, p]`, under every activation.
 *
 * @param scores - rows × width, row by row
 * @param width - scores per row, at least 1
 * @returns rows × max(width, 2) numbers; what is not finite stays so
 * @example
 * activate(Float32Array.of(0, 0), 2, 'softmax'); // Float32Array [0.5, 0.5]
 * activate(Float32Array.of(0), 1, 'sigmoid'); // Float32Array [0.5, 0.5]
 */
export function activate(
  scores: Float32Array,
  width: number,
  activation: Serving['activation'],
): Float32Array {
  const squashed =
    activation === 'sigmoid'
      ? scores.map((score) => 1 / (1 + Math.exp(-score)))
      : activation === 'softmax' && width > 1
        ? softmax(scores, width)
        : scores;
  if (width > 1) return squashed;
  const pairs = new Float32Array(squashed.length * 2);
  for (let row = 0; row < squashed.length; row++) {
    pairs[row * 2] = 1 - squashed[row]!;
    pairs[row * 2 + 1] = squashed[row]!;
  }
  return pairs;
}

function softmax(scores: Float32Array, width: number): Float32Array {
  const probabilities = new Float32Array(scores.length);
  const powers = new Float64Array(width);
  for (let start = 0; start < scores.length; start += width) {
    // Without the largest subtracted, a score of 89 would overflow single precision.
    let largest = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < width; at++) largest = Math.max(largest, scores[start + at]!);
    let sum = 0;
    for (let at = 0; at < width; at++) {
      powers[at] = Math.exp(scores[start + at]! - largest);
      sum += powers[at]!;
    }
    for (let at = 0; at < width; at++) probabilities[start + at] = powers[at]! / sum;
  }
  return probabilities;
}
