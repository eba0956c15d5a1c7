/** What an ONNX file says of itself, read without running it: the first look at a model that was made elsewhere. */

import { classLabelsOf } from './foreign-labels.ts';
import { type ModelParts, takeApart } from './foreign-parts.ts';

/** An input or output of a graph. */
export interface ValueDescription {
  readonly name: string;
  /** `float`, `int64`, `string`, …; of what is no tensor, such as `seq(map(string,float))`, the whole type. */
  readonly type: string;
  /** A string is a dimension without a fixed size; absent, not even the number of dimensions is known. */
  readonly shape: readonly (number | string)[] | undefined;
  readonly isTensor: boolean;
}

export interface ModelDescription {
  readonly irVersion: number;
  /** The program that wrote the file. */
  readonly producer: string;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly metadata: Readonly<Record<string, string>>;
  /** What a caller has to feed: graph inputs that have a default value are not among them. */
  readonly inputs: readonly ValueDescription[];
  readonly outputs: readonly ValueDescription[];
  /** Of every node, those within `If`, `Loop` and functions too; the standard domain is `''`. */
  readonly operators: readonly {
    readonly domain: string;
    readonly operator: string;
    readonly count: number;
  }[];
  /** Names of tensors whose values are in another file. */
  readonly externalData: readonly string[];
  /** Names of the classes in the order of the scores, whole numbers as text; absent when the graph does not say. */
  readonly classLabels?: readonly string[];
}

/**
 * Reads the description of an ONNX model from its bytes, which may come from anyone: time and memory are bounded by the
 * size of the file.
 *
 * @throws OnnxModelError when the bytes are not a whole ONNX model
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 * @example
 * readModel(await readFile('iris.onnx')).inputs; // [{ name: 'float_input', type: 'float', shape: ['?', 4], isTensor: true }]
 */
export function readModel(bytes: Uint8Array): ModelDescription {
  return describeParts(takeApart(bytes));
}

/** The description of a file that is already taken apart. */
export function describeParts(parts: ModelParts): ModelDescription {
  const { irVersion, producer, opsets, metadata, graph, operators, externalData } = parts;
  const classLabels = classLabelsOf(graph);
  return {
    irVersion,
    producer,
    opsets,
    metadata: Object.fromEntries(metadata),
    inputs: graph.inputs,
    outputs: graph.outputs,
    operators,
    externalData,
    ...(classLabels !== undefined && { classLabels }),
  };
}
