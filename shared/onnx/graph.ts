/** ONNX models in the words of the ONNX specification: nodes, attributes, tensors, graph; written by `protobuf.ts`. */

import {
  type Bytes,
  bytesField,
  floatField,
  integerField,
  message,
  packedFloats,
  packedIntegers,
  stringField,
  stringFields,
} from './protobuf.ts';

/** `TensorProto.DataType` of the element types used here. */
const ELEMENT_TYPES = { float: 1, uint8: 2, int64: 7, string: 8, bool: 9, double: 11 } as const;

/** `AttributeProto.AttributeType`, with the field that holds the value. */
const ATTRIBUTE_TYPES = {
  float: 1,
  integer: 2,
  string: 3,
  tensor: 4,
  floats: 6,
  integers: 7,
  strings: 8,
} as const;

/** Oldest versions that hold what a graph needs: most models made today load in runtimes since 2022. */
const LANGUAGES = {
  2022: { ir: 8, opset: 17, ml: 3 },
  /** The first with `TreeEnsemble`, whose nodes may test membership in a set. */
  2024: { ir: 10, opset: 21, ml: 5 },
} as const;
/** The domain of the tree ensembles and encoders. */
export const ML_DOMAIN = 'ai.onnx.ml';

export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'floats'; readonly value: ArrayLike<number> }
  | { readonly kind: 'integers'; readonly value: ArrayLike<number> }
  | { readonly kind: 'strings'; readonly value: readonly string[] };

export interface Node {
  readonly operator: string;
  /** Empty for the standard operators. */
  readonly domain: '' | typeof ML_DOMAIN;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: { readonly [name: string]: Attribute };
}

export interface TensorInfo {
  readonly name: string;
  readonly type: keyof typeof ELEMENT_TYPES;
  /** A string is a symbolic dimension, such as `'N'` for the rows. */
  readonly shape: readonly (number | string)[];
}

/** A constant, its values row by row. */
export type Tensor = { readonly name: string; readonly shape: readonly number[] } & (
  | { readonly type: 'float'; readonly values: Float32Array }
  | { readonly type: 'uint8'; readonly values: Uint8Array }
  | { readonly type: 'int64'; readonly values: readonly number[] }
  | { readonly type: 'string'; readonly values: readonly string[] }
);

export interface Graph {
  readonly name: string;
  /** Of the operators used. @default 2022 */
  readonly language?: keyof typeof LANGUAGES;
  /** In an order in which every input is made before it is used. */
  readonly nodes: readonly Node[];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Weights and other constants that nodes read by name. */
  readonly initializers?: readonly Tensor[];
}

/**
 * Encodes an ONNX model file.
 *
 * @param graph - nodes and the tensors that go in and out
 * @param metadata - kept as `metadata_props`
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 * @example
 * const x = { name: 'x', type: 'float', shape: ['N', 1] } as const;
 * const y = { name: 'y', type: 'float', shape: ['N', 1] } as const;
 * const identity = { operator: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} } as const;
 * encodeModel({ name: 'copy', nodes: [identity], inputs: [x], outputs: [y] }, {}); // the bytes of copy.onnx
 */
export function encodeModel(graph: Graph, metadata: Readonly<Record<string, string>>): Uint8Array {
  const { ir, opset, ml } = LANGUAGES[graph.language ?? 2022];
  return message(
    integerField(1, ir),
    stringField(2, 'tidemark'),
    bytesField(7, encodeGraph(graph)),
    bytesField(8, encodeOpset('', opset)),
    bytesField(8, encodeOpset(ML_DOMAIN, ml)),
    ...Object.entries(metadata).map(([key, value]) =>
      bytesField(14, message(stringField(1, key), stringField(2, value))),
    ),
  );
}

function encodeOpset(domain: string, version: number): Bytes {
  return message(stringField(1, domain), integerField(2, version));
}

function encodeGraph({ name, nodes, inputs, outputs, initializers = [] }: Graph): Bytes {
  return message(
    ...nodes.map((node) => bytesField(1, encodeNode(node))),
    stringField(2, name),
    ...initializers.map((tensor) => bytesField(5, encodeTensor(tensor))),
    ...inputs.map((input) => bytesField(11, encodeTensorInfo(input))),
    ...outputs.map((output) => bytesField(12, encodeTensorInfo(output))),
  );
}

function encodeNode({ operator, domain, inputs, outputs, attributes }: Node): Bytes {
  return message(
    ...inputs.map((input) => stringField(1, input)),
    ...outputs.map((output) => stringField(2, output)),
    stringField(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, encodeAttribute(name, value))),
    stringField(7, domain),
  );
}

function encodeAttribute(name: string, attribute: Attribute): Bytes {
  return message(
    stringField(1, name),
    ...encodeAttributeValue(attribute),
    integerField(20, ATTRIBUTE_TYPES[attribute.kind]),
  );
}

function encodeAttributeValue(attribute: Attribute): Bytes[] {
  switch (attribute.kind) {
    case 'float':
      return [floatField(2, attribute.value)];
    case 'integer':
      return [integerField(3, attribute.value)];
    case 'string':
      return [stringField(4, attribute.value)];
    case 'tensor':
      return [bytesField(5, encodeTensor(attribute.value))];
    case 'floats':
      return [packedFloats(7, attribute.value)];
    case 'integers':
      return [packedIntegers(8, attribute.value)];
    case 'strings':
      return [stringFields(9, attribute.value)];
  }
}

function encodeTensor(tensor: Tensor): Bytes {
  return message(
    ...tensor.shape.map((size) => integerField(1, size)),
    integerField(2, ELEMENT_TYPES[tensor.type]),
    ...encodeValues(tensor),
    stringField(8, tensor.name),
  );
}

function encodeValues(tensor: Tensor): Bytes[] {
  switch (tensor.type) {
    case 'float':
      return [packedFloats(4, tensor.values)];
    case 'uint8':
      return [packedIntegers(5, tensor.values)];
    case 'int64':
      return [packedIntegers(7, tensor.values)];
    case 'string':
      return [stringFields(6, tensor.values)];
  }
}

function encodeTensorInfo({ name, type, shape }: TensorInfo): Bytes {
  const dimensions = shape.map((size) =>
    bytesField(1, typeof size === 'number' ? integerField(1, size) : stringField(2, size)),
  );
  const tensor = message(integerField(1, ELEMENT_TYPES[type]), bytesField(2, message(...dimensions)));
  return message(stringField(1, name), bytesField(2, bytesField(1, tensor)));
}
