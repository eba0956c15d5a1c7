import { expect, test } from 'vitest';
import { type TrainingRows, takeTrainingRows, withoutLoneRows } from './training-rows.ts';

const rows: TrainingRows = {
  data: { rows: 5, columns: [{ kind: 'numeric', name: 'x', values: Float32Array.of(0, 1, 2, 3, 4) }] },
  target: { task: 'classification', classes: ['a', 'b', 'c', 'none'], labels: Int32Array.of(0, 1, 0, 2, 2) },
  weights: Float32Array.of(1, 2, 3, 4, 5),
};

test('rows are taken with their target and weight', () => {
  expect(takeTrainingRows(rows, [3, 0])).toEqual({
    data: { rows: 2, columns: [{ kind: 'numeric', name: 'x', values: Float32Array.of(3, 0) }] },
    target: { task: 'classification', classes: ['a', 'b', 'c', 'none'], labels: Int32Array.of(2, 0) },
    weights: Float32Array.of(4, 1),
  });
});

test('a row alone of its class is left out; classes of two rows and of none are untouched', () => {
  expect(withoutLoneRows(rows)).toEqual(takeTrainingRows(rows, [0, 2, 3, 4]));
  const paired = takeTrainingRows(rows, [0, 2, 3, 4]);
  expect(withoutLoneRows(paired)).toBe(paired);
});
