import { describe, expect, it } from 'vitest';
import type { Columns } from '#shared/schema/columns.ts';
import { encodeColumns } from './column-encoding.ts';
import { neighbour } from './float32.ts';
import { fitGbdt } from './gbdt.ts';
import { compareParity, parityRows } from './parity.ts';
import { goesLeft } from './tree.ts';

const rows = 300;
const data: Columns = {
  rows,
  columns: [
    { kind: 'numeric', name: 'x', values: Float64Array.from({ length: rows }, (_, row) => row / 7) },
    { kind: 'categorical', name: 'c', values: Array.from({ length: rows }, (_, row) => 'abc'[row % 3]!) },
  ],
};
const values = Float64Array.from({ length: rows }, (_, row) => row * (1 + (row % 3)));
const model = fitGbdt(data, { task: 'regression', values });
const none: Columns = {
  rows: 0,
  columns: data.columns.map((column) => ({
    ...column,
    values: column.values.slice(0, 0),
  })) as Columns['columns'],
};

describe('parityRows', () => {
  const probed = parityRows(model, data, 7);
  const [x, c] = probed.columns;

  it('begins with the held-out rows and has at least 10,000', () => {
    expect(probed.rows).toBeGreaterThanOrEqual(10_000);
    expect([...x!.values.slice(0, rows)]).toEqual(
      [...data.columns[0]!.values].map((value) => Math.fround(Number(value))),
    );
    expect(x!.values).toHaveLength(probed.rows);
    expect(c!.values).toHaveLength(probed.rows);
  });

  it('holds every threshold and both its float32 neighbours', () => {
    const found = new Set(x!.values as Float32Array);
    for (const tree of model.trees)
      tree.column.forEach((column, node) => {
        const threshold = tree.threshold[node]!;
        if (column === 0)
          for (const value of [neighbour(threshold, -1), threshold, neighbour(threshold, 1)])
            expect(found).toContain(value);
      });
  });

  it('brings a row to either side of every split of every tree', () => {
    const inputs = encodeColumns(model.columns, probed);
    for (const tree of model.trees) {
      const seen = new Set<string>();
      for (let row = 0; row < probed.rows; row++)
        for (let node = 0; tree.column[node]! >= 0; ) {
          const value = inputs[tree.column[node]!]![row]!;
          const isLeft = goesLeft(tree, node, value);
          if (Number.isNaN(value)) seen.add(`${node} missing`);
          seen.add(`${node} ${isLeft ? 'left' : 'right'}`);
          node = isLeft ? tree.left[node]! : tree.right[node]!;
        }
      tree.column.forEach((column, node) => {
        if (column < 0) return;
        expect(seen).toContain(`${node} left`);
        expect(seen).toContain(`${node} right`);
      });
    }
  });

  it('holds missing, infinite and unseen values and every category', () => {
    expect([...(x!.values as Float32Array)]).toEqual(
      expect.arrayContaining([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]),
    );
    expect(c!.values).toEqual(expect.arrayContaining([null, '', 'unseen', 'a', 'b', 'c']));
  });

  it('brings categories to either side of every set split, and a missing value to those at the root', () => {
    const inputs = encodeColumns(model.columns, probed);
    const splits = model.trees.flatMap((tree) =>
      [...tree.set.keys()].filter((node) => tree.set[node]! >= 0).map((node) => ({ tree, node })),
    );
    expect(splits.length).toBeGreaterThan(20);
    for (const { tree, node } of splits) {
      const seen = new Set<number>();
      for (let row = 0; row < probed.rows; row++) {
        let at = 0;
        while (at !== node && tree.column[at]! >= 0) {
          const value = inputs[tree.column[at]!]![row]!;
          at = goesLeft(tree, at, value) ? tree.left[at]! : tree.right[at]!;
        }
        if (at === node) seen.add(inputs[1]![row]!);
      }
      const codes = [...seen].filter((code) => !Number.isNaN(code));
      expect(codes.some((code) => goesLeft(tree, node, code))).toBe(true);
      expect(codes.some((code) => !goesLeft(tree, node, code))).toBe(true);
      if (node === 0) expect(seen.has(Number.NaN)).toBe(true);
    }
  });

  it('needs only columns of a model without trees', () => {
    const rowsOfColumns = parityRows({ columns: model.columns }, data, 7);
    expect(rowsOfColumns.rows).toBe(10_000);
    expect(rowsOfColumns.columns[1]!.values).toEqual(expect.arrayContaining([null, 'unseen', 'a', 'b', 'c']));
  });

  it('is decided by the seed', () => {
    expect(parityRows(model, data, 7)).toEqual(probed);
    expect(parityRows(model, data, 8)).not.toEqual(probed);
  });

  it('works without held-out rows', () => {
    expect(parityRows(model, none, 1).rows).toBeGreaterThanOrEqual(10_000);
  });
});

describe('compareParity', () => {
  const regression = { task: 'regression', outputs: 1 } as const;

  it('passes on either side of its tolerance only inside it', () => {
    const expected = Float32Array.of(1000, 1000);
    expect(compareParity(expected, Float32Array.of(1000, 1000.019), regression).passed).toBe(true);
    const off = compareParity(expected, Float32Array.of(1000, 1000.021), regression);
    expect(off).toMatchObject({ passed: false, rows: 2, worstRow: 1 });
    expect(off.maxAbsolute).toBeCloseTo(0.021, 3);
  });

  const classes = { task: 'classification', outputs: 2 } as const;

  it('allows probabilities 1e-6', () => {
    const expected = Float32Array.of(0.25, 0.75, 1, 0);
    const off = (by: number) => Float32Array.of(0.25, 0.75, 1, by);
    expect(compareParity(expected, off(0.9e-6), classes).passed).toBe(true);
    expect(compareParity(expected, off(1.1e-6), classes)).toMatchObject({ passed: false, worstRow: 1 });
  });

  it('finds one wrong label among right probabilities, but not where two classes tie', () => {
    const expected = Float32Array.of(0.25, 0.75, 0.5, 0.5, 1, 0);
    const labelled = (...actual: string[]) =>
      compareParity(expected, expected, { ...classes, labels: { actual, classes: ['no', 'yes'] } });
    expect(labelled('yes', 'no', 'no')).toMatchObject({ passed: true, labelDifferences: 0 });
    expect(labelled('yes', 'yes', 'no')).toMatchObject({ passed: true, labelDifferences: 0 });
    expect(labelled('no', 'no', 'no')).toMatchObject({ passed: false, labelDifferences: 1 });
    expect(labelled('yes', 'no', 'maybe')).toMatchObject({ passed: false, labelDifferences: 1 });
    expect(() => labelled('yes')).toThrow('1 labels for 3 rows');
  });

  it('counts labels only beyond twice the tolerance of a tie', () => {
    const actual = Float32Array.of(0.5, 0.5 - 1e-5);
    const inside = compareParity(Float32Array.of(0.5 - 0.9e-6, 0.5 + 0.9e-6), actual, classes);
    const outside = compareParity(Float32Array.of(0.5 - 1.1e-6, 0.5 + 1.1e-6), actual, classes);
    expect([inside.labelDifferences, outside.labelDifferences]).toEqual([0, 1]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('never passes %d', (value) => {
    expect(compareParity(Float32Array.of(1, 2), Float32Array.of(value, 2), regression)).toMatchObject({
      passed: false,
      worstRow: 0,
    });
    expect(compareParity(Float32Array.of(value, 2), Float32Array.of(value, 2), regression).passed).toBe(
      false,
    );
  });

  it('refuses predictions of different lengths', () => {
    expect(() => compareParity(Float32Array.of(1), Float32Array.of(1, 2), regression)).toThrow(
      '2 actual values for 1 expected',
    );
  });

  it('does not pass on nothing', () => {
    expect(compareParity(new Float32Array(), new Float32Array(), regression).passed).toBe(false);
  });
});

describe('neighbour', () => {
  it('is one float32 step away, through zero too', () => {
    expect(neighbour(1, 1)).toBe(1 + 2 ** -23);
    expect(neighbour(-1, 1)).toBe(-1 + 2 ** -24);
    expect(neighbour(0, -1)).toBe(-(2 ** -149));
    expect(neighbour(Number.POSITIVE_INFINITY, -1)).toBe(Number.POSITIVE_INFINITY);
  });
});
