/** The energy distance: the squared companion of Wasserstein's. */

import type { NotComputable } from '../measure.ts';
import { gapIntegral } from './cell-integrals.ts';
import { conclude, type DriftTest, type TestResult } from './drift-test.ts';
import { twoSamples } from './two-samples.ts';
import { sampleGapIntegral } from './wasserstein.ts';

/**
 * √(2·∫ (F − G)² dx): `scipy.stats.energy_distance`. In square roots of the column's unit, so limits on it do not carry
 * over from one column to the next.
 *
 * @example energy.samples([1, 2, 3], [10, 11, 12]) // statistic 4.0277
 */
function energySamples(reference: ArrayLike<number>, current: ArrayLike<number>): TestResult | NotComputable {
  const samples = twoSamples(reference, current);
  return samples.computable ? conclude(distance(sampleGapIntegral(samples, 2))) : samples;
}

function distance(integral: number): number {
  return Math.SQRT2 * Math.sqrt(integral);
}

export const energy: DriftTest = {
  name: 'energy',
  summary: 'Root of the squared distance of the distribution functions over the column’s unit.',
  judgedBy: 'distance',
  isSymmetric: true,
  conventions: ['scipy'],
  samples: energySamples,
  profiles: (pair) => {
    const integral = gapIntegral(pair, 2);
    if (!integral.computable) return integral;
    const { estimate, lo, hi } = integral;
    return conclude(distance(estimate), undefined, { lo: distance(lo), hi: distance(hi) });
  },
};
