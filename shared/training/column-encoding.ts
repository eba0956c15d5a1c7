/** From columns to the float32 values that models compute with: the first step of both training and prediction. */

import type { Column, Columns } from '#shared/schema/columns.ts';
import { TrainingDataError } from './training-target.ts';

/** How one input column becomes the float the trees compare. */
export type ColumnEncoding =
  | { readonly kind: 'numeric'; readonly name: string }
  | {
      readonly kind: 'categorical';
      readonly name: string;
      /** A category's code is its position here; every other string, `null` and `''` are missing. */
      readonly categories: readonly string[];
    };

/**
 * How a model reads these columns. Categories get their codes by frequency, the most frequent first.
 *
 * @param columns - training values; `null` and `''` are missing
 * @param maxCategories - only so many of the most frequent categories are kept; the others count as missing
 * @example
 * learnEncodings([{ kind: 'categorical', name: 'cut', values: ['a', 'b', 'b', null] }], 254);
 * // [{ kind: 'categorical', name: 'cut', categories: ['b', 'a'] }]
 */
export function learnEncodings(columns: readonly Column[], maxCategories: number): ColumnEncoding[] {
  return columns.map((column) =>
    column.kind === 'numeric'
      ? { kind: 'numeric', name: column.name }
      : { kind: 'categorical', name: column.name, categories: mostFrequent(column.values, maxCategories) },
  );
}

/**
 * The columns a model reads, found by name and in the model's order; missing and unseen values are `NaN`.
 *
 * @throws TrainingDataError when a column is absent or of the other kind
 */
export function encodeColumns(encodings: readonly ColumnEncoding[], data: Columns): Float32Array[] {
  const byName = new Map(data.columns.map((column) => [column.name, column]));
  return encodings.map((encoding) => {
    const column = byName.get(encoding.name);
    if (column === undefined) throw new TrainingDataError(`column "${encoding.name}" is missing`);
    return encodeColumn(encoding, column);
  });
}

/** One column's float32 values; numbers are rounded to float32 here, before anything compares them. */
export function encodeColumn(encoding: ColumnEncoding, column: Column): Float32Array {
  if (encoding.kind === 'numeric' && column.kind === 'numeric')
    return column.values instanceof Float32Array ? column.values : Float32Array.from(column.values);
  if (encoding.kind === 'categorical' && column.kind === 'categorical') {
    const codes = new Map(encoding.categories.map((category, code) => [category, code]));
    const encoded = new Float32Array(column.values.length);
    for (let row = 0; row < encoded.length; row++)
      encoded[row] = codes.get(column.values[row] ?? '') ?? Number.NaN;
    return encoded;
  }
  throw new TrainingDataError(`column "${encoding.name}" is ${column.kind}, must be ${encoding.kind}`);
}

function mostFrequent(values: readonly (string | null)[], limit: number): string[] {
  const counts = new Map<string, number>();
  for (const value of values)
    if (value !== null && value !== '') counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort(([one, first], [other, second]) => second - first || (one < other ? -1 : 1))
    .slice(0, limit)
    .map(([category]) => category);
}
