/** Where to split a node by one column: after which bin, or after which of the ordered categories. */

import { SLOTS } from './tree-histogram.ts';

/** Below this sum of hessians a child's value would be arbitrary (scikit-learn's `min_hessian_to_split`). */
const MIN_HESSIAN = 1e-3;
/** A gain smaller than this part of the node's own score is rounding noise. */
const NOISE = 1e-12;
/** A category's place in the order is pulled towards the node's mean as if by this many more rows. */
const SMOOTHING_ROWS = 10;
/** A category with fewer rows in the node (scikit-learn's `MIN_CAT_SUPPORT`) gets no place of its own. */
const MIN_ROWS_PER_CATEGORY = 10;
const EVERY_BIN = Uint8Array.from({ length: 256 }, (_, bin) => bin);

export interface Sums {
  readonly gradient: number;
  readonly hessian: number;
  readonly rows: number;
}

export interface SplitLimits {
  readonly minRowsPerLeaf: number;
  readonly l2: number;
}

/** One node's histogram of one column. */
interface ColumnHistogram {
  readonly histogram: Float64Array;
  /** Where the column's bins start. */
  readonly offset: number;
  /** The missing bin comes after these. */
  readonly valueBins: number;
  /** Slot of a bin that holds its hessian. */
  readonly hessianSlot: number;
}

export interface ColumnSplit {
  /** By bin, the missing one included: 1 where its rows go left. 256 long. */
  readonly leftBins: Uint8Array;
  /** The last bin that goes left; -1 where `leftBins` is a set of categories. */
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly gain: number;
  readonly left: Sums;
  readonly right: Sums;
}

/**
 * The best split of an ordered column into the values up to a bin and those above it.
 *
 * @param leastGain - a split that gains no more is none: another column already has it
 */
export function splitNumeric(
  of: ColumnHistogram,
  node: Sums,
  limits: SplitLimits,
  leastGain: number,
): ColumnSplit | undefined {
  const missing = sumsAt(of, of.valueBins);
  const best = bestPrefix(of, EVERY_BIN, of.valueBins, missing, node, limits, leastGain);
  if (best === undefined) return undefined;
  const bin = best.length - 1;
  const missingLeft = missing.rows > 0 ? best.isRestLeft : isLarger(best.left, node);
  const leftBins = new Uint8Array(256).fill(1, 0, bin + 1);
  if (missingLeft) leftBins[of.valueBins] = 1;
  return { bin, leftBins, missingLeft, gain: best.gain, ...children(node, best.left) };
}

/**
 * The best split of a column's categories in two sets. Ordered by gradient over hessian, the best of all sets is a
 * prefix (Fisher 1958, doi:10.1080/01621459.1958.10501479). Against chance, small categories are drawn to the middle of
 * the order, and those that are rare or absent in the node are judged with the missing rows and go where these go.
 */
export function splitCategories(
  of: ColumnHistogram,
  node: Sums,
  limits: SplitLimits,
  leastGain: number,
): ColumnSplit | undefined {
  const minRows = Math.min(MIN_ROWS_PER_CATEGORY, limits.minRowsPerLeaf);
  const count = orderCategories(of, node, minRows);
  const rest = restOf(of, minRows);
  const best = bestPrefix(of, ordered, count, rest, node, limits, leastGain);
  if (best === undefined) return undefined;
  const missingLeft = rest.rows > 0 ? best.isRestLeft : isLarger(best.left, node);
  const leftBins = new Uint8Array(256);
  if (missingLeft) leftBins.fill(1, 0, of.valueBins + 1);
  for (let at = 0; at < count; at++) leftBins[ordered[at]!] = at < best.length ? 1 : 0;
  return { bin: -1, leftBins, missingLeft, gain: best.gain, ...children(node, best.left) };
}

interface Prefix {
  /** How many bins of the order go left. */
  readonly length: number;
  /** Whether the missing rows go with them. */
  readonly isRestLeft: boolean;
  readonly gain: number;
  readonly left: Sums;
}

/** The prefix of the ordered bins that gains most, with the missing rows tried on both sides. */
function bestPrefix(
  { histogram, offset, hessianSlot }: ColumnHistogram,
  order: Uint8Array,
  count: number,
  rest: Sums,
  node: Sums,
  { minRowsPerLeaf, l2 }: SplitLimits,
  leastGain: number,
): Prefix | undefined {
  const parentScore = node.gradient ** 2 / (node.hessian + l2);
  let gain = Math.max(parentScore * NOISE, leastGain);
  let length = 0;
  let bestRestLeft = 0;
  let bestGradient = 0;
  let bestHessian = 0;
  let bestRows = 0;
  for (let restLeft = 0; restLeft <= (rest.rows > 0 ? 1 : 0); restLeft++) {
    let gradient = restLeft * rest.gradient;
    let hessian = restLeft * rest.hessian;
    let rows = restLeft * rest.rows;
    for (let at = 0; at < count; at++) {
      const slot = offset + order[at]! * SLOTS;
      const binRows = histogram[slot + 2]!;
      if (binRows === 0) continue;
      gradient += histogram[slot]!;
      hessian += histogram[slot + hessianSlot]!;
      rows += binRows;
      if (rows < minRowsPerLeaf || hessian < MIN_HESSIAN) continue;
      const rightHessian = node.hessian - hessian;
      if (node.rows - rows < minRowsPerLeaf || rightHessian < MIN_HESSIAN) break;
      const rightGradient = node.gradient - gradient;
      const found =
        (gradient * gradient) / (hessian + l2) +
        (rightGradient * rightGradient) / (rightHessian + l2) -
        parentScore;
      if (found > gain) {
        gain = found;
        length = at + 1;
        bestRestLeft = restLeft;
        bestGradient = gradient;
        bestHessian = hessian;
        bestRows = rows;
      }
    }
  }
  if (length === 0) return undefined;
  const left = { gradient: bestGradient, hessian: bestHessian, rows: bestRows };
  return { length, isRestLeft: bestRestLeft === 1, gain, left };
}

/** The categories in order, and what each is ordered by; overwritten by every search. */
const ordered = new Uint8Array(256);
const means = new Float64Array(256);

/** Insertion sort: there are at most 255, and training should leave no garbage here. */
function orderCategories(
  { histogram, offset, valueBins, hessianSlot }: ColumnHistogram,
  node: Sums,
  minRows: number,
): number {
  const smoothing = (SMOOTHING_ROWS * node.hessian) / node.rows;
  const pull = (SMOOTHING_ROWS * node.gradient) / node.rows;
  let count = 0;
  for (let bin = 0; bin < valueBins; bin++) {
    const slot = offset + bin * SLOTS;
    if (histogram[slot + 2]! < minRows) continue;
    const mean = (histogram[slot]! + pull) / (histogram[slot + hessianSlot]! + smoothing);
    means[bin] = mean;
    let at = count++;
    for (; at > 0 && means[ordered[at - 1]!]! > mean; at--) ordered[at] = ordered[at - 1]!;
    ordered[at] = bin;
  }
  return count;
}

/** The missing rows and those of rare categories. */
function restOf(of: ColumnHistogram, minRows: number): Sums {
  const missing = sumsAt(of, of.valueBins);
  let { gradient, hessian, rows } = missing;
  for (let bin = 0; bin < of.valueBins; bin++) {
    const binRows = of.histogram[of.offset + bin * SLOTS + 2]!;
    if (binRows === 0 || binRows >= minRows) continue;
    const sums = sumsAt(of, bin);
    gradient += sums.gradient;
    hessian += sums.hessian;
    rows += sums.rows;
  }
  return { gradient, hessian, rows };
}

function sumsAt({ histogram, offset, hessianSlot }: ColumnHistogram, bin: number): Sums {
  const slot = offset + bin * SLOTS;
  return {
    gradient: histogram[slot]!,
    hessian: histogram[slot + hessianSlot]!,
    rows: histogram[slot + 2]!,
  };
}

function isLarger(left: Sums, node: Sums): boolean {
  return left.rows * 2 >= node.rows;
}

function children(node: Sums, left: Sums): { readonly left: Sums; readonly right: Sums } {
  const right = {
    gradient: node.gradient - left.gradient,
    hessian: node.hessian - left.hessian,
    rows: node.rows - left.rows,
  };
  return { left, right };
}
