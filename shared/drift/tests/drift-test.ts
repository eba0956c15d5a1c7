/** What a drift test is: one value that knows how to compare raw rows, counts, or profiles of two samples. */

import type { NumericAnchor } from '#shared/profile/numeric-anchor.ts';
import type { NumericProfile } from '#shared/profile/profile.ts';
import { type NotComputable, notComputable } from '../measure.ts';

/**
 * Whose definition to follow where they differ. `tidemark` is what this project recommends; `decile` is the banking
 * convention of the PSI (reference deciles with open ends, shares below 1e-4 raised to it).
 */
export type Convention = 'tidemark' | 'scipy' | 'evidently' | 'nannyml' | 'sentinelml' | 'decile';

export interface TestResult {
  readonly computable: true;
  /** In the test's own unit. Infinite where its definition is (a divergence from a share of 0), never NaN. */
  readonly statistic: number;
  readonly pValue?: number;
  /** The raw rows' statistic lies in [lo, hi]; absent where the statistic is the raw rows' own. */
  readonly lo?: number;
  readonly hi?: number;
}

/** Two profiles of one numeric column, counted on the same anchored cells. */
export interface NumericPair {
  readonly anchor: NumericAnchor;
  readonly reference: NumericProfile;
  readonly current: NumericProfile;
}

interface CountOptions {
  readonly convention?: Convention;
}

export interface SampleOptions extends CountOptions {
  /** One-sided alternatives speak of the reference: `greater` is SciPy's for its first sample. Where a test has them. */
  readonly alternative?: 'two-sided' | 'less' | 'greater';
  /** How the p-value is found; `auto` decides by size. */
  readonly method?: 'auto' | 'exact' | 'asymp';
  /** Uniform on [0, 1), for tests whose p-value comes from permutations; without it they give none. */
  readonly random?: () => number;
}

export interface DriftTest {
  /** snake_case, as settings and reports spell it. */
  readonly name: string;
  /** One sentence for help and documentation. */
  readonly summary: string;
  /** What an alarm is decided on: a p-value, or the size of the statistic. */
  readonly judgedBy: 'p_value' | 'distance';
  /** Whether swapping counts (samples, for a test without) leaves the size of the default statistic as it is. */
  readonly isSymmetric: boolean;
  /** Those it differs in, the default first. */
  readonly conventions: readonly Convention[];
  /** Raw numbers in any order; NaN is missing and left out. ±Infinity is a value to rank tests and refused by others. */
  readonly samples?: (
    reference: ArrayLike<number>,
    current: ArrayLike<number>,
    options?: SampleOptions,
  ) => TestResult | NotComputable;
  /** Counts of the same categories or cells, as long as each other. */
  readonly counts?: (
    reference: ArrayLike<number>,
    current: ArrayLike<number>,
    options?: CountOptions,
  ) => TestResult | NotComputable;
  /** Profiles, with a proven bracket where cells lose information. */
  readonly profiles?: (pair: NumericPair, options?: CountOptions) => TestResult | NotComputable;
}

/** A result, or "not computable" when arithmetic left the range of doubles. */
export function conclude(
  statistic: number,
  pValue?: number,
  bracket?: { readonly lo: number; readonly hi: number },
): TestResult | NotComputable {
  if (Number.isNaN(statistic) || (pValue !== undefined && Number.isNaN(pValue)))
    return notComputable('values are too large or too near each other for double precision');
  return {
    computable: true,
    statistic,
    ...(pValue === undefined ? {} : { pValue: Math.min(1, Math.max(0, pValue)) }),
    ...bracket,
  };
}
