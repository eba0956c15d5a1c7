import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { type BinnedColumn, binCodes, binColumn } from './binning.ts';
import { findLeaf } from './tree.ts';
import { createGrower, type GrowExtras, type GrowOptions } from './tree-growing.ts';

const options: GrowOptions = { maxLeaves: 8, minRowsPerLeaf: 2, l2: 0, learningRate: 0.1 };

interface Table {
  readonly values: readonly Float32Array[];
  readonly columns: readonly BinnedColumn[];
  readonly gradients: Float32Array;
}

/** Two numeric columns, one of them with missing values, and one of categories. */
function tableOf(rows: number, seed = 1): Table {
  const random = seededRandom(seed);
  const draw = (value: () => number) => Float32Array.from({ length: rows }, value);
  const values = [
    draw(random),
    draw(() => (random() < 0.2 ? Number.NaN : Math.floor(random() * 9))),
    draw(() => Math.floor(random() * 5)),
  ];
  const [first, second, third] = [values[0]!, values[1]!, values[2]!];
  return {
    values,
    columns: [binColumn(first, 255), binColumn(second, 255), binCodes(third, 5)],
    gradients: Float32Array.from(
      first,
      (value, row) => value - (third[row]! % 2) + (second[row]! > 4 ? 1 : 0),
    ),
  };
}

function takeRows({ columns, gradients }: Table, rows: Int32Array): Omit<Table, 'values'> {
  return {
    columns: columns.map((column) => ({
      ...column,
      bins: Uint8Array.from(rows, (row) => column.bins[row]!),
    })),
    gradients: Float32Array.from(rows, (row) => gradients[row]!),
  };
}

function grow({ columns, gradients }: Omit<Table, 'values'>, extras?: GrowExtras, scores?: Float64Array) {
  return createGrower(columns, gradients.length, options).grow(gradients, undefined, 0, scores, extras);
}

const samples = fc
  .record({
    rows: fc.integer({ min: 1, max: 80 }),
    seed: fc.nat(99),
    drawn: fc.integer({ min: 1, max: 160 }),
  })
  .map(({ rows, seed, drawn }) => {
    const random = seededRandom(seed);
    return {
      table: tableOf(rows, seed),
      sample: Int32Array.from({ length: drawn }, () => Math.floor(random() * rows)),
    };
  });

describe('createGrower', () => {
  it('splits where squared error falls most and moves both sides a tenth of the way to their means', () => {
    const column = binColumn(Float32Array.of(1, 2, 3, 4), 255);
    const scores = new Float64Array(4);
    const tree = grow({ columns: [column], gradients: Float32Array.of(0, 0, -10, -10) }, {}, scores);
    expect([...tree.threshold]).toEqual([2.5, 0, 0]);
    expect([...tree.value]).toEqual([0, 0, 1]);
    expect([...scores]).toEqual([0, 0, 1, 1]);
  });

  it('adds to each row the value of the leaf that its values lead to, whichever rows the tree is grown from', () => {
    fc.assert(
      fc.property(samples, fc.boolean(), ({ table, sample }, isSampled) => {
        const scores = new Float64Array(table.gradients.length);
        const tree = grow(table, isSampled ? { rows: sample } : {}, scores);
        const expected = Float64Array.from(
          scores,
          (_, row) => tree.value[findLeaf(tree, table.values, row)]!,
        );
        expect(scores).toEqual(expected);
      }),
    );
  });

  it('grows from a sample the tree of these rows alone, a repeated row counting as often', () => {
    fc.assert(
      fc.property(samples, ({ table, sample }) => {
        expect(grow(table, { rows: sample })).toEqual(grow(takeRows(table, sample)));
      }),
    );
  });

  it('gives the same tree after a sample as before', () => {
    const table = tableOf(200);
    const grower = createGrower(table.columns, 200, options);
    const before = grower.grow(table.gradients, undefined, 0, undefined);
    grower.grow(table.gradients, undefined, 0, new Float64Array(200), { rows: Int32Array.of(5, 5, 9, 1) });
    expect(grower.grow(table.gradients, undefined, 0, undefined)).toEqual(before);
  });

  it('splits only the columns allowed for each node, asking for the root first', () => {
    const table = tableOf(300);
    const first = grow(table, { allowedColumns: () => Uint8Array.of(0, 1, 0) });
    expect(new Set(first.column)).toEqual(new Set([1, -1]));
    let asked = 0;
    const rootOnly = grow(table, {
      allowedColumns: () => (asked++ === 0 ? Uint8Array.of(0, 0, 1) : Uint8Array.of(1, 0, 0)),
    });
    expect(rootOnly.column[0]).toBe(2);
    expect(new Set(rootOnly.column.slice(1))).toEqual(new Set([0, -1]));
    expect(asked).toBeGreaterThan(2);
    expect(grow(table, { allowedColumns: () => new Uint8Array(3) }).column).toEqual(Int32Array.of(-1));
  });

  it('takes leaf values from the caller, in float32, telling each leaf with its rows once', () => {
    const table = tableOf(300);
    const told = new Map<number, number[]>();
    const scores = new Float64Array(300);
    const tree = grow(
      table,
      {
        leafValue: (node, rows) => {
          told.set(node, [...rows]);
          return node + 0.1;
        },
      },
      scores,
    );
    const leaves = [...tree.column.keys()].filter((node) => tree.column[node] === -1);
    expect([...told.keys()].sort((a, b) => a - b)).toEqual(leaves);
    for (const [node, rows] of told) {
      expect(tree.value[node]).toBe(Math.fround(node + 0.1));
      for (const row of rows) expect(findLeaf(tree, table.values, row)).toBe(node);
    }
    expect([...told.values()].flat()).toHaveLength(300);
    expect(scores[0]).toBe(tree.value[findLeaf(tree, table.values, 0)]!);
  });
});
