/** A model file taken apart: nodes by what they read and write, tensors that go in and out, what lies outside the file. */

import { OnnxModelError } from './model-error.ts';
import { WireReader } from './protobuf-reader.ts';

/** Bounds memory: the smallest part is two bytes in a file and some hundred in memory. */
const MAX_PARTS = 1_000_000;
/** Of `If` within `Loop` within …; each level is a call. */
const MAX_DEPTH = 24;

/** `TensorProto.DataType`, by number. */
const ELEMENT_TYPES = [
  'undefined',
  'float',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'double',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
] as const;
const EXTERNAL = 1;

interface ValuePart {
  readonly name: string;
  /** `float`, `int64`, …; of what is no tensor, such as `seq(map(string,float))`, the whole type. */
  readonly type: string;
  /** A string is a dimension without a fixed size; absent, not even the number of dimensions is known. */
  readonly shape: readonly (number | string)[] | undefined;
  readonly isTensor: boolean;
}

export interface NodePart {
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The encoded `AttributeProto` by name. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
}

export interface GraphParts {
  readonly nodes: readonly NodePart[];
  /** The node that makes a tensor, by the tensor's name. */
  readonly makers: ReadonlyMap<string, NodePart>;
  /** The encoded `TensorProto` by name. */
  readonly initializers: ReadonlyMap<string, Uint8Array>;
  readonly inputs: readonly ValuePart[];
  readonly outputs: readonly ValuePart[];
}

export interface ModelParts {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly graph: GraphParts;
  /** Of every node, those within subgraphs and functions too. */
  readonly operators: readonly {
    readonly domain: string;
    readonly operator: string;
    readonly count: number;
  }[];
  /** Operators that the file defines itself, as `domain:name`. */
  readonly functions: ReadonlySet<string>;
  /** Names of tensors whose values are in another file. */
  readonly externalData: readonly string[];
}

/** What is found at any depth. */
interface Found {
  readonly operators: Map<string, { domain: string; operator: string; count: number }>;
  readonly externalData: string[];
  parts: number;
}

/**
 * Takes a model file apart; tensors and attributes stay encoded.
 *
 * @throws OnnxModelError when the bytes are not a whole ONNX model, or one of unreasonably many parts
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function takeApart(bytes: Uint8Array): ModelParts {
  if (bytes.length === 0) throw new OnnxModelError('not an onnx file: it is empty');
  const found: Found = { operators: new Map(), externalData: [], parts: 0 };
  const opsets: { domain: string; version: number }[] = [];
  const metadata = new Map<string, string>();
  const functions = new Set<string>();
  let [irVersion, producer] = [0, ''];
  let graph: GraphParts | undefined;
  for (const model = new WireReader(bytes); model.next(); ) {
    if (model.field === 1) irVersion = model.integer();
    else if (model.field === 2) producer = model.text();
    else if (model.field === 7) graph = readGraph(model.message(), found, 0);
    else if (model.field === 8) opsets.push(counted(found, readOpset(model.message())));
    else if (model.field === 14) metadata.set(...counted(found, readEntry(model.message())));
    else if (model.field === 25) functions.add(readFunction(model.message(), found));
  }
  if (graph === undefined) throw new OnnxModelError('not an onnx file: it has no graph');
  const operators = [...found.operators.values()];
  return {
    irVersion,
    producer,
    opsets,
    metadata,
    graph,
    operators,
    functions,
    externalData: found.externalData,
  };
}

/** Counts what is about to be kept. */
function counted<Part>(found: Found, part: Part): Part {
  if (++found.parts > MAX_PARTS)
    throw new OnnxModelError(`the graph has more than ${MAX_PARTS} nodes, tensors, names and attributes`);
  return part;
}

function readOpset(reader: WireReader): { domain: string; version: number } {
  const opset = { domain: '', version: 0 };
  while (reader.next()) {
    if (reader.field === 1) opset.domain = reader.text();
    else if (reader.field === 2) opset.version = reader.integer();
  }
  return opset;
}

function readEntry(reader: WireReader): [key: string, value: string] {
  const entry: [string, string] = ['', ''];
  while (reader.next()) if (reader.field === 1 || reader.field === 2) entry[reader.field - 1] = reader.text();
  return entry;
}

function readFunction(reader: WireReader, found: Found): string {
  let [name, domain] = ['', ''];
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 7) readNode(reader.message(), found, 1);
    else if (reader.field === 10) domain = reader.text();
  }
  return counted(found, `${domain}:${name}`);
}

function readGraph(reader: WireReader, found: Found, depth: number): GraphParts {
  if (depth > MAX_DEPTH) throw new OnnxModelError(`graphs are nested more than ${MAX_DEPTH} deep`);
  const nodes: NodePart[] = [];
  const initializers = new Map<string, Uint8Array>();
  const [inputs, outputs]: [ValuePart[], ValuePart[]] = [[], []];
  while (reader.next()) {
    if (reader.field === 1) nodes.push(counted(found, readNode(reader.message(), found, depth)));
    else if (reader.field === 5)
      initializers.set(counted(found, readTensor(reader.message(), found)), reader.bytes());
    else if (reader.field === 15) {
      const name = counted(found, readSparseTensor(reader.message(), found));
      initializers.set(name, new Uint8Array());
    } else if (reader.field === 11) inputs.push(readValue(reader.message(), found));
    else if (reader.field === 12) outputs.push(readValue(reader.message(), found));
  }
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  return {
    nodes,
    makers,
    initializers,
    inputs: inputs.filter(({ name }) => !initializers.has(name)),
    outputs,
  };
}

function readNode(reader: WireReader, found: Found, depth: number): NodePart {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes = new Map<string, Uint8Array>();
  let [operator, domain] = ['', ''];
  while (reader.next()) {
    if (reader.field === 1) inputs.push(counted(found, reader.text()));
    else if (reader.field === 2) outputs.push(counted(found, reader.text()));
    else if (reader.field === 4) operator = reader.text();
    else if (reader.field === 5)
      attributes.set(counted(found, readAttribute(reader.message(), found, depth)), reader.bytes());
    else if (reader.field === 7) domain = reader.text();
  }
  if (domain === 'ai.onnx') domain = '';
  const key = `${domain}:${operator}`;
  const known = found.operators.get(key);
  if (known === undefined) found.operators.set(key, counted(found, { domain, operator, count: 1 }));
  else known.count++;
  return { operator, domain, inputs, outputs, attributes };
}

/** Its name; graphs and tensors within are looked into. */
function readAttribute(reader: WireReader, found: Found, depth: number): string {
  let name = '';
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 5 || reader.field === 10) readTensor(reader.message(), found);
    else if (reader.field === 6 || reader.field === 11) readGraph(reader.message(), found, depth + 1);
    else if (reader.field === 22 || reader.field === 23) readSparseTensor(reader.message(), found);
  }
  return name;
}

/** Its name; noted when its values are elsewhere. */
function readTensor(reader: WireReader, found: Found): string {
  let name = '';
  let isExternal = false;
  while (reader.next()) {
    if (reader.field === 8) name = reader.text();
    else if (reader.field === 13 || (reader.field === 14 && reader.integer() === EXTERNAL)) isExternal = true;
  }
  if (isExternal) found.externalData.push(counted(found, name));
  return name;
}

/** A sparse tensor has the name of its values. */
function readSparseTensor(reader: WireReader, found: Found): string {
  let name = '';
  while (reader.next()) {
    if (reader.field === 1) name = readTensor(reader.message(), found);
    else if (reader.field === 2) readTensor(reader.message(), found);
  }
  return name;
}

function readValue(reader: WireReader, found: Found): ValuePart {
  let name = '';
  let type: Omit<ValuePart, 'name'> = { type: 'undefined', shape: undefined, isTensor: false };
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) type = readType(reader.message(), found, 0);
  }
  return counted(found, { name, ...type });
}

function readType(reader: WireReader, found: Found, depth: number): Omit<ValuePart, 'name'> {
  if (depth > MAX_DEPTH) throw new OnnxModelError(`types are nested more than ${MAX_DEPTH} deep`);
  let read: Omit<ValuePart, 'name'> = { type: 'undefined', shape: undefined, isTensor: false };
  while (reader.next()) {
    const inner = () => {
      const at = reader.message();
      const names: string[] = [];
      while (at.next()) {
        if (reader.field === 5 && at.field === 1) names.push(elementType(at.integer()));
        else names.push(readType(at.message(), found, depth + 1).type);
      }
      return names.join(',');
    };
    if (reader.field === 1) read = readTensorType(reader.message(), found);
    else if (reader.field === 4) read = { type: `seq(${inner()})`, shape: undefined, isTensor: false };
    else if (reader.field === 5) read = { type: `map(${inner()})`, shape: undefined, isTensor: false };
    else if (reader.field === 8) read = { type: 'sparse_tensor', shape: undefined, isTensor: false };
    else if (reader.field === 9) read = { type: `optional(${inner()})`, shape: undefined, isTensor: false };
  }
  return read;
}

function readTensorType(reader: WireReader, found: Found): Omit<ValuePart, 'name'> {
  let type = 'undefined';
  let shape: (number | string)[] | undefined;
  while (reader.next()) {
    if (reader.field === 1) type = elementType(reader.integer());
    else if (reader.field === 2) {
      shape = [];
      for (const dimensions = reader.message(); dimensions.next(); )
        if (dimensions.field === 1) shape.push(counted(found, readDimension(dimensions.message())));
    }
  }
  return { type, shape, isTensor: true };
}

/** Older exporters write 0 or -1 for a size that is not fixed. */
function readDimension(reader: WireReader): number | string {
  let size: number | string = '?';
  while (reader.next()) {
    if (reader.field === 1) size = reader.integer() > 0 ? reader.integer() : '?';
    else if (reader.field === 2) size = reader.text() || '?';
  }
  return size;
}

function elementType(number: number): string {
  return ELEMENT_TYPES[number] ?? `type ${number}`;
}
