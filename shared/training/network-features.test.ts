import { describe, expect, it } from 'vitest';
import type { Columns } from '#shared/schema/columns.ts';
import { encodeRows, layoutOf, learnFeatures, writeFeatures } from './network-features.ts';

const { NaN: missing, POSITIVE_INFINITY: infinity } = Number;
const numeric = (values: readonly number[]): Columns => ({
  rows: values.length,
  columns: [{ kind: 'numeric', name: 'x', values: Float64Array.from(values) }],
});
const categorical = (values: readonly (string | null)[]): Columns => ({
  rows: values.length,
  columns: [{ kind: 'categorical', name: 'c', values }],
});

/** The features of `data`, one array per row, encoded as learned from `training`. */
function features(training: Columns, data: Columns, weights?: Float32Array): number[][] {
  const columns = learnFeatures(training, weights);
  const layout = layoutOf(columns);
  const encoded = encodeRows(columns, data);
  return Array.from({ length: data.rows }, (_, row) => {
    const into = new Float64Array(layout.width).fill(99);
    writeFeatures(layout, encoded, row, into, 0);
    // A constant column gives -0 for values below its own.
    return Array.from(into, (value) => value + 0);
  });
}

describe('a number', () => {
  it('is standardised by the mean and population deviation of training', () => {
    expect(features(numeric([1, 3]), numeric([1, 3, 5]))).toEqual([[-1], [1], [3]]);
  });

  it('that is missing counts as the mean', () => {
    expect(features(numeric([1, 3]), numeric([missing]))).toEqual([[0]]);
  });

  it('has an indicator where training had missing ones', () => {
    expect(features(numeric([1, 3, missing]), numeric([missing, 3]))).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('is clipped to 10 deviations, and not before', () => {
    const far = numeric([2 + 9.5, 2 + 10.5, infinity, -infinity, 1e38]);
    expect(features(numeric([1, 3]), far)).toEqual([[9.5], [10], [10], [-10], [10]]);
  });

  it('that is infinite in training does not move mean and deviation', () => {
    expect(features(numeric([1, 3, infinity, -infinity]), numeric([1, infinity]))).toEqual([[-1], [10]]);
  });

  it('of a constant column is 0, whatever comes', () => {
    const training = numeric([7, 7, 7]);
    expect(features(training, numeric([7, 8, 1e38, infinity, -infinity, missing]))).toEqual(
      new Array(6).fill([0]),
    );
  });

  it('of an always missing column is 0 with its indicator', () => {
    expect(features(numeric([missing, missing]), numeric([missing, 4]))).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  it('stays finite for spreads at both ends of float32', () => {
    for (const unit of [1e-44, 1e38]) {
      const all = features(numeric([-unit, unit]), numeric([-unit, 0, unit, infinity])).flat();
      expect(all.every(Number.isFinite)).toBe(true);
      expect(all[2]).toBeGreaterThan(0);
    }
  });

  it('of a row without weight teaches nothing', () => {
    const [row] = features(numeric([1, 3, 1000, missing]), numeric([3]), Float32Array.of(1, 1, 0, 0));
    expect(row).toEqual([1]);
  });
});

describe('a category', () => {
  const training = categorical(['b', 'a', 'b', 'b']);

  it('has a feature of its own, the most frequent one first', () => {
    expect(features(training, categorical(['a', 'b']))).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('that training never saw counts as the average row, and so does a missing one', () => {
    expect(features(training, categorical(['unseen', null, '']))).toEqual(new Array(3).fill([0.75, 0.25]));
  });

  it('that is missing has a feature where training had missing ones', () => {
    expect(features(categorical(['a', null, '', 'a']), categorical([null, '', 'a', 'z']))).toEqual([
      [0, 1],
      [0, 1],
      [1, 0],
      [0.5, 0.5],
    ]);
  });

  it('shares a feature beyond the 64 most frequent, with unseen ones', () => {
    const names = (count: number) => Array.from({ length: count }, (_, at) => `c${100 + at}`);
    const frequent = [...names(64), ...names(64)];
    const last = (data: Columns) => features(data, categorical(['c164', 'unseen', 'c163', null]));
    const [rare, unseen, kept, absent] = last(categorical([...frequent, 'c164', 'c165']));
    expect(rare).toHaveLength(65);
    expect([rare![64], unseen![64], kept![63], kept![64]]).toEqual([1, 1, 1, 0]);
    expect(absent![64]).toBeCloseTo(2 / 130, 7);
    expect(last(categorical(frequent))[0]).toHaveLength(64);
  });

  it('is ordered by name among equally frequent ones, in whatever order the rows come', () => {
    const [column] = learnFeatures(categorical(['b', 'c', 'a']), undefined);
    expect(column).toMatchObject({ categories: ['a', 'b', 'c'] });
  });
});

it('features are laid out as numbers, their indicators, categories', () => {
  const data: Columns = {
    rows: 2,
    columns: [
      { kind: 'categorical', name: 'c', values: ['a', 'b'] },
      { kind: 'numeric', name: 'x', values: Float64Array.of(1, missing) },
      { kind: 'numeric', name: 'y', values: Float64Array.of(1, 3) },
    ],
  };
  expect(features(data, data)).toEqual([
    [0, -1, 0, 1, 0],
    [0, 1, 1, 0, 1],
  ]);
});
