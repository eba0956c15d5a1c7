import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Columns, NumericColumn } from '#shared/schema/columns.ts';
import { parseCsv } from '#shared/schema/csv.ts';
import { cells, referenceFile, splitReference, tableColumns } from '#shared/testing/reference-data.ts';
import { fitGbdt, importance, predictGbdt } from './gbdt.ts';
import type { TrainingTarget } from './training-target.ts';

const numeric = (name: string, values: readonly number[]) =>
  ({ kind: 'numeric', name, values: Float64Array.from(values) }) as const;
const categorical = (name: string, values: readonly (string | null)[]) =>
  ({ kind: 'categorical', name, values }) as const;
const table = (...columns: Columns['columns']): Columns => ({ rows: columns[0]!.values.length, columns });
const regression = (values: readonly number[]): TrainingTarget => ({
  task: 'regression',
  values: Float64Array.from(values),
});
const classification = (labels: readonly number[], classes: readonly string[]): TrainingTarget => ({
  task: 'classification',
  labels: Int32Array.from(labels),
  classes,
});
const range = (count: number) => Array.from({ length: count }, (_, at) => at);
const stump = { rounds: 1, learningRate: 1, maxLeaves: 2 } as const;

describe('a single split', () => {
  const data = table(numeric('x', [1, 2, 3, 4, 5, 6]));
  const model = fitGbdt(data, regression([0, 0, 0, 9, 9, 9]), stump);

  it('starts from the mean, cuts halfway and gains 2 · 3 · 4.5²', () => {
    expect([...model.baseValues]).toEqual([4.5]);
    const [tree] = model.trees;
    expect([...tree!.column]).toEqual([0, -1, -1]);
    expect(tree!.threshold[0]).toBe(3.5);
    expect([...tree!.value]).toEqual([0, -4.5, 4.5]);
    expect(tree!.gain[0]).toBe(121.5);
  });

  it('predicts the two means', () => {
    expect([...predictGbdt(model, table(numeric('x', [-10, 3.5, 3.6, 1e9])))]).toEqual([0, 0, 9, 9]);
  });

  it('treats infinities as values', () => {
    const ends = table(numeric('x', [Number.NEGATIVE_INFINITY, 0, 1, Number.POSITIVE_INFINITY]));
    const fitted = fitGbdt(ends, regression([7, 0, 0, 0]), stump);
    expect([...predictGbdt(fitted, ends)]).toEqual([7, 0, 0, 0]);
  });
});

describe('missing values', () => {
  it('learn the side that fits them', () => {
    const data = table(numeric('x', [1, 2, 3, Number.NaN, 4, 5, 6, Number.NaN]));
    const high = fitGbdt(data, regression([0, 0, 0, 9, 9, 9, 9, 9]), stump);
    expect([...predictGbdt(high, data)]).toEqual([0, 0, 0, 9, 9, 9, 9, 9]);
    const low = fitGbdt(data, regression([0, 0, 0, 0, 9, 9, 9, 0]), stump);
    expect([...predictGbdt(low, data)]).toEqual([0, 0, 0, 0, 9, 9, 9, 0]);
  });

  it('can be split from all values, infinity included', () => {
    const data = table(numeric('x', [1, 2, Number.NaN, Number.NaN]));
    const model = fitGbdt(data, regression([1, 1, 5, 5]), stump);
    expect([...predictGbdt(model, table(numeric('x', [Number.POSITIVE_INFINITY, Number.NaN])))]).toEqual([
      1, 5,
    ]);
  });

  it('go to the larger child when training had none', () => {
    const smallLeft = fitGbdt(table(numeric('x', range(6))), regression([9, 9, 0, 0, 0, 0]), stump);
    const smallRight = fitGbdt(table(numeric('x', range(6))), regression([0, 0, 0, 0, 9, 9]), stump);
    const missing = table(numeric('x', [Number.NaN]));
    expect([...predictGbdt(smallLeft, missing)]).toEqual([0]);
    expect([...predictGbdt(smallRight, missing)]).toEqual([0]);
  });
});

describe('categories', () => {
  const colours = range(400).map((row) => ['red', 'green', 'blue', null][row % 4]!);
  const data = table(categorical('colour', colours));

  it('are ordered by what they mean for the target, so one cut separates any set', () => {
    const model = fitGbdt(data, regression(colours.map((colour) => (colour === 'green' ? 1 : 0))), stump);
    const [encoding] = model.columns;
    expect(encoding?.kind === 'categorical' && encoding.categories.at(-1)).toBe('green');
    const predicted = predictGbdt(model, table(categorical('colour', ['green', 'red', 'blue'])));
    expect([...predicted]).toEqual([1, 0, 0]);
  });

  it('treat null, the empty string and unseen ones alike', () => {
    const target = regression(colours.map((colour) => (colour === null ? 5 : 1)));
    const predicted = predictGbdt(
      fitGbdt(data, target, stump),
      table(categorical('colour', [null, '', 'pink'])),
    );
    expect([...predicted]).toEqual([5, 5, 5]);
  });

  it('are ordered along the axis in which the classes differ most', () => {
    const names = range(300).map((row) => 'abc'[row % 3]!);
    const labels = range(300).map((row) => [0, 2, row % 2 === 0 ? 0 : 2][row % 3]!);
    const target = classification([...labels, 1], ['low', 'rare', 'high']);
    const [encoding] = fitGbdt(table(categorical('name', [...names, 'c'])), target, stump).columns;
    expect(encoding?.kind === 'categorical' && encoding.categories[1]).toBe('c');
  });

  it('beyond the most frequent ones count as missing', () => {
    const names = range(3000).map((row) => `user-${row % 1000}`);
    const [encoding] = fitGbdt(table(categorical('user', names)), regression(range(3000)), stump).columns;
    expect(encoding?.kind === 'categorical' && encoding.categories).toHaveLength(254);
  });

  it('undo a confounded order by looking at what numeric columns leave', () => {
    const size = range(2000).map((row) => (row * 7) % 100);
    const grade = size.map((value, row) => (value + (row % 30) > 65 ? 'poor' : 'good'));
    const price = size.map((value, row) => 100 * value + (grade[row] === 'good' ? 300 : 0));
    const model = fitGbdt(table(numeric('size', size), categorical('grade', grade)), regression(price));
    const encoding = model.columns[1]!;
    expect(encoding.kind === 'categorical' && encoding.categories).toEqual(['poor', 'good']);
  });
});

describe('small and odd data', () => {
  it('learns from 20 rows', () => {
    const data = table(numeric('x', range(20)));
    const model = fitGbdt(
      data,
      classification(
        range(20).map((row) => (row < 10 ? 0 : 1)),
        ['no', 'yes'],
      ),
    );
    expect(predictGbdt(model, data)[1]!).toBeLessThan(0.01);
    expect(predictGbdt(model, data)[39]!).toBeGreaterThan(0.99);
  });

  it('makes a constant of a single row', () => {
    const data = table(numeric('x', [1]));
    expect([...predictGbdt(fitGbdt(data, regression([3])), data)]).toEqual([3]);
  });

  it('never splits constant columns or for a constant target', () => {
    const data = table(
      numeric('constant', new Array(100).fill(2.7)),
      categorical('same', new Array(100).fill('a')),
    );
    const model = fitGbdt(data, regression(range(100).map((row) => row / 7)));
    expect(model.trees.every((tree) => tree.column.length === 1)).toBe(true);
    const flat = fitGbdt(table(numeric('x', range(100))), regression(new Array(100).fill(0.1)));
    expect(flat.trees.every((tree) => tree.column.length === 1)).toBe(true);
  });

  it('keeps the probabilities of a class without rows near zero', () => {
    const data = table(numeric('x', range(60)));
    const labels = range(60).map((row) => (row < 30 ? 0 : 2));
    const predicted = predictGbdt(fitGbdt(data, classification(labels, ['a', 'absent', 'b'])), data);
    expect(Math.max(...range(60).map((row) => predicted[row * 3 + 1]!))).toBeLessThan(1e-5);
  });
});

describe('options', () => {
  const data = table(
    numeric('x', range(200)),
    numeric(
      'noise',
      range(200).map((row) => (row * 37) % 101),
    ),
  );
  const target = regression(range(200).map((row) => Math.sin(row / 20) * 10 + ((row * 53) % 17)));

  it('a weight of 2 is a row given twice', () => {
    const twice = [...range(200), ...range(200).filter((row) => row % 3 === 0)];
    const repeated = table(
      ...data.columns.map(({ name, values }) =>
        numeric(
          name,
          twice.map((row) => values[row] as number),
        ),
      ),
    );
    const values = target.task === 'regression' ? twice.map((row) => target.values[row]!) : [];
    const weights = Float32Array.from(range(200), (row) => (row % 3 === 0 ? 2 : 1));
    const options = { minRowsPerLeaf: 1, maxLeaves: 8, rounds: 5 };
    const weighted = predictGbdt(fitGbdt(data, target, { ...options, weights }), data);
    const duplicated = predictGbdt(fitGbdt(repeated, regression(values), options), data);
    weighted.forEach((value, row) => {
      expect(value).toBeCloseTo(duplicated[row]!, 3);
    });
  });

  it('early stopping keeps the rounds up to the smallest validation loss', () => {
    const validation = { data, target: regression(range(200).map((row) => Math.sin(row / 20) * 10 + 8)) };
    const stopped = fitGbdt(data, target, { rounds: 500, validation, earlyStoppingRounds: 5 });
    expect(stopped.trees.length).toBeLessThan(400);
    const loss = (rounds: number) => {
      const predicted = predictGbdt(fitGbdt(data, target, { rounds }), data);
      return validation.target.task === 'regression'
        ? validation.target.values.reduce((sum, value, row) => sum + (predicted[row]! - value) ** 2, 0)
        : 0;
    };
    const best = stopped.trees.length;
    expect(loss(best)).toBeLessThan(loss(best - 1));
    expect(loss(best)).toBeLessThan(loss(best + 1));
  });

  it('every round is reported', () => {
    const seen: string[] = [];
    fitGbdt(data, target, { rounds: 3, onRound: (done, total) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(['1/3', '2/3', '3/3']);
  });

  it('the same input gives the same model', () => {
    expect(fitGbdt(data, target)).toEqual(fitGbdt(data, target));
  });

  it('importance adds up to 1 and leads with the column that matters', () => {
    const shares = importance(fitGbdt(data, target));
    expect(shares.map(({ name }) => name)).toEqual(['x', 'noise']);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });
});

describe('refusals', () => {
  const data = table(numeric('x', [1, 2, 3]));
  const refused: readonly [string, () => unknown][] = [
    ['no rows to train on: at least 1 is needed', () => fitGbdt(table(numeric('x', [])), regression([]))],
    [
      'no columns to train on: at least 1 is needed',
      () => fitGbdt({ rows: 2, columns: [] }, regression([1, 2])),
    ],
    [
      'every label is "a": at least 2 classes must be present',
      () => fitGbdt(data, classification([0, 0, 0], ['a', 'b'])),
    ],
    [
      'target at row 1 is NaN: must be a finite float32 number',
      () => fitGbdt(data, regression([1, Number.NaN, 2])),
    ],
    [
      'target at row 2 is 1e+39: must be a finite float32 number',
      () => fitGbdt(data, regression([1, 2, 1e39])),
    ],
    [
      'label at row 2 is 2: must be an index into 2 classes',
      () => fitGbdt(data, classification([0, 1, 2], ['a', 'b'])),
    ],
    ['2 target values for 3 rows: must be one per row', () => fitGbdt(data, regression([1, 2]))],
    [
      'two columns are named "x": names must differ',
      () => fitGbdt(table(...data.columns, ...data.columns), regression([1, 2, 3])),
    ],
    [
      'rounds is 0: must be a whole number from 1 to 10000',
      () => fitGbdt(data, regression([1, 2, 3]), { rounds: 0 }),
    ],
    [
      'learningRate is NaN: must be a number from 0 to 1',
      () => fitGbdt(data, regression([1, 2, 3]), { learningRate: Number.NaN }),
    ],
    [
      'weight of row 0 is -1: must be finite and at least 0',
      () => fitGbdt(data, regression([1, 2, 3]), { weights: Float32Array.of(-1, 1, 1) }),
    ],
    [
      'column "x" is missing',
      () => predictGbdt(fitGbdt(data, regression([1, 2, 3])), table(numeric('y', [1]))),
    ],
    [
      'column "x" is categorical, must be numeric',
      () => predictGbdt(fitGbdt(data, regression([1, 2, 3])), table(categorical('x', ['1']))),
    ],
  ];
  it.each(refused)('%s', (message, act) => {
    expect(act).toThrow(expect.objectContaining({ name: 'TrainingDataError', message }));
  });
});

describe('agreement with scikit-learn 1.9.1', () => {
  const iris = referenceFile('iris.csv');
  const rows = [0, 7, 50, 75, 100, 120, 149];
  // HistGradientBoosting*(max_iter=20, min_samples_leaf=15, early_stopping=False) on petal_width or species
  // from the other numeric columns, trained and predicted on all rows; "missing": every 7th petal_length is NaN.
  const golden = {
    plain: [0.38027, 0.37058, 1.44409, 1.32646, 2.11956, 2.11956, 1.81942],
    missing: [0.58866, 0.56547, 1.36792, 1.43965, 2.07169, 2.08347, 1.83463],
    weighted: [0.38173, 0.378, 1.44168, 1.33666, 2.07918, 2.07918, 1.80092],
    virginica: [0.00704, 0.00704, 0.02205, 0.00671, 0.98188, 0.97241, 0.89002],
  };
  const options = { rounds: 20, minRowsPerLeaf: 15 };
  const load = () => {
    const text = parseCsv(readFileSync(iris!, 'utf8'));
    const plain = tableColumns(text, ['sepal_length', 'sepal_width', 'petal_length']);
    const [length, width, petal] = plain.columns as NumericColumn[];
    const holes = numeric(
      petal!.name,
      Array.from(petal!.values, (value, row) => (row % 7 === 0 ? Number.NaN : value)),
    );
    const target = regression(cells(text, 'petal_width').map(Number));
    return { plain, missing: table(length!, width!, holes), target, species: cells(text, 'species') };
  };
  const expectClose = (found: readonly number[], expected: readonly number[], digits: number) => {
    found.forEach((value, at) => {
      expect(value).toBeCloseTo(expected[at]!, digits);
    });
  };

  it.runIf(iris)('on iris, with and without missing values and weights, to five digits', () => {
    const { plain, missing, target } = load();
    const at = (predicted: Float32Array) => rows.map((row) => predicted[row]!);
    expectClose(at(predictGbdt(fitGbdt(plain, target, options), plain)), golden.plain, 5);
    expectClose(at(predictGbdt(fitGbdt(missing, target, options), missing)), golden.missing, 5);
    const weights = Float32Array.from(range(150), (row) => 1 + (row % 3));
    expectClose(at(predictGbdt(fitGbdt(plain, target, { ...options, weights }), plain)), golden.weighted, 5);
  });

  it.runIf(iris)('on the class probabilities of iris, to three digits', () => {
    const { plain, species } = load();
    const classes = ['setosa', 'versicolor', 'virginica'];
    const target = classification(
      species.map((name) => classes.indexOf(name)),
      classes,
    );
    const predicted = predictGbdt(fitGbdt(plain, target, options), plain);
    expectClose(
      rows.map((row) => predicted[row * 3 + 2]!),
      golden.virginica,
      3,
    );
  });

  const diamonds = referenceFile('diamonds.csv');
  it.runIf(diamonds)('on diamonds: RMSE within 1 % of 566.2 (native categories)', () => {
    const { train, test } = splitReference(diamonds!, 0.8);
    const columns = [
      ['carat', 'depth', 'table'],
      ['cut', 'color', 'clarity'],
    ] as const;
    const model = fitGbdt(tableColumns(train, ...columns), regression(cells(train, 'price').map(Number)));
    const predicted = predictGbdt(model, tableColumns(test, ...columns));
    const actual = cells(test, 'price').map(Number);
    const squares = actual.reduce((sum, value, row) => sum + (value - predicted[row]!) ** 2, 0);
    expect(Math.sqrt(squares / actual.length)).toBeLessThan(566.2 * 1.01);
    expect(importance(model)[0]!.name).toBe('carat');
  });

  const digits = referenceFile('digits.csv');
  it.runIf(digits)('on digits: at least its accuracy of 0.983', () => {
    const { train, test } = splitReference(digits!, 0.8);
    const pixels = train.header.filter((name) => name !== 'digit');
    const target = classification(cells(train, 'digit').map(Number), [...'0123456789']);
    const predicted = predictGbdt(fitGbdt(tableColumns(train, pixels), target), tableColumns(test, pixels));
    const hits = cells(test, 'digit').filter((digit, row) => {
      const probabilities = predicted.subarray(row * 10, row * 10 + 10);
      return probabilities.indexOf(Math.max(...probabilities)) === Number(digit);
    });
    expect(hits.length / test.rows.length).toBeGreaterThan(0.983);
  });
});
