/** Where to split a node of a forest's tree: by variance of a number, or by Gini impurity of classes. */

import type { BinnedColumn } from './binning.ts';
import { firstPrincipalComponent } from './category-axis.ts';

/** A gain smaller than this part of the node's own score is rounding noise. */
const NOISE = 1e-9;

/** What the trees are grown to tell: one number per row, or one class. */
export interface ForestTarget {
  /** Sums kept per bin: 1 for a number, else one per class. */
  readonly outputs: number;
  /** Of a regression, centred so that sums of squares lose no digits. */
  readonly values?: Float64Array;
  readonly labels?: Int32Array;
}

export interface ForestSplit {
  readonly column: number;
  readonly bin: number;
  readonly leftBins: Uint8Array;
  readonly missingLeft: boolean;
  readonly gain: number;
}

/** Adds up a node's rows; `sums` holds the weight, the number of rows and the target's sums. */
export function addRow(
  sums: Float64Array,
  slot: number,
  row: number,
  weight: number,
  { values, labels }: ForestTarget,
): void {
  sums[slot] = sums[slot]! + weight;
  sums[slot + 1] = sums[slot + 1]! + 1;
  const at = slot + 2 + (labels === undefined ? 0 : labels[row]!);
  sums[at] = sums[at]! + (values === undefined ? weight : weight * values[row]!);
}

/** Prepares the search of nodes in binned columns; the answer searches one column for one node. */
export function createForestSearch(
  columns: readonly BinnedColumn[],
  target: ForestTarget,
  weights: Float64Array,
  minRowsPerLeaf: number,
): (column: number, rows: Int32Array, node: Float64Array) => ForestSplit | undefined {
  const width = target.outputs + 2;
  /** All 0 between searches: most nodes have few rows, and clearing every bin for them took most of the time. */
  const histogram = new Float64Array(256 * width);
  const seen = new Uint8Array(256);
  const left = new Float64Array(width);
  const scoreOf = (sums: Float64Array, from: number) => {
    let squares = 0;
    for (let at = from + 2; at < from + width; at++) squares += sums[at]! ** 2;
    return squares / sums[from]!;
  };
  const scoreOfRest = (node: Float64Array) => {
    let squares = 0;
    for (let at = 2; at < width; at++) squares += (node[at]! - left[at]!) ** 2;
    return squares / (node[0]! - left[0]!);
  };
  const addBin = (to: Float64Array, toSlot: number, bin: number) => {
    for (let at = 0; at < width; at++) to[toSlot + at] = to[toSlot + at]! + histogram[bin * width + at]!;
  };

  return (column, rows, node) => {
    const { bins, cuts, isCategorical } = columns[column]!;
    const missing = cuts.length + 1;
    let count = 0;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      const bin = bins[row]!;
      if (histogram[bin * width + 1] === 0) seen[count++] = bin;
      addRow(histogram, bin * width, row, weights[row]!, target);
    }
    const found = seen.subarray(0, count).sort();
    const restRows = histogram[missing * width + 1]!;
    const present = restRows > 0 ? found.subarray(0, count - 1) : found;
    const order = isCategorical ? orderedCategories(histogram, present, width) : present;
    const parentScore = scoreOf(node, 0);
    let gain = NOISE * parentScore;
    let best: { readonly length: number; readonly isRestLeft: boolean; readonly rows: number } | undefined;
    for (let restLeft = 0; restLeft <= (restRows > 0 ? 1 : 0); restLeft++) {
      left.fill(0);
      if (restLeft === 1) addBin(left, 0, missing);
      for (let at = 0; at < order.length; at++) {
        addBin(left, 0, order[at]!);
        if (left[1]! < minRowsPerLeaf) continue;
        if (node[1]! - left[1]! < minRowsPerLeaf) break;
        const gained = scoreOf(left, 0) + scoreOfRest(node) - parentScore;
        if (gained <= gain) continue;
        gain = gained;
        best = { length: at + 1, isRestLeft: restLeft === 1, rows: left[1]! };
      }
    }
    for (const bin of found) histogram.fill(0, bin * width, (bin + 1) * width);
    if (best === undefined) return undefined;
    const missingLeft = restRows > 0 ? best.isRestLeft : best.rows * 2 >= node[1]!;
    const leftBins = new Uint8Array(256);
    const bin = isCategorical ? -1 : order[best.length - 1]!;
    if (isCategorical) {
      if (missingLeft) leftBins.fill(1, 0, missing);
      order.forEach((category, at) => {
        leftBins[category] = at < best.length ? 1 : 0;
      });
    } else leftBins.fill(1, 0, bin + 1);
    leftBins[missing] = missingLeft ? 1 : 0;
    return { column, bin, leftBins, missingLeft, gain };
  };
}

/** By mean, or by share of the second of two classes (Fisher 1958); with more, along the axis they differ most in. */
function orderedCategories(histogram: Float64Array, present: Uint8Array, width: number): Uint8Array {
  const share = (bin: number, at: number) => histogram[bin * width + at]! / histogram[bin * width]!;
  const outputs = width - 2;
  const place = new Float64Array(256);
  if (outputs <= 2) for (const bin of present) place[bin] = share(bin, width - 1);
  else {
    const points = Float64Array.from({ length: present.length * outputs }, (_, at) =>
      share(present[Math.floor(at / outputs)]!, 2 + (at % outputs)),
    );
    const sizes = Float64Array.from(present, (bin) => histogram[bin * width]!);
    firstPrincipalComponent(points, sizes, outputs).forEach((along, at) => {
      place[present[at]!] = along;
    });
  }
  return present.slice().sort((one, other) => place[one]! - place[other]! || one - other);
}
