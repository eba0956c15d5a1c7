/** The order in which categories get their codes. */

import type { CategoricalColumn } from '#shared/schema/columns.ts';
import { firstPrincipalComponent } from './category-axis.ts';
import type { ColumnEncoding } from './column-encoding.ts';

/** A category's mean is pulled towards the overall mean as if by this many more rows. */
const SMOOTHING_ROWS = 10;

/** What the target still holds once other columns are accounted for; see `learnCategories`. */
export interface Residuals {
  /** How many values a row has: one, or one per class with more than two classes. */
  readonly outputs: number;
  /** Negative gradients of the loss times row weights; value `k` of row `r` is at `k * rows + r`. */
  readonly values: Float32Array;
  /** Row weights, or `undefined` for equal ones. */
  readonly weights: Float32Array | undefined;
}

/**
 * Orders a column's categories, and thereby gives them ordinal codes, by their smoothed mean residual: for one output
 * a threshold on such codes is the best split in two sets (Fisher 1958). With more outputs the order is that along the
 * first principal component of the means (Coppersmith, Hong & Hosking 1999, doi:10.1023/A:1009869804967). Residuals
 * rather than the target itself, because the plain mean is confounded: better diamonds are smaller, hence cheaper.
 *
 * @param column - training values; `null` and `''` are missing
 * @param residuals - of the same rows
 * @param maxCategories - only so many of the most frequent categories are kept; the others count as missing
 */
export function learnCategories(
  column: CategoricalColumn,
  residuals: Residuals,
  maxCategories: number,
): ColumnEncoding {
  const kept = mostFrequent(column, maxCategories);
  const ranks = residualRanks(column, kept, residuals);
  const categories = kept
    .map((category, at) => ({ category, rank: ranks[at]! }))
    .sort((one, other) => one.rank - other.rank || (one.category < other.category ? -1 : 1))
    .map(({ category }) => category);
  return { kind: 'categorical', name: column.name, categories };
}

function mostFrequent(column: CategoricalColumn, limit: number): string[] {
  const counts = new Map<string, number>();
  for (const category of column.values)
    if (category !== null && category !== '') counts.set(category, (counts.get(category) ?? 0) + 1);
  return [...counts]
    .sort(([one, first], [other, second]) => second - first || (one < other ? -1 : 1))
    .slice(0, limit)
    .map(([category]) => category);
}

/** A number per category whose order is the order of the codes. */
function residualRanks(
  column: CategoricalColumn,
  categories: readonly string[],
  { outputs, values, weights }: Residuals,
): Float64Array {
  const positions = new Map(categories.map((category, at) => [category, at]));
  const rows = column.values.length;
  const sums = new Float64Array(categories.length * outputs);
  const totals = new Float64Array(categories.length);
  for (let row = 0; row < rows; row++) {
    const at = positions.get(column.values[row] ?? '');
    if (at === undefined) continue;
    totals[at] = totals[at]! + (weights === undefined ? 1 : weights[row]!);
    for (let output = 0; output < outputs; output++) {
      const slot = at * outputs + output;
      sums[slot] = sums[slot]! + values[output * rows + row]!;
    }
  }
  const means = sums.map((sum, slot) => sum / (totals[Math.floor(slot / outputs)]! + SMOOTHING_ROWS));
  return outputs === 1 ? means : firstPrincipalComponent(means, totals, outputs);
}
