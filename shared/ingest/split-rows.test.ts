import { expect, test } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import type { Columns } from '#shared/schema/columns.ts';
import type { TrainingTarget } from '#shared/training/training-target.ts';
import { splitByHash, splitByTime } from './split-rows.ts';

const random = seededRandom(3);
const rows = 10_000;
const data: Columns = {
  rows,
  columns: [
    {
      kind: 'numeric',
      name: 'x',
      values: Float32Array.from({ length: rows }, () => Math.floor(500 * random())),
    },
    { kind: 'categorical', name: 'c', values: Array.from({ length: rows }, (_, row) => 'abc'[row % 3]!) },
  ],
};
const target: TrainingTarget = {
  task: 'regression',
  values: Float64Array.from({ length: rows }, (_, row) => row % 2),
};

test('a split by hash holds out about the share, and every row is on one side', () => {
  const { training, heldOut } = splitByHash(data, target, 0.2, 1);
  expect(heldOut.length / rows).toBeGreaterThan(0.17);
  expect(heldOut.length / rows).toBeLessThan(0.23);
  expect(new Set([...training, ...heldOut]).size).toBe(rows);
});

test('of few rows it still holds out the share, of each class', () => {
  const few: Columns = {
    rows: 150,
    columns: [{ kind: 'numeric', name: 'x', values: Float32Array.from({ length: 150 }, (_, row) => row) }],
  };
  const labels = Int32Array.from({ length: 150 }, (_, row) => Number(row >= 140));
  for (let seed = 0; seed < 20; seed++) {
    const { heldOut } = splitByHash(few, { task: 'classification', labels, classes: ['a', 'b'] }, 0.2, seed);
    expect(heldOut).toHaveLength(30);
    expect([...heldOut].filter((row) => labels[row] === 1)).toHaveLength(2);
  }
});

test('equal rows are on the same side', () => {
  const { training, heldOut } = splitByHash(data, target, 0.5, 1);
  const keyOf = (row: number) => data.columns.map(({ values }) => values[row]).join() + target.values[row];
  const trained = new Set([...training].map(keyOf));
  expect([...heldOut].filter((row) => trained.has(keyOf(row)))).toEqual([]);
});

test('the seed decides the split', () => {
  expect(splitByHash(data, target, 0.2, 1)).toEqual(splitByHash(data, target, 0.2, 1));
  expect(splitByHash(data, target, 0.2, 2).heldOut).not.toEqual(splitByHash(data, target, 0.2, 1).heldOut);
});

test('a missing category is not the text "null"', () => {
  const one = (value: string | null): Columns => ({
    rows: 64,
    columns: [
      { kind: 'categorical', name: 'c', values: new Array(64).fill(value) },
      { kind: 'numeric', name: 'x', values: Float32Array.from({ length: 64 }, (_, row) => row) },
    ],
  });
  const none: TrainingTarget = { task: 'regression', values: new Float64Array(64) };
  expect(splitByHash(one(null), none, 0.5, 1)).not.toEqual(splitByHash(one('null'), none, 0.5, 1));
});

test('a split by time holds out the newest; rows without a time train', () => {
  const times = Float64Array.of(5, 1, Number.NaN, 4, 2, 3);
  expect(splitByTime(times, 0.4)).toEqual({
    training: Int32Array.of(1, 2, 4, 5),
    heldOut: Int32Array.of(0, 3),
  });
});
