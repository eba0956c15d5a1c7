/** The two-sample Cramér–von Mises test: the mean squared distance between two distribution functions. */

import { type NotComputable, notComputable } from '../measure.ts';
import { cramerVonMisesExceedance, cramerVonMisesLimit } from './cramer-von-mises-law.ts';
import { conclude, type DriftTest, type SampleOptions, type TestResult } from './drift-test.ts';
import { type RankSums, rankSums } from './rank-sums.ts';
import { groupCells, groupValues, twoSamples } from './two-samples.ts';

/** Up to this size of the larger sample p is counted exactly. */
const MAX_EXACT = 20;
/** SciPy ends the series of its asymptotic law here, which leaves its p-values off by up to 1e-7. */
const SCIPY_SMALLEST_TERM = 1e-7;

/**
 * T = U / (nm(n+m)) − (4nm − 1) / (6(n+m)) from mid-ranks (Anderson 1962): `scipy.stats.cramervonmises_2samp`. The
 * p-value is exact where neither sample exceeds 20 rows, else asymptotic; the law takes the data as continuous.
 *
 * @param options.convention `scipy` ends the asymptotic series at 1e-7 as SciPy does
 * @example cramerVonMises.samples([1, 2, 3], [10, 11, 12]) // statistic 0.52778, pValue 0.1
 */
function cramerVonMisesSamples(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { convention = 'tidemark', method = 'auto' }: SampleOptions = {},
): TestResult | NotComputable {
  const samples = twoSamples(reference, current, { minimum: 2, infinities: 'rank' });
  if (!samples.computable) return samples;
  const isSmall = Math.max(samples.reference.length, samples.current.length) <= MAX_EXACT;
  if (method === 'exact' && !isSmall)
    return notComputable(`the exact law is counted up to ${MAX_EXACT} rows on either side`);
  return cramerVonMisesOf(
    rankSums(groupValues(samples)),
    method !== 'asymp' && isSmall,
    smallestTermOf(convention),
  );
}

function smallestTermOf(convention: SampleOptions['convention']): number | undefined {
  return convention === 'scipy' ? SCIPY_SMALLEST_TERM : undefined;
}

function cramerVonMisesOf(
  { n, m, squaredRankDistance }: RankSums,
  isExact: boolean,
  smallestTerm?: number,
): TestResult | NotComputable {
  const [rows, pairs] = [n + m, n * m];
  const statistic = squaredRankDistance / pairs / rows - (4 * pairs - 1) / (6 * rows);
  if (isExact) return conclude(statistic, cramerVonMisesExceedance(squaredRankDistance, n, m));
  const mean = (1 + 1 / rows) / 6;
  const variance =
    ((rows + 1) * (4 * pairs * rows - 3 * (n * n + m * m) - 2 * pairs)) / (180 * rows ** 2 * pairs);
  const normalised = 1 / 6 + (statistic - mean) / Math.sqrt(45 * variance);
  return conclude(statistic, normalised < 0.003 ? 1 : 1 - cramerVonMisesLimit(normalised, smallestTerm));
}

export const cramerVonMises: DriftTest = {
  name: 'cramer_von_mises',
  summary: 'Mean squared distance between the two distribution functions; steadier than Kolmogorov–Smirnov.',
  judgedBy: 'p_value',
  isSymmetric: true,
  conventions: ['tidemark', 'scipy'],
  samples: cramerVonMisesSamples,
  profiles: (pair, options) => {
    const sums = rankSums(groupCells(pair));
    if (Math.min(sums.n, sums.m) < 2) return notComputable('2 rows are needed on either side');
    return cramerVonMisesOf(sums, false, smallestTermOf(options?.convention));
  },
};
