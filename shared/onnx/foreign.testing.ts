/** ONNX files as other programs write them, built field by field: also what our own encoder refuses to write. */

import { bytesField, integerField, message, stringField } from './protobuf.ts';

const ML = 'ai.onnx.ml';

/** `TensorProto.DataType`. */
const DATA_TYPES = { float: 1, int32: 6, int64: 7, string: 8, float16: 10, double: 11 } as const;

interface RawValue {
  readonly name: string;
  readonly type?: keyof typeof DATA_TYPES | 'seq(map(string,float))' | 'seq(map(int64,float))';
  /** `null` leaves out how many dimensions there are; a `null` size is one without number or name. */
  readonly shape?: readonly (number | string | null)[] | null;
}

export interface RawNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, RawAttribute>>;
}

type RawAttribute = number | string | readonly string[] | readonly number[] | { readonly graph: RawGraph };

export interface RawGraph {
  readonly nodes?: readonly RawNode[];
  readonly inputs?: readonly RawValue[];
  readonly outputs?: readonly RawValue[];
  /** Encoded `TensorProto`. */
  readonly initializers?: readonly Uint8Array[];
}

export interface RawModel extends RawGraph {
  readonly ir?: number;
  readonly opsets?: Readonly<Record<string, number>>;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Encoded `FunctionProto`. */
  readonly functions?: readonly Uint8Array[];
}

export function rawModel(model: RawModel): Uint8Array {
  const { ir = 8, opsets = { '': 17, [ML]: 3 }, metadata = {}, functions = [] } = model;
  return message(
    integerField(1, ir),
    stringField(2, 'elsewhere'),
    bytesField(7, rawGraph(model)),
    ...Object.entries(opsets).map(([domain, version]) =>
      bytesField(8, message(stringField(1, domain), integerField(2, version))),
    ),
    ...Object.entries(metadata).map(([key, value]) =>
      bytesField(14, message(stringField(1, key), stringField(2, value))),
    ),
    ...functions.map((one) => bytesField(25, one)),
  );
}

function rawGraph({ nodes = [], inputs = [], outputs = [], initializers = [] }: RawGraph): Uint8Array {
  return message(
    ...nodes.map((node) => bytesField(1, rawNode(node))),
    stringField(2, 'graph'),
    ...initializers.map((tensor) => bytesField(5, tensor)),
    ...inputs.map((value) => bytesField(11, rawValue(value))),
    ...outputs.map((value) => bytesField(12, rawValue(value))),
  );
}

export function rawNode({ operator, inputs, outputs, domain, attributes = {} }: RawNode): Uint8Array {
  return message(
    ...inputs.map((name) => stringField(1, name)),
    ...outputs.map((name) => stringField(2, name)),
    stringField(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, rawAttribute(name, value))),
    stringField(7, domain ?? (/Ensemble|Linear|ZipMap|Label|Normalizer|Extractor/.test(operator) ? ML : '')),
  );
}

/** Lists are written one field per element, as Python writes them. */
function rawAttribute(name: string, value: RawAttribute): Uint8Array {
  const head = stringField(1, name);
  if (typeof value === 'number') return message(head, integerField(3, value), integerField(20, 2));
  if (typeof value === 'string') return message(head, stringField(4, value), integerField(20, 3));
  if ('graph' in value) return message(head, bytesField(6, rawGraph(value.graph)), integerField(20, 5));
  const isText = typeof value[0] === 'string';
  const fields = value.map((one) => (typeof one === 'string' ? stringField(9, one) : integerField(8, one)));
  return message(head, ...fields, integerField(20, isText ? 8 : 7));
}

function rawValue({ name, type = 'float', shape = ['N', 1] }: RawValue): Uint8Array {
  if (type === 'seq(map(string,float))' || type === 'seq(map(int64,float))') {
    const floats = bytesField(1, message(integerField(1, DATA_TYPES.float)));
    const key = type === 'seq(map(string,float))' ? DATA_TYPES.string : DATA_TYPES.int64;
    const map = bytesField(5, message(integerField(1, key), bytesField(2, floats)));
    return message(stringField(1, name), bytesField(2, bytesField(4, bytesField(1, map))));
  }
  const sizes = (shape ?? []).map((size) =>
    bytesField(
      1,
      size === null ? message() : typeof size === 'number' ? integerField(1, size) : stringField(2, size),
    ),
  );
  const declared = shape === null ? [] : [bytesField(2, message(...sizes))];
  const tensor = message(integerField(1, DATA_TYPES[type]), ...declared);
  return message(stringField(1, name), bytesField(2, bytesField(1, tensor)));
}
