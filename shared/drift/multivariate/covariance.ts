/** Covariance drift: did any correlation between numeric features change? From co-moments, no rows needed. */

import type { CoMoments } from '#shared/profile/co-moments.ts';
import type { Dependence } from '#shared/profile/dependence.ts';
import { type NotComputable, notComputable } from '../measure.ts';
import { centredProduct, whyNotComparable } from './co-moment-matrix.ts';
import { meanDifferencePValue } from './mean-difference.ts';

/** Pairs named in the answer. */
const NAMED_PAIRS = 5;
/** A correlation of normal rows is skewed by −6r/√n. */
const SKEWNESS_OF_CORRELATION = -6;

interface CorrelationChange {
  readonly a: string;
  readonly b: string;
  /** Correlation of the normal scores, −1 to 1. */
  readonly before: number;
  readonly now: number;
  /** The change in standard errors. */
  readonly z: number;
}

export interface CovarianceDrift {
  readonly computable: true;
  /** Of the first pair, corrected for the number of all pairs (Šidák). */
  readonly pValue: number;
  /** Its |z|. */
  readonly statistic: number;
  /** Five at most, the most significant first; pairs that changed by less than was asked for after the others. */
  readonly pairs: readonly CorrelationChange[];
}

/**
 * Tests all pairwise correlations of normal scores, reference against current. Finds what no feature alone shows: the
 * marginals may all be unchanged. Each correlation is compared by the variance that its own rows gave it in the
 * baseline; sparse columns get the longer tail they need (`mean-difference.ts`).
 *
 * @param dependence of the anchors; null where the baseline had too little to measure
 * @param reference co-moments of the baseline, or of a part of it
 * @param current of the same columns
 * @param options.designEffect variance inflation of clustered rows, ≥ 1
 * @param options.leastChange of a correlation: copies that went from 0.99 to 0.97 are certain, and would hide a larger
 *   change elsewhere
 * @throws RangeError when co-moments are not of the columns of `dependence`
 * @example covarianceDrift(dependence, reference, current) // { computable: true, pValue: 3e-12, statistic: 7.4, pairs: […] }
 */
export function covarianceDrift(
  dependence: Dependence | null,
  reference: CoMoments,
  current: CoMoments,
  options: { readonly designEffect?: number; readonly leastChange?: number } = {},
): CovarianceDrift | NotComputable {
  const obstacle = whyNotComparable(dependence, reference, current);
  if (obstacle || dependence === null) return obstacle ?? notComputable('no dependence was measured');
  const designEffect = Math.max(1, options.designEffect ?? 1);
  const all = correlationChanges(
    dependence,
    reference,
    current,
    reference.rows / designEffect,
    current.rows / designEffect,
  );
  const isLarge = ({ before, now }: CorrelationChange) =>
    Math.abs(now - before) >= (options.leastChange ?? 0);
  const changes = [...all.filter(isLarge), ...all.filter((change) => !isLarge(change))];
  const strongest = changes[0];
  if (!strongest) return notComputable('fewer than 2 columns vary in both samples');
  return {
    computable: true,
    pValue: -Math.expm1(changes.length * Math.log1p(-strongest.pValue)),
    statistic: Math.abs(strongest.z),
    pairs: changes.slice(0, NAMED_PAIRS).map(({ pValue: _, ...change }) => change),
  };
}

/** Every pair that varies in both samples, most significant first. */
function correlationChanges(
  dependence: Dependence,
  reference: CoMoments,
  current: CoMoments,
  n: number,
  m: number,
): (CorrelationChange & { readonly pValue: number })[] {
  const { columns, correlationVariance, correlationSkewness, correlationKurtosis } = dependence;
  const changes: (CorrelationChange & { readonly pValue: number })[] = [];
  let pair = 0;
  for (let i = 0; i < columns.length; i++)
    for (let j = i + 1; j < columns.length; j++, pair++) {
      const before = correlation(reference, i, j);
      const now = correlation(current, i, j);
      if (before === undefined || now === undefined) continue;
      const z = (now - before) / Math.sqrt(correlationVariance[pair]! * (1 / n + 1 / m));
      const shape = {
        skewness: correlationSkewness[pair]! + SKEWNESS_OF_CORRELATION * before,
        excessKurtosis: correlationKurtosis[pair]!,
      };
      const pValue = meanDifferencePValue(z, shape, n, m);
      changes.push({ a: columns[i]!, b: columns[j]!, before, now, z, pValue });
    }
  return changes.sort((one, other) => one.pValue - other.pValue || Math.abs(other.z) - Math.abs(one.z));
}

function correlation(moments: CoMoments, i: number, j: number): number | undefined {
  const size = Math.sqrt(centredProduct(moments, i, i)) * Math.sqrt(centredProduct(moments, j, j));
  return size > 0 ? Math.max(-1, Math.min(1, centredProduct(moments, i, j) / size)) : undefined;
}
