/** Runs an ONNX model on columns: the hot path of prediction, and the other side of the parity check. */

import { env, InferenceSession } from 'onnxruntime-node';
import type { Columns } from '#shared/schema/columns.ts';
import { OnnxModelError } from './model-error.ts';
import { type InputBinding, planInputs } from './session-inputs.ts';
import { type OnnxOutput, planOutputs } from './session-outputs.ts';

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
  /** Frees the native memory; the session is unusable after. */
  release(): Promise<void>;
}

/**
 * Loads an ONNX model, one thread per run: with more, sums would depend on how rows are batched.
 *
 * @param bytes - the model file
 * @throws OnnxModelError with ONNX Runtime's reason when the bytes do not load, or naming an input or output that is not
 *   a tensor (a ZipMap)
 * @example
 * const session = await openSession(await readFile('model.onnx'));
 * await session.run(data); // { task: 'regression', values: Float32Array [326.1] }
 */
export async function openSession(bytes: Uint8Array): Promise<OnnxSession> {
  const native = await load(bytes);
  try {
    const inputs = native.inputMetadata.map((input) => tensorInfo('input', input));
    const outputs = native.outputMetadata.map((output) => tensorInfo('output', output));
    const bind = planInputs(inputs);
    const plan = planOutputs(outputs);
    const run = async (data: Columns): Promise<OnnxOutput> => {
      const binding = bind(data);
      const chunkRows = binding.fixedRows ?? CHUNK_ROWS;
      const chunks: InferenceSession.ReturnType[] = [];
      for (let start = 0; start < data.rows; start += chunkRows) {
        const end = Math.min(start + chunkRows, data.rows);
        chunks.push(await runChunk(native, binding, start, end));
      }
      return plan(chunks, data.rows);
    };
    return { inputs, outputs, run, release: () => native.release() };
  } catch (error) {
    await native.release();
    throw error;
  }
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
): Promise<InferenceSession.ReturnType> {
  const feeds = binding.feeds(start, end);
  try {
    return await native.run(feeds);
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

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n', 1)[0]!.trim();
}
