/** How features go together, judged from co-moments: certain and large enough to show, never an alarm by itself. */

import type { MultivariateEntry } from '#shared/comparison/comparison.ts';
import type { CoMoments } from '#shared/profile/co-moments.ts';
import type { Dependence } from '#shared/profile/dependence.ts';
import type { NotComputable } from '../measure.ts';
import { covarianceDrift } from './covariance.ts';
import type { DomainClassifierDrift } from './domain-classifier.ts';
import type { MultivariateTestName } from './multivariate-tests.ts';
import { pcaReconstructionDrift } from './reconstruction.ts';

export type MultivariateFinding = { readonly test: MultivariateTestName } & (
  | {
      readonly computable: true;
      readonly statistic: number;
      readonly pValue: number;
      /** Certain and large enough to show. */
      readonly isFound: boolean;
      /** In plain words; what was found, or would have been. */
      readonly reason: string;
    }
  | { readonly computable: false; readonly isFound: false; readonly pValue: 1; readonly reason: string }
);

/** Level of each test. */
const ALPHA = 0.01;
/** Smallest effects worth showing, whatever the certainty: of a correlation, a relative error, an area under the curve. */
const LEAST = { correlation: 0.05, error: 0.02, auc: 0.55 };

/**
 * Covariance and reconstruction error of a window against the baseline.
 *
 * @param dependence of the anchors; null where the baseline had too little to measure
 * @param options.designEffect variance inflation of clustered rows, ≥ 1
 */
export function judgeMultivariate(
  dependence: Dependence | null,
  reference: CoMoments,
  current: CoMoments,
  options: { readonly designEffect?: number } = {},
): MultivariateFinding[] {
  return [
    judgeCovariance(
      covarianceDrift(dependence, reference, current, { ...options, leastChange: LEAST.correlation }),
    ),
    judgeReconstruction(pcaReconstructionDrift(dependence, reference, current, options)),
  ];
}

function judgeCovariance(drift: ReturnType<typeof covarianceDrift>): MultivariateFinding {
  if (!drift.computable) return unknown('covariance', drift);
  const [pair] = drift.pairs;
  return found('covariance', drift.statistic, drift.pValue, {
    isLarge: pair !== undefined && Math.abs(pair.now - pair.before) >= LEAST.correlation,
    reason: pair
      ? `${pair.a} and ${pair.b}: correlation went from ${hundredths(pair.before)} to ${hundredths(pair.now)}`
      : 'correlations changed',
  });
}

function judgeReconstruction(drift: ReturnType<typeof pcaReconstructionDrift>): MultivariateFinding {
  if (!drift.computable) return unknown('pca_reconstruction', drift);
  const { before, now, statistic, pValue } = drift;
  return found('pca_reconstruction', statistic, pValue, {
    isLarge: Math.abs(now - before) >= LEAST.error * before,
    reason: `rows fit the reference's principal components ${now > before ? 'worse' : 'better'}: squared error ${rounded(before)} → ${rounded(now)}`,
  });
}

/** The finding as a comparison's answer and a report's page show it. */
export function multivariateEntry(finding: MultivariateFinding): MultivariateEntry {
  const { test, isFound, reason } = finding;
  if (!finding.computable)
    return { test, figure: { not_computable: reason }, verdict: 'insufficient_data', reasons: [] };
  return {
    test,
    figure: { statistic: finding.statistic, p_value: finding.pValue },
    verdict: isFound ? 'shifted' : 'stable',
    reasons: isFound ? [reason] : [],
  };
}

/** What a classifier trained on rows says, in the same words. */
export function judgeDomainClassifier(drift: DomainClassifierDrift | NotComputable): MultivariateFinding {
  if (!drift.computable) return unknown('domain_classifier', drift);
  const named = drift.importance.slice(0, 3).map(({ name }) => name);
  return found('domain_classifier', drift.auc, drift.pValue, {
    isLarge: drift.auc >= LEAST.auc,
    reason: `a classifier tells current from reference rows with AUC ${drift.auc.toFixed(2)}, most by ${named.join(', ')}`,
  });
}

function unknown(test: MultivariateTestName, { reason }: NotComputable): MultivariateFinding {
  return { test, computable: false, isFound: false, pValue: 1, reason };
}

function found(
  test: MultivariateTestName,
  statistic: number,
  pValue: number,
  { isLarge, reason }: { readonly isLarge: boolean; readonly reason: string },
): MultivariateFinding {
  return { test, computable: true, statistic, pValue, isFound: pValue <= ALPHA && isLarge, reason };
}

/** Two decimals, without a sign before zero. */
function hundredths(value: number): string {
  return value.toFixed(2).replace(/^-(?=0\.00$)/, '');
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
