import { describe, expect, it } from 'vitest';
import { type RawGraph, type RawModel, rawModel, rawNode } from './foreign.testing.ts';
import { encodeModel } from './graph.ts';
import { OnnxModelError } from './model-error.ts';
import { bytesField, integerField, message, stringField } from './protobuf.ts';
import { readModel } from './read-model.ts';

const identity = { operator: 'Identity', inputs: ['x'], outputs: ['y'] };
const copy: RawModel = { nodes: [identity], inputs: [{ name: 'x' }], outputs: [{ name: 'y' }] };
const weight = (...more: Uint8Array[]) =>
  message(integerField(1, 2), integerField(2, 1), stringField(8, 'w'), ...more);
const elsewhere = weight(
  bytesField(13, message(stringField(1, 'location'), stringField(2, '../../etc/passwd'))),
  integerField(14, 1),
);
const labelsOf = (graph: RawGraph) => readModel(rawModel(graph)).classLabels;

describe('the description of a model', () => {
  it('has what our own encoder wrote', () => {
    const bytes = encodeModel(
      {
        name: 'copy',
        inputs: [{ name: 'x', type: 'float', shape: ['N', 4] }],
        nodes: [{ ...identity, domain: '', attributes: {} }],
        outputs: [{ name: 'y', type: 'float', shape: ['N', 4] }],
        initializers: [{ name: 'w', type: 'float', shape: [1], values: Float32Array.of(1) }],
      },
      { feature_names: '["a"]' },
    );
    expect(readModel(bytes)).toEqual({
      irVersion: 8,
      producer: 'tidemark',
      opsets: [
        { domain: '', version: 17 },
        { domain: 'ai.onnx.ml', version: 3 },
      ],
      metadata: { feature_names: '["a"]' },
      inputs: [{ name: 'x', type: 'float', shape: ['N', 4], isTensor: true }],
      outputs: [{ name: 'y', type: 'float', shape: ['N', 4], isTensor: true }],
      operators: [{ domain: '', operator: 'Identity', count: 1 }],
      externalData: [],
    });
  });

  it('tells a shape that is not given from a size that is not fixed, and names what is no tensor', () => {
    const { inputs, outputs } = readModel(
      rawModel({
        inputs: [
          { name: 'a', shape: null },
          { name: 'b', shape: [null, 0, 'K', 3], type: 'float16' },
        ],
        outputs: [{ name: 'z', type: 'seq(map(int64,float))' }],
      }),
    );
    expect(inputs).toEqual([
      { name: 'a', type: 'float', shape: undefined, isTensor: true },
      { name: 'b', type: 'float16', shape: ['?', '?', 'K', 3], isTensor: true },
    ]);
    expect(outputs).toEqual([
      { name: 'z', type: 'seq(map(int64,float))', shape: undefined, isTensor: false },
    ]);
  });

  it('has no input that the file gives a value', () => {
    const { inputs } = readModel(
      rawModel({ inputs: [{ name: 'x' }, { name: 'w' }], initializers: [weight()] }),
    );
    expect(inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('counts operators and finds tensors in other files within branches and functions', () => {
    const branch = { graph: { nodes: [identity, identity], initializers: [elsewhere] } };
    const local = message(
      stringField(1, 'Gelu2'),
      bytesField(7, rawNode({ operator: 'Erf', inputs: ['x'], outputs: ['y'] })),
      stringField(10, 'mine'),
    );
    const { operators, externalData } = readModel(
      rawModel({
        nodes: [
          { operator: 'If', inputs: ['c'], outputs: ['y'], attributes: { then_branch: branch } },
          { operator: 'Gelu2', domain: 'mine', inputs: ['y'], outputs: ['z'] },
        ],
        functions: [local],
      }),
    );
    expect(externalData).toEqual(['w']);
    expect(operators).toEqual([
      { domain: '', operator: 'Identity', count: 2 },
      { domain: '', operator: 'If', count: 1 },
      { domain: 'mine', operator: 'Gelu2', count: 1 },
      { domain: '', operator: 'Erf', count: 1 },
    ]);
  });
});

describe('class labels', () => {
  const classifier = (
    operator: string,
    attributes: Record<string, readonly string[] | readonly number[]>,
  ) => ({
    operator,
    inputs: ['x'],
    outputs: ['label', 'p'],
    attributes,
  });
  const outputs = [
    { name: 'label', type: 'string' as const, shape: ['N'] },
    { name: 'p', shape: ['N', 2] },
  ];

  it.each([
    ['TreeEnsembleClassifier', 'classlabels_strings', ['no', 'yes'], ['no', 'yes']],
    ['TreeEnsembleClassifier', 'classlabels_int64s', [3, -8], ['3', '-8']],
    ['LinearClassifier', 'classlabels_ints', [0, 1], ['0', '1']],
    ['ZipMap', 'classlabels_int64s', [1, 2], ['1', '2']],
  ] as const)('are those of %s, whole numbers as text', (operator, attribute, labels, expected) => {
    expect(labelsOf({ nodes: [classifier(operator, { [attribute]: labels })], outputs })).toEqual(expected);
  });

  it('are the list that the index of the likeliest class looks up, not those of a part of an ensemble', () => {
    const inner = classifier('TreeEnsembleClassifier', { classlabels_int64s: [0, 1] });
    const list = message(
      integerField(2, 8),
      stringField(6, 'dear'),
      stringField(6, 'cheap'),
      stringField(8, 'classes'),
    );
    const lookup = { operator: 'ArrayFeatureExtractor', inputs: ['classes', 'index'], outputs: ['found'] };
    const reshape = { operator: 'Reshape', inputs: ['found', 'shape'], outputs: ['name'] };
    expect(
      labelsOf({
        nodes: [inner, { operator: 'ArgMax', inputs: ['p'], outputs: ['index'] }, lookup, reshape],
        initializers: [list],
        outputs: [{ name: 'name', type: 'string' }, { name: 'p' }],
      }),
    ).toEqual(['dear', 'cheap']);
  });

  it('are what a LabelEncoder after the label makes of 0, 1, …, whatever the order of its keys', () => {
    const encoder = {
      operator: 'LabelEncoder',
      inputs: ['index'],
      outputs: ['label'],
      attributes: { keys_int64s: [1, 0], values_strings: ['yes', 'no'] },
    };
    expect(labelsOf({ nodes: [encoder], outputs })).toEqual(['no', 'yes']);
    const odd = { ...encoder, attributes: { keys_int64s: [1, 5], values_strings: ['yes', 'no'] } };
    expect(labelsOf({ nodes: [odd], outputs })).toBeUndefined();
  });

  it('are not the categories that a LabelEncoder before the model takes', () => {
    const encoder = {
      operator: 'LabelEncoder',
      inputs: ['x'],
      outputs: ['code'],
      attributes: { keys_strings: ['a', 'b'], values_strings: ['c', 'd'] },
    };
    const gemm = { operator: 'Gemm', inputs: ['code'], outputs: ['y'] };
    expect(labelsOf({ nodes: [encoder, gemm], outputs: [{ name: 'y' }] })).toBeUndefined();
  });

  it('are absent where an operator is called like a property that all objects have', () => {
    const node = { operator: 'constructor', inputs: ['x'], outputs: ['label'] };
    expect(labelsOf({ nodes: [node], outputs })).toBeUndefined();
  });
});

describe('a file that is no model, or means harm', () => {
  it('is refused when it is empty, or has no graph', () => {
    expect(() => readModel(new Uint8Array())).toThrow('not an onnx file: it is empty');
    expect(() => readModel(integerField(1, 8))).toThrow('not an onnx file: it has no graph');
    expect(() => readModel(new TextEncoder().encode('PK\u0003\u0004 a zip file'))).toThrow(OnnxModelError);
  });

  it('is refused wherever it is cut off, but after the graph', () => {
    const bytes = rawModel(copy);
    const opsets = 2 * 2 + 2 + 2 + 2 + 'ai.onnx.ml'.length + 2;
    for (let end = 0; end < bytes.length - opsets; end++)
      expect(() => readModel(bytes.subarray(0, end)), `${end} of ${bytes.length} bytes`).toThrow(
        OnnxModelError,
      );
    expect(readModel(bytes).operators).toHaveLength(1);
  });

  it('is refused when it has more parts than memory should hold', () => {
    const empty = new Uint8Array(2_000_004);
    for (let at = 0; at < empty.length; at += 2) empty[at] = 0x0a;
    expect(() => readModel(bytesField(7, empty))).toThrow('more than 1000000 nodes');
  });

  it('is refused when graphs are nested without measure', () => {
    const nest = (depth: number): RawGraph =>
      depth === 0
        ? {}
        : {
            nodes: [
              { operator: 'If', inputs: [], outputs: [], attributes: { b: { graph: nest(depth - 1) } } },
            ],
          };
    expect(readModel(rawModel(nest(24))).operators).toEqual([{ domain: '', operator: 'If', count: 24 }]);
    expect(() => readModel(rawModel(nest(25)))).toThrow('nested more than 24 deep');
  });

  it('is read to an end when its nodes go in a circle', () => {
    const nodes = [
      { operator: 'Identity', inputs: ['a'], outputs: ['b'] },
      { operator: 'Identity', inputs: ['b'], outputs: ['a'] },
    ];
    expect(labelsOf({ nodes, outputs: [{ name: 'a', type: 'int64' }] })).toBeUndefined();
  });
});
