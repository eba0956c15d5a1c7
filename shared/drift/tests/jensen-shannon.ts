/** The Jensen–Shannon distance as a drift test. */

import { jensenShannonDistance } from '../jensen-shannon.ts';
import { cellTest } from './cell-test.ts';
import { conclude } from './drift-test.ts';

/**
 * √ of the Jensen–Shannon divergence, in nats (at most 0.8326) or for `nannyml` in bits (at most 1).
 *
 * @example jensenShannon.counts([50, 50, 0], [40, 50, 10]) // statistic 0.19350
 * @example jensenShannon.counts([50, 50, 0], [40, 50, 10], { convention: 'nannyml' }) // statistic 0.23241
 */
export const jensenShannon = cellTest({
  name: 'jensen_shannon',
  summary: 'Bounded, symmetric distance of cell shares; needs no smoothing.',
  judgedBy: 'distance',
  isSymmetric: true,
  conventions: ['tidemark', 'scipy', 'evidently', 'nannyml'],
  compare: (reference, current, convention) => {
    const test = jensenShannonDistance(reference, current);
    if (!test.computable) return test;
    return conclude(convention === 'nannyml' ? test.distance / Math.sqrt(Math.LN2) : test.distance);
  },
});
