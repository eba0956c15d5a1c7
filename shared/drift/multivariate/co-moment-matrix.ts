/** Reading co-moments: which entry is which, and how many rows there must be. */

import type { CoMoments } from '#shared/profile/co-moments.ts';
import type { Dependence } from '#shared/profile/dependence.ts';
import { type NotComputable, notComputable } from '../measure.ts';

/** Fewer rows than this on either side are not compared. */
export const MIN_MULTIVARIATE_ROWS = 50;

/** Place of pair i ≤ j among the entries on and above the diagonal, row by row. */
export function entryOf(i: number, j: number, columns: number): number {
  return i * columns - (i * (i - 1)) / 2 + (j - i);
}

/** Sums of centred products; divided by the rows, the covariance. */
export function centredProduct({ rows, sums, products }: CoMoments, i: number, j: number): number {
  return products[entryOf(i, j, sums.length)]! - (sums[i]! * sums[j]!) / rows;
}

/**
 * Why two windows cannot be compared; undefined when they can.
 *
 * @throws RangeError when co-moments are not of the columns of `dependence`
 */
export function whyNotComparable(
  dependence: Dependence | null,
  reference: CoMoments,
  current: CoMoments,
): NotComputable | undefined {
  if (dependence === null)
    return notComputable('the baseline has fewer than 2 numeric columns that vary, or fewer than 50 rows');
  const columns = dependence.columns.length;
  for (const { sums } of [reference, current])
    if (sums.length !== columns)
      throw new RangeError(`co-moments of ${sums.length} columns, must be of ${columns} as in the baseline`);
  if (Math.min(reference.rows, current.rows) < MIN_MULTIVARIATE_ROWS)
    return notComputable(
      `${reference.rows} reference and ${current.rows} current rows; ${MIN_MULTIVARIATE_ROWS} needed on either side`,
    );
  return undefined;
}
