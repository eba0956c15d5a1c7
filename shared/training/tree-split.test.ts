import { describe, expect, it } from 'vitest';
import { binCodes, binColumn } from './binning.ts';
import { histogramLayout, SLOTS } from './tree-histogram.ts';
import { findSplit } from './tree-split.ts';

describe('findSplit', () => {
  const gradients = Float32Array.of(-9, -9, 5, 5, 4, 4);
  const columns = [
    binColumn(Float32Array.of(1, 1, 2, 2, 3, 3), 255),
    binCodes(Float32Array.of(0, 0, 1, 1, 0, 0), 2),
    binColumn(Float32Array.of(7, 7, 7, 7, 7, 7), 255),
  ];
  const layout = histogramLayout(columns);
  const histogram = new Float64Array(layout.length);
  columns.forEach(({ bins }, column) => {
    bins.forEach((bin, row) => {
      const slot = layout.offsets[column]! + bin * SLOTS;
      histogram[slot] = histogram[slot]! + gradients[row]!;
      histogram[slot + 2] = histogram[slot + 2]! + 1;
    });
  });
  const search = (allowed?: Uint8Array, minRowsPerLeaf = 1) =>
    findSplit(
      histogram,
      layout,
      { gradient: 0, hessian: 6, rows: 6 },
      { minRowsPerLeaf, l2: 0 },
      true,
      allowed,
    );

  it('takes the column that gains most: 18² / 2 + 18² / 4', () => {
    expect(search()).toMatchObject({ column: 0, bin: 0, gain: 243, left: { rows: 2, gradient: -18 } });
  });

  it('takes only columns that are allowed', () => {
    expect(search(Uint8Array.of(0, 1, 1))).toMatchObject({ column: 1, bin: -1, gain: 75 });
    expect(search(Uint8Array.of(0, 0, 1))).toBeUndefined();
  });

  it('leaves no child below its least rows', () => {
    expect(search(undefined, 2)).toMatchObject({ column: 0, bin: 0 });
    expect(search(undefined, 3)).toBeUndefined();
  });
});
