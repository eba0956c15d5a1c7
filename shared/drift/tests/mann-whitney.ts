/** The Mann–Whitney U test: whether one sample's values tend to be larger. */

import { type NotComputable, notComputable } from '../measure.ts';
import { normalSurvival } from '../special-functions.ts';
import { conclude, type DriftTest, type SampleOptions, type TestResult } from './drift-test.ts';
import { type RankSums, rankSums } from './rank-sums.ts';
import { groupCells, groupValues, twoSamples } from './two-samples.ts';

/** Exact where the smaller sample has no more rows than this and nothing is tied, as in SciPy. */
const MAX_EXACT = 8;
/** Rows of the larger sample up to which the exact law is counted; beyond, the normal one serves as well. */
const MAX_EXACT_OTHER = 2000;

type Alternative = NonNullable<SampleOptions['alternative']>;

/**
 * U of the reference with mid-ranks; p with tie and continuity correction, or exact for small samples without ties:
 * `scipy.stats.mannwhitneyu`.
 *
 * @param options.alternative `greater`: the reference tends to be larger
 * @example mannWhitney.samples([2, 3, 5], [10, 11, 12]) // statistic 0, pValue 0.1
 */
function mannWhitneySamples(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { alternative = 'two-sided', method = 'auto' }: SampleOptions = {},
): TestResult | NotComputable {
  const samples = twoSamples(reference, current, { infinities: 'rank' });
  if (!samples.computable) return samples;
  const sums = rankSums(groupValues(samples));
  const isSmall =
    Math.min(sums.n, sums.m) <= MAX_EXACT &&
    Math.max(sums.n, sums.m) <= MAX_EXACT_OTHER &&
    sums.tieTerm === 0;
  if (method === 'exact' && !isSmall)
    return notComputable(`the exact law needs untied rows and at most ${MAX_EXACT} on one side`);
  const u = statisticOf(sums);
  return isSmall && method !== 'asymp'
    ? conclude(
        u,
        ofAlternative(alternative, u, sums, (extreme) => exactSurvival(extreme, sums.n, sums.m)),
      )
    : conclude(u, asymptoticPValue(u, sums, alternative));
}

function statisticOf({ referenceRankSum, n }: RankSums): number {
  return referenceRankSum - (n * (n + 1)) / 2;
}

function asymptoticPValue(u: number, sums: RankSums, alternative: Alternative): number {
  const { n, m, tieTerm } = sums;
  const rows = n + m;
  const deviation = Math.sqrt(((n * m) / 12) * (rows + 1 - tieTerm / (rows * (rows - 1))));
  if (!(deviation > 0)) return 1;
  return ofAlternative(alternative, u, sums, (extreme) =>
    normalSurvival((extreme - (n * m) / 2 - 0.5) / deviation),
  );
}

function ofAlternative(
  alternative: Alternative,
  u: number,
  { n, m }: RankSums,
  survival: (u: number) => number,
): number {
  if (alternative === 'greater') return survival(u);
  if (alternative === 'less') return survival(n * m - u);
  return Math.min(1, 2 * survival(Math.max(u, n * m - u)));
}

/** P(U ≥ u) by counting orders: the Gaussian binomial coefficients, one factor of them at a time. */
function exactSurvival(u: number, n: number, m: number): number {
  const [small, large] = [Math.min(n, m), Math.max(n, m)];
  const probabilities = new Float64Array(n * m + 1);
  probabilities[0] = 1;
  for (let k = 1; k <= small; k++) {
    // Times (1 − x^(large+k)) / (1 − x^k), and k / (large + k) to keep probabilities.
    for (let at = n * m; at >= large + k; at--) probabilities[at]! -= probabilities[at - large - k]!;
    for (let at = k; at <= n * m; at++) probabilities[at]! += probabilities[at - k]!;
    for (let at = 0; at <= n * m; at++) probabilities[at]! *= k / (large + k);
  }
  let sum = 0;
  // The smaller tail by symmetry: its terms have no cancellation behind them.
  for (let at = 0; at <= n * m - u; at++) sum += probabilities[at]!;
  return Math.min(1, sum);
}

export const mannWhitney: DriftTest = {
  name: 'mann_whitney',
  summary: 'Whether one sample tends to larger values, by ranks; blind to a change of spread alone.',
  judgedBy: 'p_value',
  isSymmetric: false,
  conventions: ['scipy'],
  samples: mannWhitneySamples,
  profiles: (pair) => {
    const sums = rankSums(groupCells(pair));
    if (Math.min(sums.n, sums.m) < 1) return notComputable('a sample without rows cannot be ranked');
    const u = statisticOf(sums);
    const bracket = { lo: u - sums.rankSumSlack, hi: u + sums.rankSumSlack };
    return conclude(u, asymptoticPValue(u, sums, 'two-sided'), bracket);
  },
};
