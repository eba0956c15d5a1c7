/** Runs an ONNX model on columns: the hot path of prediction, and the other side of the parity check. */

import { env, InferenceSession } from 'onnxruntime-node';
import type { Columns } from '#shared/schema/columns.ts';
import { OnnxModelError } from './model-error.ts';
import type { Serving } from './serving.ts';
import { type InputBinding, planInputs, planServedInputs } from './session-inputs.ts';
import { reasonOf } from './session-load-error.ts';
import { type OnnxOutput, type OutputChunk, planOutputs, planServedOutputs } from './session-outputs.ts';
import { bindTensor, type RowTensor } from './session-tensor.ts';

export { OnnxModelError } from './model-error.ts';
export type { OnnxOutput } from './session-outputs.ts';

/** Bounds the memory of one call; larger inputs are run piece by piece. */
const CHUNK_ROWS = 8192;

// Reasons come as errors; ONNX Runtime would print them to stderr as well.
env.logLevel = 'fatal';

/** An input or output as the model declares it; a string in `shape` is a dimension without a fixed size. */
export interface OnnxTensorInfo {
  readonly name: string;
  /** `float`, `double`, `string`, `int64`, …: ONNX's name of the element type. */
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface OnnxSession {
  readonly inputs: readonly OnnxTensorInfo[];
  readonly outputs: readonly OnnxTensorInfo[];
  /**
   * Predicts rows. Columns are matched to inputs by name; only a model with one wide input takes all columns in their
   * order. Missing values are `NaN`, or `''` in string inputs.
   *
   * @throws OnnxModelError when an input has no column, a column no input, or their types differ
   */
  run(data: Columns): Promise<OnnxOutput>;
  /**
   * Predicts rows that are tensors, such as images, with a model that has one float input.
   *
   * @param tensor - `rows` × the product of `rowShape` values, row by row; for an image `[3, height, width]` or
   *   `[height, width, 3]`, as the model takes it
   * @throws OnnxModelError when the model has more than one input, or one of another type or shape
   */
  runTensor(tensor: RowTensor, rows: number): Promise<OnnxOutput>;
  /** Frees the native memory; the session is unusable after. */
  release(): Promise<void>;
}

/**
 * Loads an ONNX model, one thread per run: with more, sums would depend on how rows are batched.
 *
 * @param bytes - the model file
 * @param serving - how to feed and read a graph that was not made here, from `planServing`; of its outputs only those
 *   of the plan are read
 * @throws OnnxModelError with ONNX Runtime's reason when the bytes do not load, or naming an input or output that is not
 *   a tensor (a ZipMap) or that the plan has and the graph has not
 * @example
 * const session = await openSession(await readFile('model.onnx'));
 * await session.run(data); // { task: 'regression', values: Float32Array [326.1] }
 */
export async function openSession(bytes: Uint8Array, serving?: Serving): Promise<OnnxSession> {
  const native = await load(bytes);
  try {
    const inputs = native.inputMetadata.map((input) => tensorInfo('input', input));
    const outputs = native.outputMetadata
      .filter(({ name, isTensor }) => serving === undefined || isTensor || isRead(serving, name))
      .map((output) => tensorInfo('output', output));
    const bind = serving ? planServedInputs(inputs, serving) : planInputs(inputs);
    const { fetches, read } = serving ? planServedOutputs(outputs, serving) : planOutputs(outputs);
    const runAll = async (binding: InputBinding, rows: number): Promise<OnnxOutput> => {
      const chunkRows = binding.fixedRows ?? binding.chunkRows ?? CHUNK_ROWS;
      const chunks: OutputChunk[] = [];
      for (let start = 0; start < rows; start += chunkRows) {
        const end = Math.min(start + chunkRows, rows);
        chunks.push(await runChunk(native, binding, start, end, fetches));
      }
      return read(chunks, rows);
    };
    return {
      inputs,
      outputs,
      run: async (data) => runAll(bind(data), data.rows),
      runTensor: async (tensor, rows) => runAll(bindTensor(inputs, serving, tensor, rows), rows),
      release: () => native.release(),
    };
  } catch (error) {
    await native.release();
    throw error;
  }
}

function isRead({ scores, label, embedding }: Serving, name: string): boolean {
  return name === scores || name === label || name === embedding;
}

async function load(bytes: Uint8Array): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 4,
    });
  } catch (cause) {
    throw new OnnxModelError(`not a loadable onnx model: ${reasonOf(cause)}`, { cause });
  }
}

async function runChunk(
  native: InferenceSession,
  binding: InputBinding,
  start: number,
  end: number,
  fetches: readonly string[] | undefined,
): Promise<OutputChunk> {
  const rows = end - start;
  const fedRows = binding.fixedRows ?? rows;
  const feeds = binding.feeds(start, end, fedRows);
  try {
    const tensors = fetches === undefined ? await native.run(feeds) : await native.run(feeds, fetches);
    return { tensors, rows, fedRows };
  } catch (cause) {
    throw new OnnxModelError(`the model cannot run rows ${start} to ${end - 1}: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function tensorInfo(side: 'input' | 'output', info: InferenceSession.ValueMetadata): OnnxTensorInfo {
  if (!info.isTensor)
    throw new OnnxModelError(
      `${side} "${info.name}" is not a tensor: export the model without ZipMap (zipmap=False)`,
    );
  const type = { float32: 'float', float64: 'double' }[info.type as string] ?? info.type;
  return { name: info.name, type, shape: info.shape };
}
