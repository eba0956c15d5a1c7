import { describe, expect, it } from 'vitest';
import type { Columns } from '#shared/schema/columns.ts';
import { cells, referenceFile, splitReference, tableColumns } from '#shared/testing/reference-data.ts';
import { neighbour } from '#shared/training/float32.ts';
import { fitGbdt, type GbdtModel, type GbdtOptions, predictGbdt } from '#shared/training/gbdt.ts';
import { compareParity, parityRows } from '#shared/training/parity.ts';
import type { TrainingTarget } from '#shared/training/training-target.ts';
import { exportGbdt } from './export-gbdt.ts';
import { type OnnxOutput, openSession } from './session.ts';

const rows = 1500;
/** A repeatable number in [0, 1) per row and purpose. */
const noise = (row: number, purpose: number) => {
  const mixed = Math.imul(row + 1, 0x9e3779b9) ^ Math.imul(purpose + 7, 0x85ebca6b);
  return (Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) >>> 0) / 2 ** 32;
};
const perRow = (of: (row: number) => number) => Float64Array.from({ length: rows }, (_, row) => of(row));
const size = perRow((row) => (noise(row, 1) < 0.05 ? Number.NaN : noise(row, 2) * 10 - 5));
const count = perRow((row) => Math.floor(noise(row, 3) * 20));
const place = Array.from({ length: rows }, (_, row) =>
  noise(row, 4) < 0.05 ? null : `größe "${Math.floor(noise(row, 5) * 12)}"`,
);
const data: Columns = {
  rows,
  columns: [
    { kind: 'numeric', name: 'size in m²', values: size },
    { kind: 'numeric', name: 'label', values: count },
    { kind: 'categorical', name: '"place" 場所', values: place },
  ],
};
const values = perRow(
  (row) =>
    (Number.isNaN(size[row]) ? 3 : size[row]! * 2) + count[row]! + (place[row]?.length ?? 20) + noise(row, 6),
);
const regression: TrainingTarget = { task: 'regression', values };
const classes = (classesCount: number): TrainingTarget => ({
  task: 'classification',
  labels: Int32Array.from(values, (value) =>
    Math.min(classesCount - 1, Math.max(0, Math.floor((value * classesCount) / 50))),
  ),
  classes: Array.from({ length: classesCount }, (_, at) => `class ${at} é`),
});

const numbersOf = (output: OnnxOutput) =>
  output.task === 'regression' ? output.values : output.probabilities;

async function run(model: GbdtModel, on: Columns): Promise<OnnxOutput> {
  const session = await openSession(exportGbdt(model, {}));
  try {
    return await session.run(on);
  } finally {
    await session.release();
  }
}

/** Parity of the trainer's answers for `model` with ONNX Runtime's for `exported`. */
async function parity(model: GbdtModel, exported = model) {
  const none = { rows: 0, columns: [] };
  const held = model.columns.every(({ name }) => data.columns.some((column) => column.name === name));
  const probes = parityRows(model, held ? data : none, 1);
  const expected = predictGbdt(model, probes);
  const output = await run(exported, probes);
  return compareParity(expected, numbersOf(output), {
    task: model.task,
    outputs: expected.length / probes.rows,
    ...(output.task === 'classification' && { labels: { actual: output.labels, classes: model.classes } }),
  });
}

describe('parity with onnxruntime on thresholds, missing, infinite and unseen values', () => {
  it.each([
    ['regression', regression],
    ['two classes', classes(2)],
    ['three classes', classes(3)],
    ['seven classes', classes(7)],
  ])('%s', async (_, target) => {
    for (const options of [
      { rounds: 30 },
      { rounds: 1 },
      { rounds: 5, maxBins: 6, weights: Float32Array.from(count) },
    ])
      expect(await parity(fitGbdt(data, target, options satisfies GbdtOptions))).toMatchObject({
        passed: true,
      });
  });

  it('is exact to the bit for regression, and for two classes without sets of categories', async () => {
    expect((await parity(fitGbdt(data, regression))).maxAbsolute).toBe(0);
    const numeric = { rows, columns: data.columns.slice(0, 2) };
    expect((await parity(fitGbdt(numeric, classes(2)))).maxAbsolute).toBe(0);
  });

  it('holds on random tables, with few and with many categories', async () => {
    for (const categories of [2, 3, 31, 33, 254]) {
      const names = Array.from({ length: rows }, (_, row) => `c${Math.floor(noise(row, 8) * categories)}`);
      const columns = [data.columns[0]!, { kind: 'categorical', name: 'c', values: names }] as const;
      const effect = perRow((row) => Math.sin(Number(names[row]!.slice(1)) * 5) * 20 + (size[row] || 0));
      const labels = Int32Array.from(effect, (value) => (value > 5 ? 2 : value > -5 ? 1 : 0));
      for (const target of [
        { task: 'regression', values: effect },
        { task: 'classification', labels, classes: ['low', 'middle', 'high'] },
        {
          task: 'classification',
          labels: Int32Array.from(effect, (value) => (value > 0 ? 1 : 0)),
          classes: ['no', 'yes'],
        },
      ] satisfies TrainingTarget[]) {
        const model = fitGbdt({ rows, columns }, target, { rounds: 20, minRowsPerLeaf: 3 });
        expect(await parity(model)).toMatchObject({ passed: true, labelDifferences: 0 });
      }
    }
  });

  const diamonds = referenceFile('diamonds.csv');
  it.runIf(diamonds)('diamonds, on all held-out rows', async () => {
    const { train, test } = splitReference(diamonds!, 0.8);
    const names = [
      ['carat', 'depth', 'table'],
      ['cut', 'color', 'clarity'],
    ] as const;
    const prices = Float64Array.from(cells(train, 'price'), Number);
    const model = fitGbdt(
      tableColumns(train, ...names),
      { task: 'regression', values: prices },
      { rounds: 50 },
    );
    const probes = parityRows(model, tableColumns(test, ...names), 1);
    const expected = predictGbdt(model, probes);
    const found = compareParity(expected, numbersOf(await run(model, probes)), {
      task: 'regression',
      outputs: 1,
    });
    expect(found).toMatchObject({ passed: true });
    expect(found.rows).toBeGreaterThan(test.rows.length);
  });
});

describe('parity finds', () => {
  const model = fitGbdt(data, regression, { rounds: 30 });
  const lastTree = model.trees.length - 1;
  /** The model with its last tree changed. */
  const changed = (
    change: (tree: GbdtModel['trees'][number]) => Partial<GbdtModel['trees'][number]>,
  ): GbdtModel => ({
    ...model,
    trees: model.trees.map((tree, at) => (at === lastTree ? { ...tree, ...change(tree) } : tree)),
  });

  it('any one threshold that is one float32 step off', async () => {
    const { column } = model.trees[lastTree]!;
    const splits = [...column.keys()].filter((node) => column[node] === 0 || column[node] === 1);
    expect(splits.length).toBeGreaterThan(5);
    for (const node of splits) {
      const exported = changed(({ threshold }) => ({
        threshold: threshold.map((old, at) => (at === node ? neighbour(old, 1) : old)),
      }));
      expect(await parity(model, exported)).toMatchObject({ passed: false });
    }
  });

  it('one leaf that is off by a hundredth of the target’s spread', async () => {
    const exported = changed(({ column, value }) => {
      const leaf = column.indexOf(-1);
      return { value: value.map((old, at) => (at === leaf ? old + 0.1 : old)) };
    });
    expect(await parity(model, exported)).toMatchObject({ passed: false });
  });

  it('missing values on the wrong side of one split', async () => {
    const exported = changed(({ column, missingLeft }) => {
      const at = column.indexOf(0);
      return { missingLeft: missingLeft.map((side, node) => (node === at ? 1 - side : side)) };
    });
    expect(await parity(model, exported)).toMatchObject({ passed: false });
  });

  it('any one category on the wrong side of a set', async () => {
    const { column, set } = model.trees[0]!;
    const splits = [...set.keys()].filter((node) => column[node] === 2 && set[node]! >= 0);
    expect(splits.length).toBeGreaterThan(0);
    const first = ({ trees }: GbdtModel, setBits: Uint32Array) => [
      { ...trees[0]!, setBits },
      ...trees.slice(1),
    ];
    for (const node of splits.slice(0, 3))
      for (const code of [0, 5, 11]) {
        const setBits = model.trees[0]!.setBits.slice();
        setBits[set[node]!] = setBits[set[node]!]! ^ (1 << code);
        const exported = { ...model, trees: first(model, setBits) };
        expect(await parity(model, exported)).toMatchObject({ passed: false });
      }
  });

  it('two categories that have changed places', async () => {
    const columns = model.columns.map((column) =>
      column.kind === 'categorical' ? { ...column, categories: [...column.categories].reverse() } : column,
    );
    expect(await parity(model, { ...model, columns })).toMatchObject({ passed: false });
  });
});

describe('the graph', () => {
  it('has one input per column, in words of the columns', async () => {
    const session = await openSession(exportGbdt(fitGbdt(data, regression, { rounds: 1 }), {}));
    expect(session.inputs).toEqual([
      { name: 'size in m²', type: 'float', shape: ['N', 1] },
      { name: 'label', type: 'float', shape: ['N', 1] },
      { name: '"place" 場所', type: 'string', shape: ['N', 1] },
    ]);
    expect(session.outputs).toEqual([{ name: 'variable', type: 'float', shape: ['N', 1] }]);
    await session.release();
  });

  it('gives label and probabilities, and makes way for a column of that name', async () => {
    const session = await openSession(exportGbdt(fitGbdt(data, classes(3), { rounds: 1 }), {}));
    expect(session.outputs).toEqual([
      { name: 'label_', type: 'string', shape: ['N'] },
      { name: 'probabilities', type: 'float', shape: ['N', 3] },
    ]);
    await session.release();
  });

  it('labels a row with its likeliest class', async () => {
    const output = await run(fitGbdt(data, classes(3), { rounds: 10 }), data);
    if (output.task !== 'classification') throw new Error('a classification was expected');
    const likeliest = output.labels.map((_, row) => {
      const probabilities = output.probabilities.subarray(row * 3, row * 3 + 3);
      return `class ${probabilities.indexOf(Math.max(...probabilities))} é`;
    });
    expect(output.labels).toEqual(likeliest);
  });

  it('keeps the metadata', () => {
    const bytes = exportGbdt(fitGbdt(data, regression, { rounds: 1 }), { 'schema hash': 'a1b2' });
    expect(Buffer.from(bytes).includes('a1b2')).toBe(true);
  });

  it('refuses a column without a name', () => {
    const nameless: Columns = { rows, columns: [{ kind: 'numeric', name: '', values: count }] };
    expect(() => exportGbdt(fitGbdt(nameless, regression, { rounds: 1 }), {})).toThrow(
      'a column has an empty name',
    );
  });
});

describe('degenerate models', () => {
  const constant: Columns = {
    rows: 30,
    columns: [{ kind: 'numeric', name: 'x', values: new Float64Array(30) }],
  };
  const labels = Int32Array.from({ length: 30 }, (_, row) => (row < 12 ? 1 : 0));

  it('that never split give the share of the classes', async () => {
    const model = fitGbdt(constant, { task: 'classification', labels, classes: ['no', 'yes'] });
    const output = await run(model, constant);
    expect(numbersOf(output)[1]).toBeCloseTo(0.4, 6);
    expect(numbersOf(output)).toEqual(predictGbdt(model, constant));
  });

  it('whose leaf values are all positive are labelled by probability too', async () => {
    const numeric = { rows, columns: data.columns.slice(0, 2) };
    const fitted = fitGbdt(numeric, classes(2), { rounds: 3 });
    const trees = fitted.trees.map((tree) => ({ ...tree, value: tree.value.map(Math.abs) }));
    const positive = { ...fitted, trees, baseValues: Float32Array.of(0.1) };
    const output = await run(positive, numeric);
    expect(numbersOf(output)).toEqual(predictGbdt(positive, numeric));
    expect(output).toMatchObject({ labels: new Array(rows).fill('class 1 é') });
  });

  it('of a categorical column that was always missing', async () => {
    const empty: Columns = {
      rows: 30,
      columns: [...constant.columns, { kind: 'categorical', name: 'c', values: new Array(30).fill(null) }],
    };
    const model = fitGbdt(empty, { task: 'regression', values: Float64Array.from(labels) });
    expect([...numbersOf(await run(model, empty))]).toEqual([...predictGbdt(model, empty)]);
  });
});
