import { describe, expect, it } from 'vitest';
import type { Columns } from '#shared/schema/columns.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import { type RawModel, rawModel } from './foreign.testing.ts';
import { NEWEST, planServing, type WantedServing } from './foreign.ts';
import { OnnxModelError } from './model-error.ts';
import { bytesField, integerField, message, stringField } from './protobuf.ts';
import { openSession } from './session.ts';
import { checkOutput } from './session-check.ts';

const schemaOf = (
  columns: Readonly<Record<string, 'numeric' | 'categorical'>>,
  classes?: string[],
): ModelSchema => ({
  features: Object.entries(columns).map(([name, kind]) => ({ name, kind })),
  target: { name: 'y', ...(classes && { classes }) },
});
const two = { a: 'numeric', b: 'numeric' } as const;
const numbers = (columns: Readonly<Record<string, readonly number[]>>): Columns => ({
  rows: Object.values(columns)[0]!.length,
  columns: Object.entries(columns).map(([name, values]) => ({
    kind: 'numeric',
    name,
    values: Float64Array.from(values),
  })),
});
/** A matrix that is handed on as the scores. */
const through: RawModel = {
  inputs: [{ name: 'X', shape: ['N', 2] }],
  nodes: [{ operator: 'Identity', inputs: ['X'], outputs: ['scores'] }],
  outputs: [{ name: 'scores', shape: ['N', 2] }],
};
const plan = (model: RawModel, wanted: WantedServing) => planServing(rawModel(model), wanted);
const serve = async (model: RawModel, wanted: WantedServing, data: Columns) => {
  const planned = plan(model, wanted);
  const session = await openSession(planned.onnx, planned.serving);
  try {
    return await session.run(data);
  } finally {
    await session.release();
  }
};

describe('one wide input', () => {
  const wanted = { schema: schemaOf(two, ['no', 'yes']), activation: 'none' } as const;

  it('takes the columns in the order of the schema, and says so', async () => {
    const { serving, notes } = plan(through, wanted);
    expect(serving).toEqual({
      matrix: { input: 'X', columns: ['a', 'b'] },
      scores: 'scores',
      classes_count: 2,
      activation: 'none',
    });
    expect(notes).toEqual([
      'columns go into input "X" in the order of the schema: "a", "b"',
      'the graph does not name its classes; scores are taken in the order "no", "yes"',
    ]);
    const output = await serve(through, wanted, numbers({ b: [0.75, 1], a: [0.25, 0] }));
    expect(output).toEqual({
      task: 'classification',
      labels: ['1', '1'],
      probabilities: Float32Array.of(0.25, 0.75, 0, 1),
      classesCount: 2,
    });
  });

  it('takes them in the order that the metadata names, spaces written as underscores included', async () => {
    const named = { ...through, metadata: { feature_names: '["the_b", "a"]' } };
    const spaced = { ...wanted, schema: schemaOf({ a: 'numeric', 'the b': 'numeric' }, ['no', 'yes']) };
    expect(plan(named, spaced).serving.matrix).toEqual({ input: 'X', columns: ['the b', 'a'] });
    expect(await serve(named, spaced, numbers({ a: [0.25], 'the b': [0.75] }))).toMatchObject({
      probabilities: Float32Array.of(0.75, 0.25),
    });
  });

  it('is refused when the metadata names other columns, but not when nobody named them', () => {
    const named = (names: string) => ({ ...through, metadata: { feature_names: names } });
    expect(() => plan(named('["a","c"]'), wanted)).toThrow(
      'the graph\'s metadata "feature_names" names a column "c": the schema has "a", "b"',
    );
    expect(() => plan(named('["a"]'), wanted)).toThrow('names 1 columns: the schema has 2');
    expect(() => plan(named('a, c'), wanted)).toThrow('names a column "c"');
    expect(plan(named('["f0","f1"]'), wanted).serving.matrix?.columns).toEqual(['a', 'b']);
  });

  it('is refused when it is wider or narrower than the schema', () => {
    const wide = (width: number | null) => ({ ...through, inputs: [{ name: 'X', shape: ['N', width] }] });
    expect(() => plan(wide(3), wanted)).toThrow(
      'input "X" (float [N, 3]) takes 3 values per row: the schema has 2 columns, "a", "b"',
    );
    expect(() => plan(wide(1), wanted)).toThrow('takes 1 values per row');
    expect(plan(wide(null), wanted).notes).toContain(
      'input "X" does not say how wide a row is; 2 is assumed',
    );
  });

  it('is refused for a column of categories, naming it', () => {
    const schema = schemaOf({ a: 'numeric', cut: 'categorical' }, ['no', 'yes']);
    expect(() => plan(through, { schema, activation: 'none' })).toThrow(
      'column "cut" is categorical: input "X" is of type float and takes numeric columns; export the model with its encoding of categories inside the graph',
    );
  });
});

describe('one input per column', () => {
  const model: RawModel = {
    inputs: [
      { name: 'living_area', shape: ['N', 1] },
      { name: 'rooms', type: 'int64', shape: ['N', 1] },
    ],
    nodes: [
      { operator: 'Cast', inputs: ['rooms'], outputs: ['r'], attributes: { to: 1 } },
      { operator: 'Add', inputs: ['living_area', 'r'], outputs: ['variable'] },
    ],
    outputs: [{ name: 'variable', shape: ['N', 1] }],
  };
  const schema = schemaOf({ 'living area': 'numeric', rooms: 'numeric' });

  it('is matched by name, punctuation aside where that is the only difference', async () => {
    const { serving, notes } = plan(model, { schema });
    expect(serving).toEqual({
      inputs: { 'living area': 'living_area', rooms: 'rooms' },
      scores: 'variable',
      activation: 'none',
    });
    expect(notes).toEqual([
      'input "living_area" is fed column "living area", whose name differs in punctuation',
    ]);
    expect(await serve(model, { schema }, numbers({ rooms: [2, 3], 'living area': [50.5, 60] }))).toEqual({
      task: 'regression',
      values: Float32Array.of(52.5, 63),
    });
  });

  it('is refused when two columns come in question, or none', () => {
    const twice = schemaOf({ 'living area': 'numeric', 'living-area': 'numeric', rooms: 'numeric' });
    expect(() => plan(model, { schema: twice })).toThrow('input "living_area" has no column');
    expect(() => plan(model, { schema: schemaOf({ area: 'numeric', rooms: 'numeric' }) })).toThrow(
      'input "living_area" has no column: must be one of "area", "rooms"',
    );
  });

  it('is refused when a column has no input, or a category meets a number', () => {
    const more = schemaOf({ living_area: 'numeric', rooms: 'numeric', age: 'numeric' });
    expect(() => plan(model, { schema: more })).toThrow('column "age" has no input');
    const kinds = schemaOf({ living_area: 'numeric', rooms: 'categorical' });
    expect(() => plan(model, { schema: kinds })).toThrow(
      'column "rooms" is categorical: input "rooms" is of type int64',
    );
  });

  it('is refused when one of the inputs is wide', () => {
    const wide = { ...model, inputs: [{ name: 'rooms', shape: ['N', 2] }, { name: 'x' }] };
    expect(() => plan(wide, { schema })).toThrow('input "rooms" (float [N, 2]) is one of 2');
  });

  it('takes whole numbers into an int64 and refuses a row that has none', async () => {
    const run = (rooms: number) => serve(model, { schema }, numbers({ rooms: [rooms], 'living area': [1] }));
    await expect(run(1.5)).rejects.toThrow('1.5 is not a whole number');
    await expect(run(Number.NaN)).rejects.toThrow(
      'input "rooms" is of type int64, which has no missing value: a row has none for "rooms"',
    );
  });
});

describe('a fixed number of rows', () => {
  const fixed: RawModel = {
    inputs: [{ name: 'X', shape: [4, 2] }],
    // A row's answer depends on the rows beside it: what is not cut off would show.
    nodes: [{ operator: 'Identity', inputs: ['X'], outputs: ['logits'] }],
    outputs: [{ name: 'logits', shape: [4, 2] }],
  };
  const wanted = { schema: schemaOf(two, ['no', 'yes']), activation: 'softmax' } as const;

  it.each([1, 3, 4, 5, 9])('is filled up by the last row and cut again, for %i rows', async (rows) => {
    const a = Array.from({ length: rows }, (_, row) => row);
    const output = await serve(fixed, wanted, numbers({ a, b: a.map(() => 0) }));
    if (output.task !== 'classification') throw new Error('expected classes');
    expect(output.probabilities).toHaveLength(rows * 2);
    a.forEach((row) => {
      expect(output.probabilities[row * 2]).toBeCloseTo(1 / (1 + Math.exp(-row)), 6);
    });
  });

  it('is refused when inputs differ in it', () => {
    const model = {
      ...fixed,
      inputs: [
        { name: 'a', shape: [1] },
        { name: 'b', shape: [2] },
      ],
    };
    expect(() => plan(model, wanted)).toThrow('inputs take different numbers of rows at a time');
  });
});

describe('classes', () => {
  const labelled = (labels: readonly string[] | readonly number[]): RawModel => ({
    inputs: [{ name: 'X', shape: ['N', 2] }],
    nodes: [
      {
        operator: 'LinearClassifier',
        inputs: ['X'],
        outputs: ['label', 'raw'],
        attributes: {
          [typeof labels[0] === 'string' ? 'classlabels_strings' : 'classlabels_ints']: labels,
        },
      },
      { operator: 'Softmax', inputs: ['X'], outputs: ['probabilities'] },
    ],
    outputs: [
      { name: 'label', type: typeof labels[0] === 'string' ? 'string' : 'int64', shape: ['N'] },
      { name: 'probabilities', shape: ['N', 2] },
    ],
  });

  it('that the graph has in another order are answered in the schema’s', async () => {
    const wanted = { schema: schemaOf(two, ['yes', 'no']) };
    const zipped: RawModel = {
      inputs: through.inputs!,
      nodes: [
        { operator: 'Softmax', inputs: ['X'], outputs: ['p'] },
        {
          operator: 'ZipMap',
          inputs: ['p'],
          outputs: ['zip'],
          attributes: { classlabels_strings: ['no', 'yes'] },
        },
      ],
      outputs: [{ name: 'zip', type: 'seq(map(string,float))' }],
    };
    const { serving, classes, notes } = plan(zipped, wanted);
    expect(serving).toMatchObject({ class_order: [1, 0], scores: 'zip', activation: 'none' });
    expect(classes).toEqual(['yes', 'no']);
    expect(notes).toContain(
      `the graph has its classes in the order "no", "yes"; answers have them in the schema's`,
    );
    const output = await serve(zipped, wanted, numbers({ a: [1000, 0], b: [0, 1000] }));
    expect(output).toMatchObject({ probabilities: Float32Array.of(0, 1, 1, 0), labels: ['1', '0'] });
  });

  it('are compared as numbers where they are whole numbers, and spelled as in the schema', () => {
    expect(plan(labelled([0, 1]), { schema: schemaOf(two, ['0.0', '1.0']) })).toMatchObject({
      classes: ['0.0', '1.0'],
    });
  });

  it('must be those of the schema', () => {
    expect(() => plan(labelled([0, 1]), { schema: schemaOf(two, ['no', 'yes']) })).toThrow(
      'the graph\'s classes are "0", "1": the schema has "no", "yes"',
    );
    expect(() => plan(labelled([0, 1]), { schema: schemaOf(two, ['0', '1', '2']) })).toThrow(OnnxModelError);
  });

  it('are the graph’s where the schema has none', () => {
    expect(plan(labelled(['no', 'yes']), { schema: schemaOf(two) })).toMatchObject({
      classes: ['no', 'yes'],
      serving: { label: 'label', scores: 'probabilities', classes_count: 2 },
    });
  });

  it('must be as many as the scores', () => {
    expect(() => plan(through, { schema: schemaOf(two, ['a', 'b', 'c']), activation: 'softmax' })).toThrow(
      'output "scores" has 2 scores per row: there are 3 classes, "a", "b", "c"',
    );
  });
});

describe('the activation', () => {
  const schema = schemaOf(two, ['no', 'yes']);
  const ending = (operator: string, shape: readonly (number | string)[] = ['N', 2]): RawModel => ({
    ...through,
    nodes: [
      { operator, inputs: ['X', 'w'], outputs: ['cast'] },
      { operator: 'Cast', inputs: ['cast'], outputs: ['scores'], attributes: { to: 1 } },
    ],
    outputs: [{ name: 'scores', shape }],
  });

  it('must be declared for a graph that ends in a layer', () => {
    expect(() => plan(ending('Gemm'), { schema })).toThrow(
      'output "scores" comes from Gemm, which may be raw scores: declare the activation as softmax, sigmoid or none',
    );
    expect(plan(ending('Gemm'), { schema, activation: 'softmax' }).serving.activation).toBe('softmax');
  });

  it('must be declared for a layer beside a label too', () => {
    const model = ending('Gemm');
    const labelled = {
      ...model,
      outputs: [...model.outputs!, { name: 'label', type: 'int64', shape: ['N'] }],
    } as const;
    expect(() => plan(labelled, { schema })).toThrow('declare the activation');
  });

  it.each(['Softmax', 'Sigmoid', 'Normalizer'])(
    'is none for a graph that ends in %s, and stays so',
    (operator) => {
      expect(plan(ending(operator), { schema }).serving.activation).toBe('none');
      expect(() => plan(ending(operator), { schema, activation: 'softmax' })).toThrow(
        `comes from ${operator}, which makes probabilities already`,
      );
    },
  );

  it('is none for a classifier that transforms its own scores, and asked for where it does not', () => {
    const trees = (post_transform: string): RawModel => ({
      ...through,
      nodes: [
        {
          operator: 'TreeEnsembleClassifier',
          inputs: ['X'],
          outputs: ['l', 'scores'],
          attributes: { post_transform },
        },
      ],
    });
    expect(plan(trees('LOGISTIC'), { schema }).serving.activation).toBe('none');
    expect(() => plan(trees('NONE'), { schema })).toThrow('TreeEnsembleClassifier with post_transform NONE');
  });

  it('fits the shape: sigmoid for one score of two classes, softmax for one per class', () => {
    expect(() => plan(ending('Gemm', ['N', 1]), { schema, activation: 'softmax' })).toThrow('is sigmoid');
    expect(() => plan(ending('Gemm'), { schema, activation: 'sigmoid' })).toThrow('is softmax');
  });

  it('makes two probabilities of one score', async () => {
    const model: RawModel = {
      ...through,
      inputs: [{ name: 'a', shape: ['N', 1] }],
      nodes: [{ operator: 'Identity', inputs: ['a'], outputs: ['scores'] }],
      outputs: [{ name: 'scores', shape: ['N', 1] }],
    };
    const wanted = { schema: schemaOf({ a: 'numeric' }, ['no', 'yes']), activation: 'sigmoid' } as const;
    const output = await serve(model, wanted, numbers({ a: [0, 100] }));
    expect(output).toMatchObject({ probabilities: Float32Array.of(0.5, 0.5, 0, 1), classesCount: 2 });
    expect(checkOutput(output, 2)).toBeUndefined();
  });

  it('is refused for a regression', () => {
    const model = { ...through, outputs: [{ name: 'scores', shape: ['N', 1] }] };
    expect(() => plan(model, { schema: schemaOf(two), activation: 'sigmoid' })).toThrow('has no classes');
  });
});

describe('outputs', () => {
  const schema = schemaOf(two);
  const outputs = (...list: NonNullable<RawModel['outputs']>): RawModel => ({ ...through, outputs: list });

  it('that can be the scores must be one, or declared', () => {
    const several = outputs({ name: 'mean' }, { name: 'spread' });
    expect(() => plan(several, { schema })).toThrow(
      'several outputs can be the scores, "mean" (float [N, 1]), "spread" (float [N, 1]): declare one as outputs.scores',
    );
    expect(plan(several, { schema, outputs: { scores: 'mean' } }).serving.scores).toBe('mean');
  });

  it('leave the scores to one when the other is declared as the embedding', async () => {
    const model: RawModel = {
      ...through,
      nodes: [...through.nodes!, { operator: 'Neg', inputs: ['X'], outputs: ['features'] }],
      outputs: [...through.outputs!, { name: 'features', shape: ['N', 2] }],
    };
    const wanted = {
      schema: schemaOf(two, ['no', 'yes']),
      activation: 'none',
      outputs: { embedding: 'features' },
    } as const;
    expect(await serve(model, wanted, numbers({ a: [0.25], b: [0.75] }))).toMatchObject({
      probabilities: Float32Array.of(0.25, 0.75),
      embedding: Float32Array.of(-0.25, -0.75),
      embeddingWidth: 2,
    });
  });

  it('that are declared must exist and have a type that fits', () => {
    expect(() => plan(through, { schema, outputs: { scores: 'mean' } })).toThrow(
      'outputs.scores is "mean": the graph has "scores" (float [N, 2])',
    );
    expect(() => plan(through, { schema, outputs: { label: 'scores' } })).toThrow(
      'outputs.label is "scores", of type float: must be one of int64, int32, string',
    );
  });

  it('of a regression are one per row', () => {
    expect(() => plan(through, { schema })).toThrow(
      'output "scores" has 2 values per row: a regression has one',
    );
    expect(plan(outputs({ name: 'y', shape: ['N'] }), { schema }).classes).toBeUndefined();
  });

  it('that are half floats or none at all are refused', () => {
    const half = outputs({ name: 'y', type: 'float16' });
    expect(() => plan(half, { schema })).toThrow('no output can be the scores');
    expect(() => plan(outputs(), { schema })).toThrow('the graph has none');
  });
});

describe('what cannot be served', () => {
  const schema = schemaOf(two);
  const x = { name: 'X', shape: ['N', 2] };

  it.each<[string, RawModel, string]>([
    ['a dynamic rank', { inputs: [{ name: 'X', shape: null }] }, 'input "X" has a dynamic rank'],
    ['half floats', { inputs: [{ ...x, type: 'float16' }] }, 'input "X" is of type float16'],
    [
      'a sequence',
      { inputs: [{ name: 'X', type: 'seq(map(string,float))' }] },
      'input "X" is of type seq(map(string,float))',
    ],
    ['five dimensions', { inputs: [{ name: 'X', shape: ['N', 1, 1, 1, 2] }] }, 'has 5 dimensions'],
    ['no dimension', { inputs: [{ name: 'X', shape: [] }] }, 'must be the rows'],
    ['no input', { inputs: [] }, 'the graph has no inputs'],
    ['a newer language', { opsets: { '': 27 } }, 'opset 27 of ai.onnx is newer than onnxruntime knows'],
    ['newer trees', { opsets: { 'ai.onnx.ml': 6 } }, 'opset 6 of ai.onnx.ml is newer'],
    ['a newer file format', { ir: 14 }, 'ir version 14 is newer'],
    [
      'an operator of its own',
      { nodes: [{ operator: 'Fancy', domain: 'acme', inputs: ['X'], outputs: ['scores'] }] },
      'operator "Fancy" of domain "acme" is not known to onnxruntime',
    ],
  ])('%s: refused by name', (_, change, problem) => {
    expect(() => plan({ ...through, ...change }, { schema })).toThrow(problem);
    expect(() => plan({ ...through, ...change }, { schema })).toThrow(OnnxModelError);
  });

  it('values in another file: refused by the name of the tensor', () => {
    const tensor = message(
      stringField(8, 'layer.weight'),
      bytesField(13, message(stringField(1, 'location'), stringField(2, '/etc/passwd'))),
    );
    expect(() => plan({ ...through, initializers: [tensor] }, { schema })).toThrow(
      'tensor "layer.weight" has its values in another file',
    );
    const flagged = message(stringField(8, 'bias'), integerField(14, 1));
    expect(() => plan({ ...through, initializers: [flagged] }, { schema })).toThrow('tensor "bias"');
  });

  it('an operator that onnxruntime lacks in a domain it has: refused by name when it is loaded', async () => {
    const load = (operator: string, domain: string) =>
      openSession(
        rawModel({ ...through, nodes: [{ operator, domain, inputs: ['X'], outputs: ['scores'] }] }),
      );
    await expect(load('Fancy', 'com.microsoft')).rejects.toThrow(
      'not a loadable onnx model: operator "Fancy" of domain "com.microsoft" is not known to onnxruntime',
    );
    await expect(load('Fancy', '')).rejects.toThrow('operator "Fancy" of domain "ai.onnx" is not known');
  });

  it('operators that the file defines itself are no stranger', () => {
    const fancy = message(stringField(1, 'Fancy'), stringField(10, 'acme'));
    const nodes = [{ operator: 'Fancy', domain: 'acme', inputs: ['X'], outputs: ['scores'] }];
    const model = { ...through, nodes, functions: [fancy] };
    expect(plan(model, { schema: schemaOf(two, ['a', 'b']), activation: 'none' }).serving.scores).toBe(
      'scores',
    );
  });
});

describe('the newest versions', () => {
  const load = async (model: Partial<RawModel>) => {
    const session = await openSession(rawModel({ ...through, ...model }));
    await session.release();
  };

  it('are the newest that this ONNX Runtime loads', async () => {
    await load({ opsets: { '': NEWEST[''], 'ai.onnx.ml': NEWEST['ai.onnx.ml'] }, ir: NEWEST.ir });
    await expect(load({ opsets: { '': NEWEST[''] + 1 } })).rejects.toThrow('newer than onnxruntime knows');
    await expect(load({ opsets: { '': 17, 'ai.onnx.ml': NEWEST['ai.onnx.ml'] + 1 } })).rejects.toThrow(
      'newer',
    );
    await expect(load({ ir: NEWEST.ir + 1 })).rejects.toThrow('IR version');
  });
});

describe('rows that are tensors', () => {
  const image = (batch: number | string): RawModel => ({
    inputs: [{ name: 'pixels', shape: [batch, 1, 2, 2] }],
    nodes: [{ operator: 'Flatten', inputs: ['pixels'], outputs: ['logits'] }],
    outputs: [{ name: 'logits', shape: [batch, 4] }],
  });
  const wanted = {
    schema: schemaOf(two, ['a', 'b', 'c', 'd']),
    activation: 'none',
    rowShape: [1, 2, 2],
  } as const;
  const values = Float32Array.from({ length: 12 }, (_, at) => at);

  it.each(['N', 1, 2])('are fed as they are, through a batch of %s', async (batch) => {
    const { onnx, serving } = plan(image(batch), wanted);
    const session = await openSession(onnx, serving);
    expect(await session.runTensor({ values, rowShape: [1, 2, 2] }, 3)).toEqual({
      task: 'classification',
      labels: ['3', '3', '3'],
      probabilities: values,
      classesCount: 4,
    });
    await session.release();
  });

  it('need the shape that the input has', async () => {
    expect(() => plan(image('N'), { ...wanted, rowShape: [2, 2, 1] })).toThrow(
      'input "pixels" (float [N, 1, 2, 2]) does not take float [N, 2, 2, 1]',
    );
    const session = await openSession(rawModel(image('N')));
    await expect(session.runTensor({ values, rowShape: [4] }, 3)).rejects.toThrow('rows are float [4]');
    await expect(session.runTensor({ values, rowShape: [1, 2, 2] }, 2)).rejects.toThrow(
      '12 values are not 2 rows of 4 values',
    );
    await session.release();
  });
});

describe('a plan that does not fit the graph', () => {
  it.each([
    [{ scores: 'y' }, 'there is no output "y"'],
    [{ scores: 'scores', inputs: { a: 'a' } }, 'nothing is fed to input "X"'],
    [{ scores: 'scores', matrix: { input: 'Z', columns: ['a', 'b'] } }, 'nothing is fed to input "X"'],
    [{ scores: 'scores', inputs: { a: 'X', b: 'Z' } }, 'there is no input "Z"'],
  ])('is refused when the session opens: %j', async (serving, problem) => {
    await expect(openSession(rawModel(through), { activation: 'none', ...serving })).rejects.toThrow(problem);
  });

  it('is refused when the rows lack a column or the scores are of other width', async () => {
    const serving = {
      matrix: { input: 'X', columns: ['a', 'b'] },
      scores: 'scores',
      activation: 'none',
    } as const;
    const session = await openSession(rawModel(through), { ...serving, classes_count: 3 });
    await expect(session.run(numbers({ a: [1], c: [1] }))).rejects.toThrow('there is no column "b"');
    await expect(session.run(numbers({ a: [1], b: [1], c: [1] }))).rejects.toThrow('column "c" has no input');
    await expect(session.run(numbers({ a: [1], b: [1] }))).rejects.toThrow(
      'output "scores" has 2 scores per row: expected 3',
    );
    await session.release();
  });
});
