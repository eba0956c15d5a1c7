/** The G test: the likelihood-ratio companion of the chi-square test. */

import { notComputable, total } from '../measure.ts';
import { chiSquareSurvival } from '../special-functions.ts';
import { cellTest } from './cell-test.ts';
import { conclude } from './drift-test.ts';

/**
 * G = 2·Σ O·ln(O / E) over the 2 × K table: `scipy.stats.chi2_contingency(correction=False, lambda_='log-likelihood')`.
 *
 * @example gTest.counts([5, 5], [1, 9]) // statistic 4.07, pValue 0.043652
 */
export const gTest = cellTest({
  name: 'g_test',
  summary: 'Likelihood-ratio test that categories are filled in the same proportions.',
  judgedBy: 'p_value',
  isSymmetric: true,
  conventions: ['scipy'],
  compare: (reference, current) => {
    const [n, m] = [total(reference), total(current)];
    let [statistic, filled] = [0, 0];
    for (let cell = 0; cell < reference.length; cell++) {
      const both = reference[cell]! + current[cell]!;
      if (both === 0) continue;
      filled++;
      statistic += entropyTerm(reference[cell]!, (both * n) / (n + m));
      statistic += entropyTerm(current[cell]!, (both * m) / (n + m));
    }
    if (filled < 2) return notComputable('every row is in one cell');
    statistic = Math.max(0, statistic);
    return conclude(statistic, chiSquareSurvival(statistic, filled - 1));
  },
});

/** 2·(O·ln(O / E) − O + E), whose last two cancel in the sum but not before. */
function entropyTerm(observed: number, expected: number): number {
  if (observed === 0) return 2 * expected;
  const excess = observed - expected;
  return 2 * (observed * Math.log1p(excess / expected) - excess);
}
