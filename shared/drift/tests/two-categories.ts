/** Tests of two categories: the pooled z test of their shares, and Fisher's exact one. */

import { type NotComputable, notComputable } from '../measure.ts';
import { normalSurvival } from '../special-functions.ts';
import { fisherExact as fisherExactOfShares, pooledZ, type Share } from '../two-proportions.ts';
import { cellTest } from './cell-test.ts';
import { conclude } from './drift-test.ts';
import { valueCells } from './sample-cells.ts';

/** The most of the smaller margin that Fisher's exact test sums over: 50 ms. */
const MAX_FISHER_TABLES = 1e7;

interface TwoCategories {
  readonly computable: true;
  readonly reference: Share;
  readonly current: Share;
}

/** The first of the two cells that are not empty in both samples, as a share. */
function twoCategories(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): TwoCategories | NotComputable {
  const filled = Array.from(reference, (_, cell) => cell).filter(
    (cell) => reference[cell]! + current[cell]! > 0,
  );
  if (filled.length !== 2) return notComputable(`${filled.length} categories have rows; 2 are needed`);
  const share = (counts: ArrayLike<number>) => ({
    hits: counts[filled[0]!]!,
    rows: counts[filled[0]!]! + counts[filled[1]!]!,
  });
  return { computable: true, reference: share(reference), current: share(current) };
}

/** Pooled two-proportion z; positive where the first category grew. @example zTest.counts([5, 5], [1, 9]) // −1.9518 */
export const zTest = cellTest({
  name: 'z_test',
  summary: 'Whether the shares of two categories changed, by their difference in standard errors.',
  judgedBy: 'p_value',
  isSymmetric: true,
  conventions: ['tidemark'],
  cellsOf: valueCells,
  compare: (reference, current) => {
    const two = twoCategories(reference, current);
    if (!two.computable) return two;
    const z = pooledZ(two.reference, two.current);
    return conclude(z, 2 * normalSurvival(Math.abs(z)));
  },
});

/**
 * Fisher's exact test: `scipy.stats.fisher_exact([current, reference])`. The statistic is the sample odds ratio of the
 * first category, above 1 where it grew.
 *
 * @example fisherExact.counts([5, 5], [1, 9]) // statistic 0.11111, pValue 0.14087
 */
export const fisherExact = cellTest({
  name: 'fisher_exact',
  summary: 'Whether the shares of two categories changed, exact for any number of rows.',
  judgedBy: 'p_value',
  isSymmetric: false,
  conventions: ['scipy'],
  cellsOf: valueCells,
  compare: (reference, current) => {
    const two = twoCategories(reference, current);
    if (!two.computable) return two;
    const misses = ({ hits, rows }: Share) => rows - hits;
    const hits = two.reference.hits + two.current.hits;
    if (Math.min(hits, two.current.rows) > MAX_FISHER_TABLES)
      return notComputable(`more than ${MAX_FISHER_TABLES} tables to add up; use the z test`);
    const odds = (two.current.hits * misses(two.reference)) / (misses(two.current) * two.reference.hits);
    return conclude(odds, fisherExactOfShares(two.reference, two.current).twoSided);
  },
});
