/** A window's features as the columns that every table and picture of a report is made of. */

import type { ComparedColumn, DistributionBin, TestFigure } from '#shared/comparison/comparison.ts';
import type { FeatureDrift } from '#shared/drift/compare-feature.ts';
import type { FeatureReport } from '#shared/monitoring/report.ts';
import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { LEVELS } from './words.ts';

export interface ReportColumns {
  /** Gravest level first; within it by drift × importance, or by drift where importance is not known. */
  readonly features: readonly ComparedColumn[];
  /** Predictions, their confidence, and labels. */
  readonly outputs: readonly ComparedColumn[];
  /** By feature; absent where importance is not known. */
  readonly scores?: ReadonlyMap<string, number>;
}

/** @example columnsOf(report).features[0]?.name // 'carat' */
export function columnsOf({ features, diagnosis }: StoredReport): ReportColumns {
  const scores = new Map(diagnosis?.worst.map(({ name, score }) => [name, score]));
  const columns = features.map((feature) => ({
    isFeature: feature.channel === 'feature',
    of: column(feature),
  }));
  const effect = ({ name, psi_debiased }: ComparedColumn) =>
    scores.get(name) ?? (scores.size === 0 ? (psi_debiased ?? -1) : -1);
  const ranked = columns
    .filter(({ isFeature }) => isFeature)
    .map(({ of }) => of)
    .sort(
      (a, b) =>
        LEVELS.indexOf(a.verdict) - LEVELS.indexOf(b.verdict) ||
        effect(b) - effect(a) ||
        (b.psi_debiased ?? -1) - (a.psi_debiased ?? -1),
    );
  return {
    features: ranked,
    outputs: columns.filter(({ isFeature }) => !isFeature).map(({ of }) => of),
    ...(isWeighted(features, scores) ? { scores } : {}),
  };
}

/** Without importance every feature counts as one, and the score is the drift itself. */
function isWeighted(features: readonly FeatureReport[], scores: ReadonlyMap<string, number>): boolean {
  return features.some(({ name, psiDebiased }) => scores.has(name) && scores.get(name) !== psiDebiased);
}

function column(feature: FeatureReport): ComparedColumn {
  const { name, channel, evidence, level, reasons, distribution, figures } = feature;
  return {
    name: channel === 'feature' ? name : name.replace(/^\$/, ''),
    kind: evidence.kind,
    role: channel === 'feature' ? 'feature' : channel === 'label' ? 'target' : 'prediction',
    n_reference: feature.nReference,
    n_current: feature.nCurrent,
    missing_reference: evidence.missing.reference,
    missing_current: evidence.missing.current,
    tests: testsOf(evidence),
    primary: evidence.computable ? { test: evidence.primary, p_value: evidence.pValue } : null,
    adjusted_p: feature.adjustedPValue ?? null,
    psi_debiased: feature.psiDebiased ?? null,
    verdict: level,
    reasons,
    summary: figures ?? { reference: {}, current: {} },
    distribution: distribution ?? cellsAsBins(evidence),
  };
}

function testsOf(evidence: FeatureDrift): Record<string, TestFigure> {
  if (!evidence.computable) return {};
  const { psi, jsDistance, ks } = evidence;
  return {
    psi: { statistic: psi },
    jensen_shannon: { statistic: jsDistance },
    ...(ks ? { ks: { statistic: ks.hi, lo: ks.lo, hi: ks.hi, p_value: ks.pValue } } : {}),
  };
}

/** Reports from before there were pages have the cells of the comparison: a tenth of the reference each, and not a shape. */
function cellsAsBins(evidence: FeatureDrift): DistributionBin[] {
  if (!evidence.computable) return [];
  const share = (rows: number, of: number) => (of === 0 ? 0 : rows / of);
  return evidence.cells.map(({ label, reference, current }) => ({
    label,
    reference: share(reference, evidence.nReference),
    current: share(current, evidence.nCurrent),
  }));
}
