/** Gradient histograms: what the trainer counts in each node of a tree, and its innermost loop. */

import type { BinnedColumn } from './binning.ts';

/** A bin holds the sum of gradients, the sum of hessians (unused where each is 1) and the number of rows. */
export const SLOTS = 3;
/** How the histograms of a set of columns are laid out and filled. */
export interface HistogramLayout {
  readonly columns: readonly BinnedColumn[];
  /** Where each column's bins start. */
  readonly offsets: Int32Array;
  readonly length: number;
  /** Partner of the last of an odd number of columns, at the histogram's end; never read. */
  readonly filler: { readonly bins: Uint8Array; readonly offset: number };
}

/** Lays out histograms for columns of `rows` rows each. */
export function histogramLayout(columns: readonly BinnedColumn[], rows: number): HistogramLayout {
  const offsets = new Int32Array(columns.length);
  let length = 0;
  for (let at = 0; at < columns.length; at++) {
    offsets[at] = length;
    length += (columns[at]!.cuts.length + 2) * SLOTS;
  }
  const filler = { bins: new Uint8Array(columns.length % 2 === 0 ? 0 : rows), offset: length };
  return { columns, offsets, length: length + SLOTS, filler };
}

/**
 * Fills a histogram from the rows `order[start … end - 1]`. Columns go in pairs: consecutive additions to one column's
 * bins wait for each other, those to two columns do not.
 *
 * @param hessians - `undefined` where every hessian is 1
 */
export function fillHistogram(
  histogram: Float64Array,
  { columns, offsets, filler }: HistogramLayout,
  order: Int32Array,
  start: number,
  end: number,
  gradients: Float32Array,
  hessians: Float32Array | undefined,
): void {
  histogram.fill(0);
  for (let at = 0; at < columns.length; at += 2) {
    const bins = columns[at]!.bins;
    const offset = offsets[at]!;
    const otherBins = columns[at + 1]?.bins ?? filler.bins;
    const otherOffset = offsets[at + 1] ?? filler.offset;
    if (hessians === undefined)
      addUnitRows(histogram, bins, offset, otherBins, otherOffset, order, start, end, gradients);
    else addRows(histogram, bins, offset, otherBins, otherOffset, order, start, end, gradients, hessians);
  }
}

/** Turns a parent's histogram into that of the child whose sibling is given. */
export function subtractHistogram(parent: Float64Array, sibling: Float64Array): void {
  for (let at = 0; at < parent.length; at++) parent[at] = parent[at]! - sibling[at]!;
}

function addUnitRows(
  histogram: Float64Array,
  bins: Uint8Array,
  offset: number,
  otherBins: Uint8Array,
  otherOffset: number,
  order: Int32Array,
  start: number,
  end: number,
  gradients: Float32Array,
): void {
  for (let at = start; at < end; at++) {
    const row = order[at]!;
    const gradient = gradients[row]!;
    const slot = offset + bins[row]! * SLOTS;
    const other = otherOffset + otherBins[row]! * SLOTS;
    histogram[slot] = histogram[slot]! + gradient;
    histogram[slot + 2] = histogram[slot + 2]! + 1;
    histogram[other] = histogram[other]! + gradient;
    histogram[other + 2] = histogram[other + 2]! + 1;
  }
}

function addRows(
  histogram: Float64Array,
  bins: Uint8Array,
  offset: number,
  otherBins: Uint8Array,
  otherOffset: number,
  order: Int32Array,
  start: number,
  end: number,
  gradients: Float32Array,
  hessians: Float32Array,
): void {
  for (let at = start; at < end; at++) {
    const row = order[at]!;
    const gradient = gradients[row]!;
    const hessian = hessians[row]!;
    const slot = offset + bins[row]! * SLOTS;
    const other = otherOffset + otherBins[row]! * SLOTS;
    histogram[slot] = histogram[slot]! + gradient;
    histogram[slot + 1] = histogram[slot + 1]! + hessian;
    histogram[slot + 2] = histogram[slot + 2]! + 1;
    histogram[other] = histogram[other]! + gradient;
    histogram[other + 1] = histogram[other + 1]! + hessian;
    histogram[other + 2] = histogram[other + 2]! + 1;
  }
}
