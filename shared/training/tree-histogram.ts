/** Gradient histograms: what the trainer counts in each node of a tree, and its innermost loop. */

import type { BinnedColumn } from './binning.ts';

/** A bin holds the sum of gradients, the sum of hessians (unused where each is 1) and the number of rows. */
export const SLOTS = 3;
/** Length of the part of a histogram that takes what is counted and never read. */
export const SPARE = 256 * SLOTS;

/** How the histograms of a set of columns are laid out. */
export interface HistogramLayout {
  readonly columns: readonly BinnedColumn[];
  /** Where each column's bins start, and last where they all end. */
  readonly offsets: Int32Array;
  /** Without the spare part that comes after the bins. */
  readonly length: number;
}

/** What histograms are filled from. */
export interface HistogramInput {
  /** Column by column, a bin per row. */
  readonly bins: readonly Uint8Array[];
  readonly offsets: Int32Array;
  /** Row indices, those of a leaf together. */
  readonly order: Int32Array;
  readonly gradients: Float32Array;
  /** `undefined` where every hessian is 1. */
  readonly hessians: Float32Array | undefined;
}

const fillColumns = createFillColumns();

/** Lays out histograms for these columns. */
export function histogramLayout(columns: readonly BinnedColumn[]): HistogramLayout {
  const offsets = new Int32Array(columns.length + 1);
  columns.forEach(({ cuts }, at) => {
    offsets[at + 1] = offsets[at]! + (cuts.length + 2) * SLOTS;
  });
  return { columns, offsets, length: offsets[columns.length]! };
}

/** Turns a parent's histogram into that of the child whose sibling is given. */
export function subtractHistogram(parent: Float64Array, sibling: Float64Array, length: number): void {
  for (let at = 0; at < length; at++) parent[at] = parent[at]! - sibling[at]!;
}

/**
 * Fills the bins of the columns `first … last - 1` from the rows `order[start … end - 1]`, each column's in the order
 * of the rows: the sums are the same however columns are shared out among threads.
 *
 * @param spare - where `SPARE` numbers that nobody reads start
 */
export type FillColumns = (
  histogram: Float64Array,
  input: HistogramInput,
  first: number,
  last: number,
  spare: number,
  start: number,
  end: number,
) => void;

/** Fills a histogram of all columns, `length + SPARE` long, from the rows `order[start … end - 1]`. */
export function fillHistogram(
  histogram: Float64Array,
  { columns, offsets, length }: HistogramLayout,
  order: Int32Array,
  start: number,
  end: number,
  gradients: Float32Array,
  hessians: Float32Array | undefined,
): void {
  const bins = columns.map((column) => column.bins);
  const input = { bins, offsets, order, gradients, hessians };
  fillColumns(histogram, input, 0, columns.length, length, start, end);
}

/**
 * Makes the function that fills histograms. It refers to nothing outside itself, since threads are given it as source text.
 *
 * Columns go in fours: consecutive additions to one column's bins wait for each other, those to several columns do
 * not. Rows go in blocks, whose gradients are gathered once for all columns and stay in the cache.
 */
export function createFillColumns(): FillColumns {
  const slots = 3;
  const block = 2048;
  const gradientBlock = new Float64Array(block);
  const hessianBlock = new Float64Array(block);

  function gather(to: Float64Array, from: Float32Array, order: Int32Array, start: number, count: number) {
    for (let at = 0; at < count; at++) to[at] = from[order[start + at]!]!;
  }

  function addFour(
    histogram: Float64Array,
    bins0: Uint8Array,
    bins1: Uint8Array,
    bins2: Uint8Array,
    bins3: Uint8Array,
    offset0: number,
    offset1: number,
    offset2: number,
    offset3: number,
    order: Int32Array,
    start: number,
    count: number,
  ) {
    for (let at = 0; at < count; at++) {
      const row = order[start + at]!;
      const gradient = gradientBlock[at]!;
      const slot0 = offset0 + bins0[row]! * slots;
      const slot1 = offset1 + bins1[row]! * slots;
      const slot2 = offset2 + bins2[row]! * slots;
      const slot3 = offset3 + bins3[row]! * slots;
      histogram[slot0] = histogram[slot0]! + gradient;
      histogram[slot0 + 2] = histogram[slot0 + 2]! + 1;
      histogram[slot1] = histogram[slot1]! + gradient;
      histogram[slot1 + 2] = histogram[slot1 + 2]! + 1;
      histogram[slot2] = histogram[slot2]! + gradient;
      histogram[slot2 + 2] = histogram[slot2 + 2]! + 1;
      histogram[slot3] = histogram[slot3]! + gradient;
      histogram[slot3 + 2] = histogram[slot3 + 2]! + 1;
    }
  }

  function addTwo(
    histogram: Float64Array,
    bins0: Uint8Array,
    bins1: Uint8Array,
    offset0: number,
    offset1: number,
    order: Int32Array,
    start: number,
    count: number,
  ) {
    for (let at = 0; at < count; at++) {
      const row = order[start + at]!;
      const gradient = gradientBlock[at]!;
      const slot0 = offset0 + bins0[row]! * slots;
      const slot1 = offset1 + bins1[row]! * slots;
      histogram[slot0] = histogram[slot0]! + gradient;
      histogram[slot0 + 2] = histogram[slot0 + 2]! + 1;
      histogram[slot1] = histogram[slot1]! + gradient;
      histogram[slot1 + 2] = histogram[slot1 + 2]! + 1;
    }
  }

  function addTwoWithHessians(
    histogram: Float64Array,
    bins0: Uint8Array,
    bins1: Uint8Array,
    offset0: number,
    offset1: number,
    order: Int32Array,
    start: number,
    count: number,
  ) {
    for (let at = 0; at < count; at++) {
      const row = order[start + at]!;
      const gradient = gradientBlock[at]!;
      const hessian = hessianBlock[at]!;
      const slot0 = offset0 + bins0[row]! * slots;
      const slot1 = offset1 + bins1[row]! * slots;
      histogram[slot0] = histogram[slot0]! + gradient;
      histogram[slot0 + 1] = histogram[slot0 + 1]! + hessian;
      histogram[slot0 + 2] = histogram[slot0 + 2]! + 1;
      histogram[slot1] = histogram[slot1]! + gradient;
      histogram[slot1 + 1] = histogram[slot1 + 1]! + hessian;
      histogram[slot1 + 2] = histogram[slot1 + 2]! + 1;
    }
  }

  return (histogram, { bins, offsets, order, gradients, hessians }, first, last, spare, start, end) => {
    histogram.fill(0, offsets[first]!, offsets[last]!);
    for (let from = start; from < end; from += block) {
      const count = Math.min(block, end - from);
      gather(gradientBlock, gradients, order, from, count);
      if (hessians !== undefined) gather(hessianBlock, hessians, order, from, count);
      for (let at = first; at < last; at += 2) {
        const bins0 = bins[at]!;
        const offset0 = offsets[at]!;
        // The last of an odd number of columns is its own partner.
        const bins1 = at + 1 < last ? bins[at + 1]! : bins0;
        const offset1 = at + 1 < last ? offsets[at + 1]! : spare;
        if (hessians !== undefined)
          addTwoWithHessians(histogram, bins0, bins1, offset0, offset1, order, from, count);
        else if (at + 3 < last) {
          const [bins2, bins3] = [bins[at + 2]!, bins[at + 3]!];
          const [offset2, offset3] = [offsets[at + 2]!, offsets[at + 3]!];
          addFour(
            histogram,
            bins0,
            bins1,
            bins2,
            bins3,
            offset0,
            offset1,
            offset2,
            offset3,
            order,
            from,
            count,
          );
          at += 2;
        } else addTwo(histogram, bins0, bins1, offset0, offset1, order, from, count);
      }
    }
  };
}
