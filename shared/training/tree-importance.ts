/** Which columns an ensemble of trees owes its accuracy to. */

import type { ColumnEncoding } from './column-encoding.ts';
import type { Tree } from './tree.ts';

/**
 * Each column's share of the loss reduction by all splits, largest first. Splits on the training rows only, so it
 * favours columns with many distinct values; for a fair ranking permute columns of held-out rows.
 *
 * @returns one entry per column; shares add up to 1, and are equal where no tree has a split
 * @example
 * importance(model)[0]; // { name: 'carat', share: 0.82 }
 */
export function importance(model: {
  readonly columns: readonly ColumnEncoding[];
  readonly trees: readonly Tree[];
}): { name: string; share: number }[] {
  const gains = new Float64Array(model.columns.length);
  for (const tree of model.trees)
    tree.column.forEach((column, node) => {
      if (column >= 0) gains[column] = gains[column]! + tree.gain[node]!;
    });
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return model.columns
    .map(({ name }, column) => ({ name, share: total > 0 ? gains[column]! / total : 1 / gains.length }))
    .sort((one, other) => other.share - one.share);
}
