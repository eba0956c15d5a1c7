import { describe, expect, it } from 'vitest';
import type { Column, Columns } from '#shared/schema/columns.ts';
import { encodeModel, type Graph, ML_DOMAIN, type TensorInfo } from './graph.ts';
import { bytesField, integerField, message, stringField } from './protobuf.ts';
import { OnnxModelError, openSession } from './session.ts';

const numeric = (name: string, values: readonly number[]): Column => ({
  kind: 'numeric',
  name,
  values: Float64Array.from(values),
});
const categorical = (name: string, values: readonly (string | null)[]): Column => ({
  kind: 'categorical',
  name,
  values,
});
const table = (...columns: readonly Column[]): Columns => ({ rows: columns[0]!.values.length, columns });
const tensor = (name: string, type: TensorInfo['type'], ...shape: TensorInfo['shape']): TensorInfo => ({
  name,
  type,
  shape,
});
const node = (
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes = {},
): Graph['nodes'][number] => ({
  operator,
  domain: operator === 'Identity' || operator === 'Concat' ? '' : ML_DOMAIN,
  inputs,
  outputs,
  attributes,
});
const open = (graph: Omit<Graph, 'name'>) => openSession(encodeModel({ name: 'test', ...graph }, {}));
const copy = (...inputs: readonly TensorInfo[]) =>
  open({
    inputs,
    nodes: [node('Identity', [inputs[0]!.name], ['copy'])],
    outputs: [{ ...inputs[0]!, name: 'copy' }],
  });

const problem = (message: string) => expect.objectContaining({ name: 'OnnxModelError', message });

describe('columns and inputs', () => {
  const x = tensor('x', 'float', 'N', 1);

  it('are matched by name, whatever their order', async () => {
    const session = await copy(x, tensor('s', 'string', 'N', 1));
    const output = await session.run(table(categorical('s', ['a', null]), numeric('x', [1, 2])));
    expect(output).toEqual({ task: 'regression', values: Float32Array.of(1, 2) });
  });

  it('must both be complete', async () => {
    const session = await copy(x, tensor('y', 'float', 'N', 1));
    await expect(session.run(table(numeric('x', [1])))).rejects.toThrow(
      problem('input "y" has no column: expected float, found columns "x"'),
    );
    const three = table(numeric('x', [1]), numeric('y', [1]), numeric('z', [1]));
    await expect(session.run(three)).rejects.toThrow(
      problem('column "z" has no input: the model has "x", "y"'),
    );
  });

  it('must have fitting types', async () => {
    const session = await copy(x);
    await expect(session.run(table(categorical('x', ['1'])))).rejects.toThrow(
      problem('input "x" is of type float: expected a numeric column, found "x", which is categorical'),
    );
    const text = await copy(tensor('s', 'string', 'N', 1), x).catch((error: unknown) => error);
    expect(text).toBeInstanceOf(OnnxModelError);
  });

  it('accept doubles and whole numbers, and refuse a fraction for an integer', async () => {
    const double = await copy(tensor('x', 'double', 'N', 1));
    expect(await double.run(table(numeric('x', [0.5])))).toEqual({
      task: 'regression',
      values: Float32Array.of(0.5),
    });
    const integer = await open({
      inputs: [tensor('x', 'int64', 'N', 1)],
      nodes: [
        node('Scaler', ['x'], ['y'], {
          offset: { kind: 'floats', value: [1] },
          scale: { kind: 'floats', value: [2] },
        }),
      ],
      outputs: [tensor('y', 'float', 'N', 1)],
    });
    expect(await integer.run(table(numeric('x', [4])))).toEqual({
      task: 'regression',
      values: Float32Array.of(6),
    });
    await expect(integer.run(table(numeric('x', [1.5])))).rejects.toThrow(
      problem('input "x" is of type int64: 1.5 is not a whole number'),
    );
  });

  it('of one wide input are laid out row by row in the order of the columns', async () => {
    const session = await copy(tensor('float_input', 'float', 'N', 3));
    const output = await session.run(table(numeric('a', [1, 4]), numeric('b', [2, 5]), numeric('c', [3, 6])));
    expect(output).toMatchObject({ probabilities: Float32Array.of(1, 2, 3, 4, 5, 6), classesCount: 3 });
    await expect(session.run(table(numeric('a', [1])))).rejects.toThrow(
      problem('input "float_input" takes 3 values per row: found 1 columns "a"'),
    );
  });

  it('may have a name that objects reserve', async () => {
    const session = await copy(tensor('__proto__', 'float', 'N', 1));
    expect(await session.run(table(numeric('__proto__', [3])))).toEqual({
      task: 'regression',
      values: Float32Array.of(3),
    });
  });
});

describe('large and small inputs', () => {
  it('are run in pieces that join without a seam', async () => {
    const session = await copy(tensor('x', 'float', 'N', 1));
    const values = Array.from({ length: 20_000 }, (_, row) => row);
    expect(await session.run(table(numeric('x', values)))).toEqual({
      task: 'regression',
      values: Float32Array.from(values),
    });
    const asFloats = table({ kind: 'numeric', name: 'x', values: Float32Array.from(values) });
    expect(await session.run(asFloats)).toEqual({ task: 'regression', values: Float32Array.from(values) });
  });

  it('of no rows give no predictions', async () => {
    const session = await copy(tensor('x', 'float', 'N', 1));
    expect(await session.run(table(numeric('x', [])))).toEqual({
      task: 'regression',
      values: new Float32Array(),
    });
  });

  it('go one by one through a model with a batch size of one', async () => {
    const session = await copy(tensor('x', 'float', 1, 1));
    expect(await session.run(table(numeric('x', [1, 2, 3])))).toEqual({
      task: 'regression',
      values: Float32Array.of(1, 2, 3),
    });
  });
});

describe('outputs', () => {
  const classifier = (labels: object) =>
    open({
      inputs: [tensor('x', 'float', 'N', 1)],
      nodes: [
        node('LinearClassifier', ['x'], ['label', 'probabilities'], {
          coefficients: { kind: 'floats', value: [-1, 1] },
          intercepts: { kind: 'floats', value: [0, 0] },
          post_transform: { kind: 'string', value: 'SOFTMAX' },
          ...labels,
        }),
      ],
      outputs: [
        'classlabels_ints' in labels ? tensor('label', 'int64', 'N') : tensor('label', 'string', 'N'),
        tensor('probabilities', 'float', 'N', 2),
      ],
    });

  it('are labels and probabilities', async () => {
    const session = await classifier({ classlabels_strings: { kind: 'strings', value: ['no', 'yes'] } });
    const output = await session.run(table(numeric('x', [-20, 20])));
    expect(output).toMatchObject({ task: 'classification', labels: ['no', 'yes'], classesCount: 2 });
  });

  it('give int64 labels as strings', async () => {
    const session = await classifier({ classlabels_ints: { kind: 'integers', value: [3, 8] } });
    expect(await session.run(table(numeric('x', [-20, 20])))).toMatchObject({ labels: ['3', '8'] });
  });

  it('are refused by name when they are a ZipMap', async () => {
    const floatTensor = bytesField(1, message(integerField(1, 1)));
    const mapType = message(integerField(1, 8), bytesField(2, floatTensor));
    const sequence = bytesField(4, message(bytesField(1, message(bytesField(5, mapType)))));
    const output = message(stringField(1, 'output_probability'), bytesField(2, sequence));
    const attribute = message(
      stringField(1, 'classlabels_strings'),
      stringField(9, 'no'),
      stringField(9, 'yes'),
      integerField(20, 8),
    );
    const zip = message(
      stringField(1, 'p'),
      stringField(2, 'output_probability'),
      stringField(4, 'ZipMap'),
      bytesField(5, attribute),
      stringField(7, ML_DOMAIN),
    );
    const inputShape = message(bytesField(1, stringField(2, 'N')), bytesField(1, integerField(1, 2)));
    const inputType = bytesField(1, message(integerField(1, 1), bytesField(2, inputShape)));
    const input = message(stringField(1, 'p'), bytesField(2, inputType));
    const graph = message(
      bytesField(1, zip),
      stringField(2, 'zip'),
      bytesField(11, input),
      bytesField(12, output),
    );
    const opsets = [
      bytesField(8, message(stringField(1, ''), integerField(2, 17))),
      bytesField(8, message(stringField(1, ML_DOMAIN), integerField(2, 3))),
    ];
    await expect(openSession(message(integerField(1, 8), bytesField(7, graph), ...opsets))).rejects.toThrow(
      problem('output "output_probability" is not a tensor: export the model without ZipMap (zipmap=False)'),
    );
  });

  it('are refused by name when it is unclear which is the prediction', async () => {
    const x = tensor('x', 'float', 'N', 1);
    const twice = open({
      inputs: [x],
      nodes: [node('Identity', ['x'], ['a']), node('Identity', ['x'], ['b'])],
      outputs: [
        { ...x, name: 'a' },
        { ...x, name: 'b' },
      ],
    });
    await expect(twice).rejects.toThrow(
      problem(
        'outputs are "a" (float), "b" (float): must be one float tensor, with a string or int64 label or without',
      ),
    );
  });
});

describe('bytes that are no model', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['noise', Uint8Array.of(1, 2, 3)],
    [
      'a graph that does not fit together',
      encodeModel(
        {
          name: 'bad',
          inputs: [],
          nodes: [node('Identity', ['x'], ['y'])],
          outputs: [tensor('y', 'float', 'N')],
        },
        {},
      ),
    ],
  ])('%s: refused with the reason in one line', async (_, bytes) => {
    const error: unknown = await openSession(bytes).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OnnxModelError);
    expect((error as Error).message).toMatch(/^not a loadable onnx model: .{10,}$/);
  });
});
