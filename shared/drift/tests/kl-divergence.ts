/** The Kullback–Leibler divergence as a drift test. */

import { relativeEntropy } from '../jensen-shannon.ts';
import { shares, total } from '../measure.ts';
import { cellTest } from './cell-test.ts';
import { conclude } from './drift-test.ts';
import { evidentlyShares } from './filled-shares.ts';

/**
 * KL(reference ‖ current) in nats. `tidemark` adds half a count to every cell; `scipy` (`scipy.stats.entropy`) is
 * infinite where a category vanished; `evidently` fills empty cells as for its PSI and normalises again.
 *
 * @example klDivergence.counts([5, 5], [1, 9], { convention: 'scipy' }) // statistic 0.51083, the other way 0.36806
 */
export const klDivergence = cellTest({
  name: 'kl_divergence',
  summary: 'Relative entropy of the reference given the current shares; not symmetric.',
  judgedBy: 'distance',
  isSymmetric: false,
  conventions: ['tidemark', 'scipy', 'evidently'],
  compare: (reference, current, convention) => {
    const sharesOf = (counts: ArrayLike<number>) => {
      if (convention === 'evidently') return shares(evidentlyShares(counts));
      const rows = total(counts);
      return convention === 'scipy'
        ? shares(counts)
        : Float64Array.from(counts, (count) => (count + 0.5) / (rows + 0.5 * counts.length));
    };
    return conclude(Math.max(0, relativeEntropy(sharesOf(reference), sharesOf(current))));
  },
});
