/** Training columns in bins, as every tree trainer here needs them. */

import type { Columns } from '#shared/schema/columns.ts';
import { type BinnedColumn, binCodes, binColumn } from './binning.ts';
import { type ColumnEncoding, encodeColumn } from './column-encoding.ts';

/**
 * Bins columns: numbers by value, categories by code.
 *
 * @param encodings - one per column, in the same order, with at most `maxBins - 1` categories
 * @param maxBins - bins per column including the one for missing values, 3 to 256
 */
export function binColumns(
  { columns }: Columns,
  encodings: readonly ColumnEncoding[],
  maxBins: number,
): BinnedColumn[] {
  return columns.map((column, at) => {
    const encoding = encodings[at]!;
    const values = encodeColumn(encoding, column);
    return encoding.kind === 'numeric'
      ? binColumn(values, maxBins)
      : binCodes(values, encoding.categories.length);
  });
}

/** The fewest rows a leaf may have: as asked for, but never more than a tenth of all rows. */
export function leafRows(wanted: number, rows: number): number {
  return Math.min(wanted, Math.max(1, Math.floor(rows / 10)));
}
