/** Rows that are tensors themselves, such as images, for a model with one input. */

import { Tensor } from 'onnxruntime-node';
import { OnnxModelError } from './model-error.ts';
import type { Serving } from './serving.ts';
import type { OnnxTensorInfo } from './session.ts';
import type { InputBinding } from './session-inputs.ts';

/** Values of all rows, row by row. */
export interface RowTensor {
  readonly values: Float32Array;
  /** Sizes of one row, such as `[3, 224, 224]`. */
  readonly rowShape: readonly number[];
}

/** Values fed at once, at most, so that thirty photographs and a thousand icons take the same memory. */
const CHUNK_VALUES = 2 ** 22;

/**
 * Checks rows against the model's input and makes the tensors of some of them at a time.
 *
 * @throws OnnxModelError naming the input that does not take such rows
 */
export function bindTensor(
  infos: readonly OnnxTensorInfo[],
  serving: Serving | undefined,
  { values, rowShape }: RowTensor,
  rows: number,
): InputBinding {
  const [input] = infos;
  if (input === undefined || infos.length > 1)
    throw new OnnxModelError(
      `the model has ${infos.length} inputs: one is needed for rows of shape [${rowShape}]`,
    );
  const [batch, ...expected] = input.shape;
  const fits =
    expected.length === rowShape.length &&
    expected.every((size, at) => typeof size !== 'number' || size <= 0 || size === rowShape[at]);
  if (input.type !== 'float' || !fits)
    throw new OnnxModelError(
      `input "${input.name}" is ${input.type} [${input.shape.join(', ')}]: rows are float [${rowShape.join(', ')}]`,
    );
  const size = rowShape.reduce((product, one) => product * one, 1);
  if (values.length !== rows * size)
    throw new OnnxModelError(`${values.length} values are not ${rows} rows of ${size} values`);
  const feeds = (start: number, end: number, fedRows: number) => {
    let fed = values.subarray(start * size, end * size);
    if (fedRows > end - start) {
      const padded = new Float32Array(fedRows * size);
      padded.set(fed);
      for (let row = end - start; row < fedRows; row++) padded.set(fed.subarray(-size), row * size);
      fed = padded;
    }
    return { [input.name]: new Tensor('float32', fed, [fedRows, ...rowShape]) };
  };
  const fixedRows = serving?.fixed_rows ?? (typeof batch === 'number' && batch > 0 ? batch : undefined);
  return { fixedRows, chunkRows: Math.max(1, Math.floor(CHUNK_VALUES / Math.max(1, size))), feeds };
}
