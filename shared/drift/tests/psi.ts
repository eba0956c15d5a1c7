/** The population stability index as a drift test, in the conventions it is met in. */

import { total } from '../measure.ts';
import { populationStability, stabilityOfShares } from '../psi.ts';
import { cellTest } from './cell-test.ts';
import { conclude } from './drift-test.ts';
import { evidentlyShares, raisedShares } from './filled-shares.ts';

/** What an empty cell is raised to. */
const DECILE_LEAST = 1e-4;
const SENTINELML_LEAST = 1e-8;

/**
 * Σ (q − p)·ln(q / p). `tidemark` adds half a count to every cell; `evidently` fills empty cells with 1e-4; `decile`
 * raises shares to 1e-4; `sentinelml` fills with 1e-8, which alone exceeds 0.2 in 81 % of null windows of 30 rows.
 *
 * @example psi.counts([10, 20, 30], [30, 20, 10]) // statistic 0.69356
 * @example psi.counts([10, 20, 30], [30, 20, 10], { convention: 'evidently' }) // statistic 0.73241
 */
export const psi = cellTest({
  name: 'psi',
  summary:
    'Population stability index: symmetric relative entropy of cell shares; 0.1 and 0.25 are customary limits.',
  judgedBy: 'distance',
  isSymmetric: true,
  conventions: ['tidemark', 'evidently', 'sentinelml', 'decile'],
  compare: (reference, current, convention) => {
    if (convention === 'evidently')
      return conclude(stabilityOfShares(evidentlyShares(reference), evidentlyShares(current)));
    if (convention === 'decile' || convention === 'sentinelml') {
      const raised = (counts: ArrayLike<number>) =>
        raisedShares(counts, total(counts), convention === 'decile' ? DECILE_LEAST : SENTINELML_LEAST);
      return conclude(stabilityOfShares(raised(reference), raised(current)));
    }
    const stability = populationStability(reference, current);
    return stability.computable ? conclude(stability.psi) : stability;
  },
});
