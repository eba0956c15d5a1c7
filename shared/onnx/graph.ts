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
} from './protobuf.ts';

/** `TensorProto.DataType` of the element types used here. */
const ELEMENT_TYPES = { float: 1, int64: 7, string: 8, double: 11 } as const;

/** `AttributeProto.AttributeType`, with the field that holds the value. */
const ATTRIBUTE_TYPES = { float: 1, integer: 2, string: 3, floats: 6, integers: 7, strings: 8 } as const;

/** Oldest versions that hold everything we write: a model made today loads in runtimes since 2022. */
const IR_VERSION = 8;
const OPSET = 17;
const ML_OPSET = 3;
/** The domain of the tree ensembles and encoders. */
export const ML_DOMAIN = 'ai.onnx.ml';

export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
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

export interface Graph {
  readonly name: string;
  /** In an order in which every input is made before it is used. */
  readonly nodes: readonly Node[];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
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
  return message(
    integerField(1, IR_VERSION),
    stringField(2, 'tidemark'),
    bytesField(7, encodeGraph(graph)),
    bytesField(8, encodeOpset('', OPSET)),
    bytesField(8, encodeOpset(ML_DOMAIN, ML_OPSET)),
    ...Object.entries(metadata).map(([key, value]) =>
      bytesField(14, message(stringField(1, key), stringField(2, value))),
    ),
  );
}

function encodeOpset(domain: string, version: number): Bytes {
  return message(stringField(1, domain), integerField(2, version));
}

function encodeGraph({ name, nodes, inputs, outputs }: Graph): Bytes {
  return message(
    ...nodes.map((node) => bytesField(1, encodeNode(node))),
    stringField(2, name),
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
    case 'floats':
      return [packedFloats(7, attribute.value)];
    case 'integers':
      return [packedIntegers(8, attribute.value)];
    case 'strings':
      return attribute.value.map((value) => stringField(9, value));
  }
}

function encodeTensorInfo({ name, type, shape }: TensorInfo): Bytes {
  const dimensions = shape.map((size) =>
    bytesField(1, typeof size === 'number' ? integerField(1, size) : stringField(2, size)),
  );
  const tensor = message(integerField(1, ELEMENT_TYPES[type]), bytesField(2, message(...dimensions)));
  return message(stringField(1, name), bytesField(2, bytesField(1, tensor)));
}
