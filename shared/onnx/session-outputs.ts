/** From a model's output tensors to one answer: numbers, or labels with probabilities; told apart by type and shape. */

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { OnnxModelError } from './model-error.ts';
import type { OnnxTensorInfo } from './session.ts';

export type OnnxOutput =
  | { readonly task: 'regression'; readonly values: Float32Array }
  | {
      readonly task: 'classification';
      /** One per row. */
      readonly labels: readonly string[];
      /** rows × classes, row by row. */
      readonly probabilities: Float32Array;
      readonly classesCount: number;
    };

type Chunk = InferenceSession.ReturnType;

/**
 * Finds out which outputs are labels and scores. A string or integer output is the label and a float one the scores, as
 * in what skl2onnx and `exportGbdt` write; a single float output is a regression's value where it is one per row, else
 * the scores of classes named by their index.
 *
 * @throws OnnxModelError when the outputs are neither, naming them
 */
export function planOutputs(
  infos: readonly OnnxTensorInfo[],
): (chunks: readonly Chunk[], rows: number) => OnnxOutput {
  const labels = infos.filter(({ type }) => type === 'string' || type === 'int64' || type === 'int32');
  const scores = infos.filter(({ type }) => type === 'float' || type === 'double');
  const [label, score] = [labels[0], scores[0]];
  if (score === undefined || labels.length > 1 || scores.length > 1 || infos.length > labels.length + 1)
    throw new OnnxModelError(
      `outputs are ${infos.map(({ name, type }) => `"${name}" (${type})`).join(', ')}: must be one float tensor, with a string or int64 label or without`,
    );
  const declaredWidth = score.shape[1];
  return (chunks, rows) => {
    const values = joinFloats(chunks, score.name);
    const width = rows > 0 ? values.length / rows : typeof declaredWidth === 'number' ? declaredWidth : 1;
    if (!Number.isInteger(width))
      throw new OnnxModelError(`output "${score.name}" has ${values.length} values for ${rows} rows`);
    if (label !== undefined)
      return {
        task: 'classification',
        labels: joinLabels(chunks, label.name),
        probabilities: values,
        classesCount: width,
      };
    if (width === 1) return { task: 'regression', values };
    const likeliest = Array.from({ length: rows }, (_, row) =>
      String(indexOfLargest(values.subarray(row * width, (row + 1) * width))),
    );
    return { task: 'classification', labels: likeliest, probabilities: values, classesCount: width };
  };
}

function joinFloats(chunks: readonly Chunk[], name: string): Float32Array {
  const parts = chunks.map((chunk) => (chunk[name] as Tensor).data as Float32Array | Float64Array);
  const [only] = parts;
  if (parts.length === 1 && only instanceof Float32Array) return only;
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Labels as strings; integers come as `BigInt`, which JSON could not hold. */
function joinLabels(chunks: readonly Chunk[], name: string): string[] {
  return chunks.flatMap((chunk) =>
    Array.from((chunk[name] as Tensor).data as ArrayLike<string | bigint | number>, String),
  );
}

function indexOfLargest(values: Float32Array): number {
  return values.reduce((best, value, at) => (value > values[best]! ? at : best), 0);
}
