import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binCodes } from './binning.ts';
import {
  createFillColumns,
  type HistogramInput,
  histogramLayout,
  SLOTS,
  SPARE,
  subtractHistogram,
} from './tree-histogram.ts';

const fillColumns = createFillColumns();

/** Rows of 1 to 9 columns of 5 codes or missing, with whole gradients, whose sums are exact in any order. */
const tables = fc
  .record({
    columns: fc.integer({ min: 1, max: 9 }),
    rows: fc.integer({ min: 1, max: 40 }),
    hasHessians: fc.boolean(),
    seed: fc.integer({ min: 0, max: 999 }),
  })
  .map(({ columns, rows, hasHessians, seed }) => {
    const number = (row: number, column: number) => (row * 7 + column * 13 + seed * (column + row + 1)) % 6;
    const binned = Array.from({ length: columns }, (_, column) =>
      binCodes(
        Float32Array.from({ length: rows }, (_, row) =>
          number(row, column) < 5 ? number(row, column) : Number.NaN,
        ),
        5,
      ),
    );
    return { layout: histogramLayout(binned), input: inputOf(binned, rows, hasHessians) };
  });

function inputOf(columns: ReturnType<typeof binCodes>[], rows: number, hasHessians: boolean): HistogramInput {
  return {
    bins: columns.map(({ bins }) => bins),
    offsets: histogramLayout(columns).offsets,
    order: Int32Array.from({ length: rows }, (_, at) => rows - 1 - at),
    gradients: Float32Array.from({ length: rows }, (_, row) => (row % 11) - 5),
    hessians: hasHessians ? Float32Array.from({ length: rows }, (_, row) => 1 + (row % 3)) : undefined,
  };
}

function filled(input: HistogramInput, length: number, end = input.order.length, start = 0): Float64Array {
  const histogram = new Float64Array(length + SPARE).fill(99);
  fillColumns(histogram, input, 0, input.bins.length, length, start, end);
  return histogram.subarray(0, length);
}

function counted({ bins, offsets, order, gradients, hessians }: HistogramInput, length: number, end: number) {
  const histogram = new Float64Array(length);
  for (const row of order.subarray(0, end))
    bins.forEach((column, at) => {
      const slot = offsets[at]! + column[row]! * SLOTS;
      const add = (to: number, value: number) => {
        histogram[to] = histogram[to]! + value;
      };
      add(slot, gradients[row]!);
      add(slot + 1, hessians?.[row] ?? 0);
      add(slot + 2, 1);
    });
  return histogram;
}

describe('createFillColumns', () => {
  it('counts what a plain loop counts, for every number of columns, and forgets what was there', () => {
    fc.assert(
      fc.property(tables, fc.nat(40), ({ layout, input }, rows) => {
        const end = Math.min(rows, input.order.length);
        expect(filled(input, layout.length, end)).toEqual(counted(input, layout.length, end));
      }),
    );
  });

  it('makes the same sums, bit for bit, of all columns at once and of any two parts', () => {
    fc.assert(
      fc.property(tables, fc.nat(9), ({ layout, input }, share) => {
        const uneven = { ...input, gradients: input.gradients.map((value) => value / 3) };
        const middle = Math.min(share, input.bins.length);
        const parts = new Float64Array(layout.length + SPARE);
        const [rows, columns] = [input.order.length, input.bins.length];
        fillColumns(parts, uneven, 0, middle, layout.length, 0, rows);
        fillColumns(parts, uneven, middle, columns, layout.length, 0, rows);
        expect(parts.subarray(0, layout.length)).toEqual(filled(uneven, layout.length));
      }),
    );
  });

  it('goes beyond one block of rows', () => {
    const rows = 5000;
    const column = binCodes(
      Float32Array.from({ length: rows }, (_, row) => row % 5),
      5,
    );
    const input = inputOf([column, column, column], rows, true);
    const { length } = histogramLayout([column, column, column]);
    expect(filled(input, length)).toEqual(counted(input, length, rows));
  });
});

describe('subtractHistogram', () => {
  it('leaves of a parent what the sibling of a child does not have', () => {
    fc.assert(
      fc.property(tables, fc.nat(40), ({ layout, input }, rows) => {
        const middle = Math.min(rows, input.order.length);
        const parent = filled(input, layout.length);
        subtractHistogram(parent, filled(input, layout.length, middle), layout.length);
        expect(parent).toEqual(filled(input, layout.length, input.order.length, middle));
      }),
    );
  });
});
