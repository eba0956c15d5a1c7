/** From columns to the standardised, one-hot encoded features of a network; learned in training, repeated in the ONNX. */

import type { Column, Columns } from '#shared/schema/columns.ts';
import { type ColumnEncoding, encodeColumns } from './column-encoding.ts';
import type { NetworkColumn } from './network-model.ts';

/** Standardised values, infinities among them, are clipped to this many standard deviations from the mean. */
export const STANDARDISED_LIMIT = 10;
/** Categories of a column beyond the most frequent ones share a feature. */
const MAX_CATEGORIES = 64;
/** The largest float32: differences are kept below infinity, which times a scale of 0 would be `NaN`. */
export const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/** Where each column's features begin. */
export interface FeatureLayout {
  readonly width: number;
  readonly columns: readonly {
    readonly column: NetworkColumn;
    /** The first feature of the column. */
    readonly start: number;
    /** The feature that says a number is missing; -1 without. */
    readonly missingAt: number;
  }[];
}

/**
 * Learns how to encode columns: means, deviations and the most frequent categories.
 *
 * @param weights - one per row; rows of weight 0 teach nothing
 */
export function learnFeatures(data: Columns, weights: Float32Array | undefined): NetworkColumn[] {
  return data.columns.map((column) =>
    column.kind === 'numeric' ? learnNumeric(column, weights) : learnCategorical(column, weights),
  );
}

export function layoutOf(columns: readonly NetworkColumn[]): FeatureLayout {
  const numeric = columns.filter((column) => column.kind === 'numeric');
  const indicators = numeric.filter((column) => column.hasMissing).length;
  let [nextNumber, nextIndicator, nextCategory] = [0, numeric.length, numeric.length + indicators];
  const placed = columns.map((column) => {
    if (column.kind === 'numeric')
      return { column, start: nextNumber++, missingAt: column.hasMissing ? nextIndicator++ : -1 };
    const start = nextCategory;
    nextCategory += column.shares.length;
    return { column, start, missingAt: -1 };
  });
  return { width: nextCategory, columns: placed };
}

/**
 * One float32 per row and column, row by row: a standardised number or `NaN` for missing; the position of a category's
 * feature, or the number of features where it has none.
 *
 * @throws TrainingDataError when a column is absent or of the other kind
 */
export function encodeRows(columns: readonly NetworkColumn[], data: Columns): Float32Array {
  const width = columns.length;
  const encoded = new Float32Array(data.rows * width);
  encodeColumns(columns.map(withMissing), data).forEach((values, at) => {
    const encode = encoderOf(columns[at]!);
    for (let row = 0; row < data.rows; row++) encoded[row * width + at] = encode(values[row]!);
  });
  return encoded;
}

/** Writes the features of one row of `encodeRows` to `into` from `start` on. */
export function writeFeatures(
  { columns, width }: FeatureLayout,
  encoded: Float32Array,
  row: number,
  into: Float64Array,
  start: number,
): void {
  into.fill(0, start, start + width);
  const first = row * columns.length;
  for (let at = 0; at < columns.length; at++) {
    const { column, start: offset, missingAt } = columns[at]!;
    const value = encoded[first + at]!;
    if (column.kind === 'numeric') {
      if (!Number.isNaN(value)) into[start + offset] = value;
      else if (missingAt >= 0) into[start + missingAt] = 1;
    } else if (value < column.shares.length) into[start + offset + value] = 1;
    else into.set(column.shares, start + offset);
  }
}

/** Position of the feature of missing and of other categories; without one, the number of features. */
export function categorySlots({ categories, hasMissing, hasOther, shares }: CategoricalFeatures): {
  readonly missing: number;
  readonly other: number;
} {
  const none = shares.length;
  return { missing: hasMissing ? categories.length : none, other: hasOther ? none - 1 : none };
}

type CategoricalFeatures = Extract<NetworkColumn, { kind: 'categorical' }>;

/** With the empty string as the category after the last, so that missing and unseen are told apart. */
function withMissing(column: NetworkColumn): ColumnEncoding {
  if (column.kind === 'numeric') return column;
  return { ...column, categories: [...column.categories, ''] };
}

function encoderOf(column: NetworkColumn): (value: number) => number {
  if (column.kind === 'numeric') {
    const { mean, scale } = column;
    return (value) => standardised(value, mean, scale);
  }
  const { missing, other } = categorySlots(column);
  const last = column.categories.length;
  return (code) => (Number.isNaN(code) ? other : code === last ? missing : code);
}

/** Each step rounded to float32, as the exported graph does. */
function standardised(value: number, mean: number, scale: number): number {
  const difference = clipped(Math.fround(value - mean), LARGEST_FLOAT);
  return clipped(Math.fround(difference * scale), STANDARDISED_LIMIT);
}

function clipped(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit);
}

function learnNumeric(
  { name, values }: Extract<Column, { kind: 'numeric' }>,
  weights: Float32Array | undefined,
): NetworkColumn {
  const { fround } = Math;
  let [total, sum, smallest, largest, hasMissing] = [
    0,
    0,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    false,
  ];
  for (let row = 0; row < values.length; row++) {
    const [value, weight] = [fround(values[row]!), weights?.[row] ?? 1];
    if (weight === 0) continue;
    if (Number.isNaN(value)) hasMissing = true;
    if (!Number.isFinite(value)) continue;
    total += weight;
    sum += weight * value;
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
  }
  if (smallest >= largest || total === 0)
    return { kind: 'numeric', name, mean: total > 0 ? smallest : 0, scale: 0, hasMissing };
  const mean = sum / total;
  let squares = 0;
  for (let row = 0; row < values.length; row++) {
    const value = fround(values[row]!);
    if (Number.isFinite(value)) squares += (weights?.[row] ?? 1) * (value - mean) ** 2;
  }
  const scale = fround(1 / Math.sqrt(squares / total));
  return { kind: 'numeric', name, mean: fround(mean), scale: Math.min(scale, LARGEST_FLOAT), hasMissing };
}

function learnCategorical(
  { name, values }: Extract<Column, { kind: 'categorical' }>,
  weights: Float32Array | undefined,
): NetworkColumn {
  const counts = new Map<string, number>();
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    const [category, weight] = [values[row] ?? '', weights?.[row] ?? 1];
    if (weight === 0) continue;
    counts.set(category, (counts.get(category) ?? 0) + weight);
    total += weight;
  }
  const missing = counts.get('');
  counts.delete('');
  const ranked = [...counts].sort(
    ([oneName, one], [otherName, other]) => other - one || (oneName < otherName ? -1 : 1),
  );
  const kept = ranked.slice(0, MAX_CATEGORIES);
  const rest = ranked.slice(MAX_CATEGORIES);
  const sums = kept.map(([, count]) => count);
  if (missing !== undefined) sums.push(missing);
  if (rest.length > 0) sums.push(rest.reduce((sum, [, count]) => sum + count, 0));
  return {
    kind: 'categorical',
    name,
    categories: kept.map(([category]) => category),
    hasMissing: missing !== undefined,
    hasOther: rest.length > 0,
    shares: Float32Array.from(sums, (count) => count / total),
  };
}
