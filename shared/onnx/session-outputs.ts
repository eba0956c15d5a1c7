/** From a model's output tensors to one answer: numbers, or labels with probabilities; told apart by plan, or by type. */

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { OnnxModelError } from './model-error.ts';
import type { Serving } from './serving.ts';
import type { OnnxTensorInfo } from './session.ts';
import { activate } from './session-activation.ts';

interface Embedded {
  /** rows × width, row by row; of a graph whose serving names the output. */
  readonly embedding?: Float32Array;
  readonly embeddingWidth?: number;
}

export type OnnxOutput =
  | ({ readonly task: 'regression'; readonly values: Float32Array } & Embedded)
  | ({
      readonly task: 'classification';
      /** One per row. */
      readonly labels: readonly string[];
      /** rows × classes, row by row. */
      readonly probabilities: Float32Array;
      readonly classesCount: number;
    } & Embedded);

/** Outputs of one run; a graph with a fixed number of rows may have been given more than were asked for. */
export interface OutputChunk {
  readonly tensors: InferenceSession.ReturnType;
  readonly rows: number;
  readonly fedRows: number;
}

export interface OutputPlan {
  /** The outputs that are read; absent, all are. */
  readonly fetches?: readonly string[];
  readonly read: (chunks: readonly OutputChunk[], rows: number) => OnnxOutput;
}

/**
 * Finds out which outputs are labels and scores. A string or integer output is the label and a float one the scores, as
 * in what skl2onnx and `exportGbdt` write; a single float output is a regression's value where it is one per row, else
 * the scores of classes named by their index.
 *
 * @throws OnnxModelError when the outputs are neither, naming them
 */
export function planOutputs(infos: readonly OnnxTensorInfo[]): OutputPlan {
  const labels = infos.filter(({ type }) => type === 'string' || type === 'int64' || type === 'int32');
  const scores = infos.filter(({ type }) => type === 'float' || type === 'double');
  const [label, score] = [labels[0], scores[0]];
  if (score === undefined || labels.length > 1 || scores.length > 1 || infos.length > labels.length + 1)
    throw new OnnxModelError(
      `outputs are ${infos.map(({ name, type }) => `"${name}" (${type})`).join(', ')}: must be one float tensor, with a string or int64 label or without`,
    );
  const read = (chunks: readonly OutputChunk[], rows: number): OnnxOutput => {
    const values = joinFloats(chunks, score.name);
    const width = widthOf(score, values, rows);
    if (label !== undefined) return classified(values, width, joinLabels(chunks, label.name));
    return width === 1
      ? { task: 'regression', values }
      : classified(values, width, likeliest(values, width, rows));
  };
  return { read };
}

/**
 * Reads the outputs that a serving plan names, and makes probabilities of raw scores.
 *
 * @throws OnnxModelError when the graph has no such output
 */
export function planServedOutputs(infos: readonly OnnxTensorInfo[], serving: Serving): OutputPlan {
  const find = (name: string) => {
    const info = infos.find((one) => one.name === name);
    if (info !== undefined) return info;
    throw new OnnxModelError(
      `there is no output "${name}": the model has ${infos.map((one) => `"${one.name}"`).join(', ')}`,
    );
  };
  const scores = find(serving.scores);
  const label = serving.label === undefined ? undefined : find(serving.label);
  const embedding = serving.embedding === undefined ? undefined : find(serving.embedding);
  const read = (chunks: readonly OutputChunk[], rows: number): OnnxOutput => {
    const values = joinFloats(chunks, scores.name);
    const width = widthOf(scores, values, rows);
    const { classes_count: expected, activation } = serving;
    const embedded = embedding === undefined ? {} : readEmbedding(chunks, embedding, rows);
    if (expected === undefined && width === 1 && label === undefined && activation === 'none')
      return { task: 'regression', values, ...embedded };
    const classes = expected ?? Math.max(width, 2);
    if (width !== classes && !(width === 1 && classes === 2))
      throw new OnnxModelError(
        `output "${scores.name}" has ${width} scores per row: expected ${classes}, one per class`,
      );
    const probabilities = arrange(activate(values, width, activation), classes, serving.class_order);
    const labels =
      label === undefined ? likeliest(probabilities, classes, rows) : joinLabels(chunks, label.name);
    if (labels.length !== rows)
      throw new OnnxModelError(`output "${serving.label}" has ${labels.length} labels for ${rows} rows`);
    return { ...classified(probabilities, classes, labels), ...embedded };
  };
  const fetches = [scores, label, embedding].flatMap((info) => (info === undefined ? [] : [info.name]));
  return { fetches: [...new Set(fetches)], read };
}

/** Scores of each row in another order of the classes. */
function arrange(scores: Float32Array, width: number, order: readonly number[] | undefined): Float32Array {
  if (order === undefined) return scores;
  return scores.map((_, at) => scores[at - (at % width) + (order[at % width] ?? width)] ?? Number.NaN);
}

function readEmbedding(chunks: readonly OutputChunk[], info: OnnxTensorInfo, rows: number): Embedded {
  const embedding = joinFloats(chunks, info.name);
  return { embedding, embeddingWidth: widthOf(info, embedding, rows) };
}

function classified(
  probabilities: Float32Array,
  classesCount: number,
  labels: readonly string[],
): OnnxOutput {
  return { task: 'classification', labels, probabilities, classesCount };
}

function widthOf({ name, shape }: OnnxTensorInfo, values: Float32Array, rows: number): number {
  const declared = shape[1];
  const width = rows > 0 ? values.length / rows : typeof declared === 'number' ? declared : 1;
  if (Number.isInteger(width) && width > 0) return width;
  throw new OnnxModelError(`output "${name}" has ${values.length} values for ${rows} rows`);
}

/** The part of an output that belongs to the rows that were asked for. */
function dataOf<Data extends ArrayLike<unknown>>({ tensors, rows, fedRows }: OutputChunk, name: string) {
  const data = (tensors[name] as Tensor).data as unknown as Data & {
    slice(start: number, end: number): Data;
  };
  return rows === fedRows ? data : data.slice(0, (data.length * rows) / fedRows);
}

function joinFloats(chunks: readonly OutputChunk[], name: string): Float32Array {
  const parts = chunks.map((chunk) => dataOf<Float32Array | Float64Array>(chunk, name));
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
function joinLabels(chunks: readonly OutputChunk[], name: string): string[] {
  return chunks.flatMap((chunk) =>
    Array.from(dataOf<ArrayLike<string | bigint | number>>(chunk, name), String),
  );
}

function likeliest(values: Float32Array, width: number, rows: number): string[] {
  return Array.from({ length: rows }, (_, row) =>
    String(indexOfLargest(values.subarray(row * width, (row + 1) * width))),
  );
}

function indexOfLargest(values: Float32Array): number {
  return values.reduce((best, value, at) => (value > values[best]! ? at : best), 0);
}
