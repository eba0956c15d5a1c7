import { readFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { seededRandom, shuffledIndices } from '#shared/random.ts';
import { type Columns, takeRows } from '#shared/schema/columns.ts';
import { parseCsv } from '#shared/schema/csv.ts';
import { cells, referenceFile, splitReference, tableColumns } from '#shared/testing/reference-data.ts';
import { fitForest, importance, predictForest } from './forest.ts';
import type { TrainingTarget } from './training-target.ts';

const range = (count: number) => Array.from({ length: count }, (_, at) => at);
const random = seededRandom(1);
const rows = 400;
const x = Float64Array.from({ length: rows }, () => random() * 10);
const noise = Float64Array.from({ length: rows }, () => random());
const place = range(rows).map((row) => ['n', 'e', 's', 'w', null][row % 5]!);
const data: Columns = {
  rows,
  columns: [
    { kind: 'numeric', name: 'x', values: x },
    { kind: 'numeric', name: 'noise', values: noise },
    { kind: 'categorical', name: 'place', values: place },
  ],
};
const isHigh = (row: number) => x[row]! > 5 !== (place[row] === 'n' || place[row] === 's');
const regression: TrainingTarget = {
  task: 'regression',
  values: Float64Array.from({ length: rows }, (_, row) => (isHigh(row) ? 1000 : 1010)),
};
const classification = (of: (row: number) => number, classes: readonly string[]): TrainingTarget => ({
  task: 'classification',
  labels: Int32Array.from({ length: rows }, (_, row) => of(row)),
  classes,
});
const small = { trees: 10 } as const;

describe('fitForest', () => {
  it('learns numbers from an interaction of a number and a set of categories', () => {
    const predicted = predictForest(fitForest(data, regression, small), data);
    const wrong = range(rows).filter((row) => Math.abs(predicted[row]! - (isHigh(row) ? 1000 : 1010)) > 5);
    expect(wrong.length / rows).toBeLessThan(0.03);
  });

  it('learns nothing from rows of weight 0, and answers also where only two rows have a weight', () => {
    const weights = Float32Array.from({ length: rows }, (_, row) => (row < 2 ? 1 : 0));
    const values = Float64Array.from({ length: rows }, (_, row) => (row < 2 ? 5 + row : 1000));
    const predicted = predictForest(
      fitForest(data, { task: 'regression', values }, { ...small, weights }),
      data,
    );
    for (const answer of predicted) expect(answer >= 5 && answer <= 6).toBe(true);
  });

  it.each([1e-30, 1e30])('splits and ranks columns alike when the target is %d times as large', (unit) => {
    const scaled = { ...regression, values: regression.values.map((value) => value * unit) };
    const model = fitForest(data, scaled, small);
    const shares = (of: typeof model) => importance(of).map(({ share }) => expect.closeTo(share, 6));
    expect(importance(model).map(({ share }) => share)).toEqual(shares(fitForest(data, regression, small)));
  });

  it.each([2, 3, 4])('learns %i classes', (count) => {
    const classOf = (row: number) => (isHigh(row) ? (row % 5) % (count - 1) : count - 1);
    const target = classification(classOf, ['a', 'b', 'c', 'd'].slice(0, count));
    const predicted = predictForest(fitForest(data, target, { ...small, columnShare: 1 }), data);
    const hits = range(rows).filter((row) => {
      const chances = predicted.subarray(row * count, (row + 1) * count);
      expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 5);
      return chances.indexOf(Math.max(...chances)) === classOf(row);
    });
    expect(hits.length / rows).toBeGreaterThan(0.95);
  });

  it('treats null, the empty string and unseen categories alike', () => {
    const target: TrainingTarget = {
      task: 'regression',
      values: Float64Array.from(place, (name) => (name === null ? 7 : 1)),
    };
    const odd: Columns = {
      rows: 3,
      columns: [
        { kind: 'numeric', name: 'x', values: Float64Array.of(1, 1, 1) },
        { kind: 'numeric', name: 'noise', values: Float64Array.of(1, 1, 1) },
        { kind: 'categorical', name: 'place', values: [null, '', 'up'] },
      ],
    };
    const predicted = predictForest(fitForest(data, target, small), odd);
    expect(predicted[0]).toBeGreaterThan(6);
    expect([predicted[1], predicted[2]]).toEqual([predicted[0], predicted[0]]);
  });

  it('gives the same forest for the same seed, another for another', () => {
    const forest = (seed: number) => fitForest(data, regression, { ...small, seed });
    expect(forest(3)).toEqual(forest(3));
    expect(forest(3)).not.toEqual(forest(4));
  });

  it('a weight of 0 is a row left out', () => {
    const weights = Float32Array.from({ length: rows }, (_, row) => (isHigh(row) ? 1 : 0));
    const predicted = predictForest(fitForest(data, regression, { ...small, weights }), data);
    for (const value of predicted) expect(value).toBeCloseTo(1000, 2);
  });

  it('importances add up to 1 and are small for noise', () => {
    const shares = importance(fitForest(data, regression, small));
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(shares.at(-1)!.name).toBe('noise');
    expect(shares.at(-1)!.share).toBeLessThan(0.2);
  });

  it('keeps to its limits of leaves and of rows in a leaf', () => {
    const leaves = (options: object) =>
      fitForest(data, regression, { ...small, ...options }).trees.map(
        ({ column }) => column.filter((at) => at < 0).length,
      );
    expect(Math.max(...leaves({ maxLeaves: 7 }))).toBe(7);
    // Leaves of 20 of some 253 different rows.
    expect(Math.max(...leaves({ minRowsPerLeaf: 20 }))).toBeLessThanOrEqual(13);
  });

  it('reports each tree and survives being stored', () => {
    const seen: number[] = [];
    const model = fitForest(data, regression, { trees: 3, onTree: (done) => seen.push(done) });
    expect(seen).toEqual([1, 2, 3]);
    expect(deserialize(serialize(model))).toEqual(model);
    expect(model.kind).toBe('forest');
  });

  it.each([
    ['trees is 0: must be a whole number from 1 to 1000', { trees: 0 }],
    ['columnShare is 2: must be a number from 0.01 to 1', { columnShare: 2 }],
    ['maxBytes is 1: must be a whole number from 100000 to 20000000', { maxBytes: 1 }],
  ])('refuses: %s', (message, options) => {
    expect(() => fitForest(data, regression, options)).toThrow(
      expect.objectContaining({ name: 'TrainingDataError', message }),
    );
  });
});

describe('agreement with scikit-learn 1.9.1', () => {
  const accuracyOf = (predicted: Float32Array, labels: Int32Array, classes: number) =>
    labels.filter((label, row) => {
      const chances = predicted.subarray(row * classes, (row + 1) * classes);
      return chances.indexOf(Math.max(...chances)) === label;
    }).length / labels.length;

  // RandomForestClassifier(random_state=0) on the same folds: 0.9467 on iris, of five; 0.9722 on digits, of the first.
  const bothFiles = referenceFile('iris.csv') && referenceFile('digits.csv');
  it.runIf(bothFiles).each([
    ['iris.csv', 'species', ['setosa', 'versicolor', 'virginica'], 5, 0.9467],
    ['digits.csv', 'digit', [...'0123456789'], 1, 350 / 360],
  ] as const)('on %s within 1 point of its accuracy', (file, name, classes, folds, theirs) => {
    const text = parseCsv(readFileSync(referenceFile(file)!, 'utf8'));
    const all = tableColumns(
      text,
      text.header.filter((column) => column !== name),
    );
    const labels = Int32Array.from(cells(text, name), (label) =>
      (classes as readonly string[]).indexOf(label),
    );
    const order = shuffledIndices(labels.length, seededRandom(5));
    const accuracies = range(folds).map((fold) => {
      const train = order.filter((_, at) => at % 5 !== fold);
      const test = order.filter((_, at) => at % 5 === fold);
      const target = { task: 'classification', labels: train.map((row) => labels[row]!), classes } as const;
      const predicted = predictForest(fitForest(takeRows(all, train), target), takeRows(all, test));
      return accuracyOf(
        predicted,
        test.map((row) => labels[row]!),
        classes.length,
      );
    });
    const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / folds;
    expect(mean).toBeGreaterThan(theirs - 0.01);
  });

  const diamonds = referenceFile('diamonds.csv');
  // RandomForestRegressor(n_estimators=100, random_state=0), sorted ordinal codes, on the same 5 %: 744.6.
  it.runIf(diamonds)('on a twentieth of diamonds: RMSE within 3 % of 744.6', () => {
    const { train, test } = splitReference(diamonds!, 0.05);
    const names = [
      ['carat', 'depth', 'table'],
      ['cut', 'color', 'clarity'],
    ] as const;
    const values = Float64Array.from(cells(train, 'price'), Number);
    const held = tableColumns(test, ...names);
    const model = fitForest(tableColumns(train, ...names), { task: 'regression', values }, { trees: 30 });
    const predicted = predictForest(model, held);
    const squares = cells(test, 'price').reduce(
      (sum, price, row) => sum + (Number(price) - predicted[row]!) ** 2,
      0,
    );
    expect(Math.sqrt(squares / held.rows)).toBeLessThan(744.6 * 1.03);
  });
});
