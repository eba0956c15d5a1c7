import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { type Columns, takeRows } from '#shared/schema/columns.ts';
import { cells, referenceFile, splitReference, tableColumns } from '#shared/testing/reference-data.ts';
import {
  fitNetwork,
  type NetworkModel,
  type NetworkOptions,
  predictNetwork,
} from '#shared/training/network.ts';
import type { TrainingTarget } from '#shared/training/training-target.ts';
import { exportNetwork, exportPixelNetwork } from './export-network.ts';
import { type OnnxOutput, openSession } from './session.ts';

const random = seededRandom(17);
const rows = 12_000;
const { NaN: missing, POSITIVE_INFINITY: infinity } = Number;
const drawn = (of: () => number) => Float32Array.from({ length: rows }, of);
/** Rows as serving may see them: 3 % missing, 2 % infinite, huge ones, categories training has not seen. */
const served: Columns = {
  rows,
  columns: [
    { kind: 'numeric', name: 'size in m²', values: drawn(() => oddOr(100 * normal(random) + 5000)) },
    { kind: 'numeric', name: 'label', values: drawn(() => oddOr(Math.floor(random() * 20))) },
    { kind: 'numeric', name: 'constant', values: drawn(() => oddOr(7)) },
    { kind: 'categorical', name: '"place" 場所', values: places(14) },
    { kind: 'categorical', name: 'user', values: places(100) },
  ],
};

function oddOr(value: number): number {
  const draw = random();
  if (draw < 0.03) return missing;
  if (draw < 0.05) return draw < 0.04 ? infinity : -infinity;
  return draw < 0.06 ? 1e37 * normal(random) : value;
}

function places(count: number): (string | null)[] {
  return Array.from({ length: rows }, () => {
    const draw = random();
    if (draw < 0.04) return draw < 0.02 ? null : '';
    return `größe "${Math.floor(random() * count)}"`;
  });
}

/** The first rows, without what training is not to see. */
const training: Columns = {
  rows: 600,
  columns: takeRows(
    served,
    Array.from({ length: 600 }, (_, row) => row),
  ).columns.map((column) => {
    if (column.kind === 'categorical')
      return column.name === 'user'
        ? column
        : {
            ...column,
            values: column.values.map((place) => (place?.match(/1\d"/) ? 'seen' : place || 'seen')),
          };
    if (column.name === 'constant') return { ...column, values: new Float32Array(600).fill(7) };
    return column.name === 'label'
      ? { ...column, values: column.values.map((value) => (Math.abs(value) < 20 ? value : 4)) }
      : column;
  }),
};
const signal = Float64Array.from({ length: 600 }, (_, row) => {
  const [size, count] = training.columns.map(({ values }) => values[row]);
  return ((size as number) > 5000 ? 300 : 0) + (count as number) * 10 + 1000 + 30 * normal(random);
});
const regression: TrainingTarget = { task: 'regression', values: signal };
const classes = (count: number): TrainingTarget => ({
  task: 'classification',
  labels: Int32Array.from(signal, (value) =>
    Math.min(count - 1, Math.max(0, Math.floor(((value - 950) / 550) * count))),
  ),
  classes: Array.from({ length: count }, (_, at) => `class ${at} é`),
});
const quick: NetworkOptions = { hidden: [12, 8], epochs: 30 };

async function run(bytes: Uint8Array, data: Columns): Promise<OnnxOutput> {
  const session = await openSession(bytes);
  try {
    return await session.run(data);
  } finally {
    await session.release();
  }
}

const numbersOf = (output: OnnxOutput) =>
  output.task === 'regression' ? output.values : output.probabilities;

/** How far the exported model's answers are from the trainer's. */
async function differences(model: NetworkModel, data: Columns, bytes = exportNetwork(model, {})) {
  const expected = predictNetwork(model, data);
  const output = await run(bytes, data);
  const found = numbersOf(output);
  expect(found).toHaveLength(expected.length);
  expect(found.every(Number.isFinite)).toBe(true);
  const absolute = expected.map((value, at) => Math.abs(value - found[at]!));
  const width = model.classes.length;
  const wrongLabels =
    output.task === 'regression'
      ? 0
      : output.labels.filter((label, row) => {
          const probabilities = expected.subarray(row * width, (row + 1) * width);
          return label !== model.classes[probabilities.indexOf(Math.max(...probabilities))];
        }).length;
  return {
    absolute: absolute.reduce((one, other) => Math.max(one, other)),
    relative: absolute.reduce((worst, value, at) => Math.max(worst, value / Math.abs(expected[at]!)), 0),
    wrongLabels,
  };
}

describe('onnxruntime answers as the trainer on 12,000 rows with missing, infinite, huge and unseen values', () => {
  it.each([
    ['linear regression', { ...quick, hidden: [] }],
    ['a perceptron', quick],
  ])('%s, to 1e-5 of the value', async (_, options) => {
    const { relative } = await differences(fitNetwork(training, regression, options), served);
    expect(relative).toBeLessThan(1e-5);
  });

  it.each([
    ['softmax regression, two classes', classes(2), { ...quick, hidden: [] }],
    ['softmax regression, five classes', classes(5), { ...quick, hidden: [] }],
    ['a perceptron, two classes', classes(2), quick],
    ['a perceptron, five classes', classes(5), quick],
    ['a large one, overfitted', classes(5), { hidden: [128, 64], l2: 0, epochs: 60 }],
  ])('%s, to 1e-6 and with the same labels', async (_, target, options) => {
    const { absolute, wrongLabels } = await differences(fitNetwork(training, target, options), served);
    expect(absolute).toBeLessThan(1e-6);
    expect(wrongLabels).toBe(0);
  });

  const digits = referenceFile('digits.csv');
  it.runIf(digits)('digits, held-out and noisy', async () => {
    const { train, test } = splitReference(digits!, 0.8);
    const pixels = train.header.filter((name) => name !== 'digit');
    const labels = Int32Array.from(cells(train, 'digit'), Number);
    const target: TrainingTarget = { task: 'classification', labels, classes: Array.from('0123456789') };
    const model = fitNetwork(tableColumns(train, pixels), target, { epochs: 15 });
    const noisy: Columns = {
      rows: 10_000,
      columns: pixels
        .map((name) => ({ kind: 'numeric', name, values: drawn(() => oddOr(16 * random())) }))
        .map((column) => ({
          ...column,
          kind: 'numeric' as const,
          values: column.values.subarray(0, 10_000),
        })),
    };
    for (const data of [tableColumns(test, pixels), noisy]) {
      const { absolute, wrongLabels } = await differences(model, data);
      expect(absolute).toBeLessThan(1e-6);
      expect(wrongLabels).toBe(0);
    }
  });
});

describe('the comparison finds', () => {
  const model = fitNetwork(training, classes(3), quick);
  const changedColumn = (at: number, change: object): NetworkModel => ({
    ...model,
    columns: model.columns.map((column, other) => (other === at ? { ...column, ...change } : column)),
  });
  const reversed = (at: number) => {
    const column = model.columns[at]!;
    return { categories: column.kind === 'categorical' ? [...column.categories].reverse() : [] };
  };

  it.each<[string, NetworkModel]>([
    ['a mean', changedColumn(1, { mean: 4.5 })],
    ['a scale', changedColumn(1, { scale: 1 })],
    ['the order of categories', changedColumn(3, reversed(3))],
    ['the shares that unseen categories get', changedColumn(3, { shares: new Float32Array(11) })],
    [
      'one weight',
      {
        ...model,
        layers: model.layers.map(({ weights, biases }) => ({
          biases,
          weights: weights.map((weight, at) => (at === 0 ? weight + 0.01 : weight)),
        })),
      },
    ],
  ])('%s that is off', async (_, changed) => {
    expect(changed.columns.map(({ kind }) => kind)).toEqual(model.columns.map(({ kind }) => kind));
    const { absolute } = await differences(model, served, exportNetwork(changed, {}));
    expect(absolute).toBeGreaterThan(1e-4);
  });
});

describe('the graph', () => {
  it('has one input per column, in words of the columns, and one output for regression', async () => {
    const session = await openSession(exportNetwork(fitNetwork(training, regression, { epochs: 1 }), {}));
    expect(session.inputs).toEqual([
      { name: 'size in m²', type: 'float', shape: ['N', 1] },
      { name: 'label', type: 'float', shape: ['N', 1] },
      { name: 'constant', type: 'float', shape: ['N', 1] },
      { name: '"place" 場所', type: 'string', shape: ['N', 1] },
      { name: 'user', type: 'string', shape: ['N', 1] },
    ]);
    expect(session.outputs).toEqual([{ name: 'variable', type: 'float', shape: ['N', 1] }]);
    await session.release();
  });

  it('gives label and probabilities, and makes way for a column of that name', async () => {
    const session = await openSession(exportNetwork(fitNetwork(training, classes(3), { epochs: 1 }), {}));
    expect(session.outputs).toEqual([
      { name: 'label_', type: 'string', shape: ['N'] },
      { name: 'probabilities', type: 'float', shape: ['N', 3] },
    ]);
    await session.release();
  });

  it('works where columns have the names of its own tensors', async () => {
    const names = ['weights', 'biases', 'means', 'gemm_9', 'concat_0'];
    const columns = names.map((name) => ({
      kind: 'numeric' as const,
      name,
      values: drawn(random).subarray(0, 600),
    }));
    const data: Columns = { rows: 600, columns };
    expect((await differences(fitNetwork(data, classes(2), quick), data)).absolute).toBeLessThan(1e-6);
  });

  it('answers a row alone to the bit as it does among others', async () => {
    const bytes = exportNetwork(fitNetwork(training, classes(3), quick), {});
    const all = numbersOf(await run(bytes, served));
    for (const row of [0, 1, 599, 11_999])
      expect(numbersOf(await run(bytes, takeRows(served, [row])))).toEqual(all.slice(row * 3, row * 3 + 3));
  });

  it('keeps the metadata', () => {
    const bytes = exportNetwork(fitNetwork(training, regression, { epochs: 1 }), { 'schema hash': 'a1b2' });
    expect(Buffer.from(bytes).includes('a1b2')).toBe(true);
  });

  it('refuses a column without a name', () => {
    const nameless: Columns = { rows: 600, columns: [{ ...training.columns[0]!, name: '' }] };
    expect(() => exportNetwork(fitNetwork(nameless, regression, { epochs: 1 }), {})).toThrow(
      'a column has an empty name',
    );
  });
});

describe('degenerate models', () => {
  const x = { kind: 'numeric' as const, name: 'x' };
  const c = { kind: 'categorical' as const, name: 'c' };
  const target: TrainingTarget = { task: 'regression', values: Float64Array.of(1, 2, 3, 4) };
  const probes: Columns = {
    rows: 4,
    columns: [
      { ...x, values: Float32Array.of(missing, infinity, -3e38, 1) },
      { ...c, values: ['a', null, 'z', ''] },
    ],
  };

  it.each<[string, Columns['columns']]>([
    ['categories only', [{ ...c, values: ['a', 'b', 'a', 'b'] }]],
    [
      'a column of missing categories',
      [
        { ...c, values: [null, null, '', ''] },
        { ...x, values: Float32Array.of(1, 2, 3, 4) },
      ],
    ],
    [
      'a column of missing numbers',
      [
        { ...x, values: new Float32Array(4).fill(missing) },
        { ...c, values: ['a', 'b', 'a', 'b'] },
      ],
    ],
    ['a column of infinities', [{ ...x, values: Float32Array.of(infinity, -infinity, infinity, infinity) }]],
    ['a constant column', [{ ...x, values: new Float32Array(4).fill(3e38) }]],
    ['a tiny spread', [{ ...x, values: Float32Array.of(1e-45, 0, 3e-45, 0) }]],
    ['a huge spread', [{ ...x, values: Float32Array.of(3e38, -3e38, 3e38, 0) }]],
  ])('of %s', async (_, columns) => {
    const model = fitNetwork({ rows: 4, columns }, target, { hidden: [4], epochs: 20 });
    const named = {
      rows: 4,
      columns: probes.columns.filter(({ name }) => columns.some((one) => one.name === name)),
    };
    expect((await differences(model, named)).relative).toBeLessThan(1e-5);
  });

  it('of the largest targets allowed answer finite numbers', async () => {
    const values = Float64Array.of(-1e35, 1e35, -1e35, 1e35);
    const data: Columns = { rows: 4, columns: [{ ...x, values: Float32Array.of(1, 2, 1, 2) }] };
    const model = fitNetwork(data, { task: 'regression', values }, { hidden: [] });
    const far: Columns = { rows: 2, columns: [{ ...x, values: Float32Array.of(infinity, -infinity) }] };
    expect((await differences(model, far)).relative).toBeLessThan(1e-5);
  });
});

describe('an image model', () => {
  const [height, width, channels] = [3, 2, 2];
  const pixels: Columns = {
    rows: 600,
    columns: Array.from({ length: height * width * channels }, (_, at) => ({
      kind: 'numeric' as const,
      name: `pixel ${at}`,
      values: drawn(() => oddOr(random())).subarray(0, 600),
    })),
  };
  const model = fitNetwork(pixels, classes(3), quick);
  const input = { input: 'image', height, width, channels, layout: 'NCHW' } as const;

  it.each([
    ['NCHW' as const, [channels, height, width]],
    ['NHWC' as const, [height, width, channels]],
  ])('takes one tensor in %s and answers as the trainer', async (layout, shape) => {
    const bytes = exportPixelNetwork(model, { ...input, layout }, {});
    const session = await openSession(bytes);
    expect(session.inputs).toEqual([{ name: 'image', type: 'float', shape: ['N', ...shape] }]);
    expect(session.outputs.map(({ name }) => name)).toEqual(['label', 'probabilities']);
    await session.release();
    const { absolute, wrongLabels } = await differences(model, pixels, bytes);
    expect(absolute).toBeLessThan(1e-6);
    expect(wrongLabels).toBe(0);
  });

  it('refuses another number of columns, categories and an empty name', () => {
    expect(() => exportPixelNetwork(model, { ...input, channels: 3 }, {})).toThrow(
      'the model has 12 columns: a 3 x 2 image with 3 channels needs 18',
    );
    const mixed = fitNetwork({ rows: 600, columns: training.columns.slice(2, 4) }, regression, { epochs: 1 });
    expect(() => exportPixelNetwork(mixed, { ...input, height: 1, channels: 1 }, {})).toThrow(
      'column ""place" 場所" is categorical: a pixel must be numeric',
    );
    expect(() => exportPixelNetwork(model, { ...input, input: '' }, {})).toThrow('has an empty name');
  });
});
