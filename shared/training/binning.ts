/** From float32 values to at most 255 ordered bins: what the trainer's histograms count. */

/** More values than this are thinned before quantiles are taken. */
const SAMPLE_ROWS = 200_000;
/** Fibonacci hashing: spreads row numbers evenly and in no rhythm the data could share. */
const GOLDEN_RATIO_32 = 0x9e3779b9;

/** One column in bins. Values are in bins `0 … cuts.length`, missing ones in bin `cuts.length + 1`. */
export interface BinnedColumn {
  readonly bins: Uint8Array;
  /** The largest value of every value bin but the last, ascending. */
  readonly cuts: Float32Array;
  /** Bins are categories: any set of them may go left, not only a range. */
  readonly isCategorical: boolean;
}

/**
 * Bins one column: a bin per distinct value where they fit, else bins of about equally many rows, as scikit-learn's
 * `_BinMapper` does.
 *
 * @param values - float32 values; `NaN` is missing, infinities are values
 * @param maxBins - bins including the one for missing values, 3 to 256
 * @example
 * binColumn(Float32Array.of(1, 2, NaN, 1), 255); // { bins: [0, 1, 2, 0], cuts: [1.5], isCategorical: false }
 */
export function binColumn(values: Float32Array, maxBins: number): BinnedColumn {
  const cuts = cutPoints(values, maxBins - 1);
  return { bins: assignBins(values, cuts), cuts, isCategorical: false };
}

/**
 * Bins the codes of categories: a bin per code.
 *
 * @param codes - whole numbers from 0 to `count - 1`, or `NaN`
 * @param count - at most 255
 */
export function binCodes(codes: Float32Array, count: number): BinnedColumn {
  const cuts = Float32Array.from({ length: Math.max(count - 1, 0) }, (_, code) => code + 0.5);
  const bins = sharedBins(codes.length);
  for (let row = 0; row < codes.length; row++)
    bins[row] = Number.isNaN(codes[row]!) ? cuts.length + 1 : codes[row]!;
  return { bins, cuts, isCategorical: true };
}

/**
 * The float32 threshold between two neighbouring values, such that `below <= threshold < above` in float32. The
 * rounded midpoint may reach `above`; then it is `below`. Comparing float32 inputs with it takes the same branch here
 * and in ONNX Runtime.
 *
 * @example
 * thresholdBetween(1, 2); // 1.5
 */
export function thresholdBetween(below: number, above: number): number {
  const middle = Math.fround((below + above) / 2);
  return middle < above ? middle : below;
}

function cutPoints(values: Float32Array, maxValueBins: number): Float32Array {
  const sorted = sample(values).sort();
  const cuts: number[] = [];
  for (let at = 1; at < sorted.length && cuts.length < maxValueBins; at++)
    if (sorted[at]! > sorted[at - 1]!) cuts.push(thresholdBetween(sorted[at - 1]!, sorted[at]!));
  return Float32Array.from(cuts.length < maxValueBins ? cuts : quantileCuts(sorted, maxValueBins));
}

function quantileCuts(sorted: Float32Array, maxValueBins: number): number[] {
  const cuts: number[] = [];
  const largest = sorted[sorted.length - 1]!;
  for (let bin = 1; bin < maxValueBins; bin++) {
    const at = Math.floor((bin * sorted.length) / maxValueBins);
    const cut = thresholdBetween(sorted[at - 1]!, sorted[at]!);
    if (cut < largest && (cuts.length === 0 || cut > cuts[cuts.length - 1]!)) cuts.push(cut);
  }
  return cuts;
}

/** The values that are not missing; of very many, an evenly spread part. */
function sample(values: Float32Array): Float32Array {
  const isThinned = values.length > SAMPLE_ROWS;
  const limit = isThinned ? (SAMPLE_ROWS / values.length) * 2 ** 32 : 2 ** 32;
  const found = new Float32Array(isThinned ? 2 * SAMPLE_ROWS : values.length);
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (Math.imul(row, GOLDEN_RATIO_32) >>> 0 < limit && !Number.isNaN(value)) found[count++] = value;
  }
  return found.subarray(0, count);
}

/** In shared memory, so that threads can read them. */
function sharedBins(rows: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(rows));
}

/** A binary search without branches, which would be mispredicted every other time. */
function assignBins(values: Float32Array, cuts: Float32Array): Uint8Array {
  const bins = sharedBins(values.length);
  const missing = cuts.length + 1;
  const padded = new Float32Array(256).fill(Number.POSITIVE_INFINITY);
  padded.set(cuts);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    let bin = 128 * Number(value > padded[127]!);
    bin += 64 * Number(value > padded[bin + 63]!);
    bin += 32 * Number(value > padded[bin + 31]!);
    bin += 16 * Number(value > padded[bin + 15]!);
    bin += 8 * Number(value > padded[bin + 7]!);
    bin += 4 * Number(value > padded[bin + 3]!);
    bin += 2 * Number(value > padded[bin + 1]!);
    bin += Number(value > padded[bin]!);
    bins[row] = Number.isNaN(value) ? missing : bin;
  }
  return bins;
}
