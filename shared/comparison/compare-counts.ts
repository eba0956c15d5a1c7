/** Two counted tables → the comparison: the same checks, tests and verdicts as a monitored window. Pure. */

import { compareFeature, type FeatureDrift } from '../drift/compare-feature.ts';
import type { NotComputable } from '../drift/measure.ts';
import { covarianceDrift } from '../drift/multivariate/covariance.ts';
import type { DomainClassifierDrift } from '../drift/multivariate/domain-classifier.ts';
import { pcaReconstructionDrift } from '../drift/multivariate/reconstruction.ts';
import { lossChange, lossSample, type PerformanceResult } from '../performance/loss-change.ts';
import type { Anchor, Anchors } from '../profile/anchors.ts';
import { meanOf, standardDeviationOf } from '../profile/moments.ts';
import { type FeatureProfile, featureOf, type Profile, rowsOf } from '../profile/profile.ts';
import { checkConstraints } from '../quality/check-constraints.ts';
import { checkQuality } from '../quality/check-quality.ts';
import type { ConstraintsFile } from '../quality/constraints-file.ts';
import type { QualityFinding } from '../quality/quality-check.ts';
import { diagnose } from '../verdict/diagnose.ts';
import { type FeatureVerdict, judgeFeatures } from '../verdict/judge-features.ts';
import { judgeSegments, type SegmentVerdict, type Slice, segmentEntry } from '../verdict/judge-segments.ts';
import { judgeWindow } from '../verdict/judge-window.ts';
import { graver, isAlarm, type Level } from '../verdict/level.ts';
import type { DriftPolicy } from '../verdict/policy.ts';
import type {
  ColumnFigures,
  ComparedColumn,
  Comparison,
  MultivariateEntry,
  TableEntry,
} from './comparison.ts';
import { distributionOf } from './distribution.ts';
import { lossName, type Roles } from './roles.ts';
import { testFigures } from './test-figures.ts';

export interface CountedPair {
  readonly anchors: Anchors;
  readonly reference: Profile;
  readonly current: Profile;
  readonly slices: readonly Slice[];
  readonly roles: Roles;
  readonly policy: DriftPolicy;
  /** Variance inflation of clustered rows, ≥ 1, for every column. */
  readonly designEffect: number;
  readonly minSegmentRows?: number;
  readonly constraints?: ConstraintsFile;
  /** Share of the model's importance by feature. */
  readonly importance?: ReadonlyMap<string, number>;
  readonly domainClassifier: DomainClassifierDrift | NotComputable;
  readonly tables: { readonly reference: TableEntry; readonly current: TableEntry };
  readonly notCompared: Comparison['summary']['not_compared'];
  /** Features of the reference that the current table lacks, and columns it has beyond the reference's. */
  readonly absent: readonly string[];
  readonly unexpected: readonly string[];
}

export function compareCounts(pair: CountedPair): Omit<Comparison, 'summary'> & {
  readonly summary: Omit<Comparison['summary'], 'seconds'>;
} {
  const { anchors, reference, current, policy, designEffect } = pair;
  const drifts = anchors.anchors
    .filter((anchor) => anchor.channel !== 'loss')
    .map((anchor) =>
      compareFeature(anchor, featureOf(reference, anchor.name), featureOf(current, anchor.name), {
        designEffect,
      }),
    );
  const verdicts = judgeFeatures(drifts, policy);
  const quality = qualityOf(pair);
  const performance = performanceOf(pair);
  const window = judgeWindow({
    windowStart: '',
    features: verdicts,
    quality,
    performance,
    history: [],
    policy,
  });
  const multivariate = multivariateOf(pair);
  const segments = judgeSegments({
    anchors,
    slices: pair.slices,
    policy,
    ...(pair.minSegmentRows === undefined ? {} : { minRows: pair.minSegmentRows }),
    designEffects: new Map(anchors.anchors.map(({ name }) => [name, designEffect])),
  });
  const level = overallLevel(window.level, multivariate, segments, drifts.length);
  const finding = multivariate.find(({ verdict, figure }) => verdict === 'shifted' && 'p_value' in figure);
  return {
    features: verdicts.map((verdict, at) => columnEntry(pair, drifts[at]!, verdict)),
    segments: segments.map(segmentEntry),
    multivariate,
    quality: quality.map((one) => ({ ...one })),
    summary: {
      verdict: level,
      reasons: [
        ...window.reasons,
        ...alarmingSegments(segments),
        ...multivariate.flatMap((one) => one.reasons),
      ],
      counts: countLevels(verdicts),
      drift_share: driftShare(verdicts),
      diagnosis: diagnose({
        quality,
        features: verdicts,
        performance,
        ...(pair.importance ? { importance: pair.importance } : {}),
        ...(finding && 'p_value' in finding.figure
          ? {
              multivariate: {
                test: finding.test,
                pValue: finding.figure.p_value ?? 1,
                reason: finding.reasons[0] ?? finding.test,
              },
            }
          : {}),
      }),
      reference: pair.tables.reference,
      current: pair.tables.current,
      not_compared: pair.notCompared,
      policy: policyEntry(policy, designEffect),
    },
  };
}

function overallLevel(
  window: Level,
  multivariate: readonly MultivariateEntry[],
  segments: readonly SegmentVerdict[],
  columns: number,
): Level {
  if (columns === 0) return 'insufficient_data';
  return [...multivariate.map(({ verdict }) => verdict), ...segments.map(({ level }) => level)]
    .filter((level) => level !== 'insufficient_data')
    .reduce(graver, window);
}

function alarmingSegments(segments: readonly SegmentVerdict[]): string[] {
  return segments
    .filter(({ level }) => isAlarm(level))
    .map(({ column, value, reasons }) => `in ${column} = ${value}: ${reasons[0] ?? 'changed'}`);
}

function countLevels(verdicts: readonly FeatureVerdict[]): Record<Level, number> {
  const counts = { stable: 0, shifted: 0, warning: 0, critical: 0, insufficient_data: 0 };
  for (const { level } of verdicts) counts[level]++;
  return counts;
}

function driftShare(verdicts: readonly FeatureVerdict[]): number {
  const features = verdicts.filter(({ channel }) => channel === 'feature');
  const moved = features.filter(({ level }) => level === 'shifted' || isAlarm(level));
  return features.length === 0 ? 0 : moved.length / features.length;
}

function qualityOf(pair: CountedPair): QualityFinding[] {
  const { anchors, reference, current, designEffect, constraints, unexpected } = pair;
  const absent = pair.absent.map(
    (column): QualityFinding => ({
      check: 'column_absent',
      severity: 'hard',
      column,
      observed: 0,
      threshold: 0,
      message: 'the column is absent from the current table',
    }),
  );
  return [
    ...absent,
    ...checkQuality({ anchors, reference, current, designEffect, unexpectedColumns: unexpected }),
    ...(constraints ? checkConstraints(constraints, current) : []),
  ].sort((a, b) => Number(a.severity === 'soft') - Number(b.severity === 'soft'));
}

function performanceOf({ anchors, reference, current, roles }: CountedPair): PerformanceResult | undefined {
  const anchor = anchors.anchors.find(({ name }) => name === lossName);
  const target = anchors.anchors.find(({ name }) => name === roles.target);
  if (!anchor || !target) return undefined;
  return lossChange(
    target.kind === 'numeric' ? 'absolute_error' : 'error_rate',
    lossSample(anchor, featureOf(reference, lossName)),
    lossSample(anchor, featureOf(current, lossName)),
  );
}

/** Shown at this level when also large enough; never an alarm by itself, as dependence alone seldom costs. */
const MULTIVARIATE_ALPHA = 0.01;
/** Smallest effects worth showing, whatever the certainty: of a correlation, a relative error, an area under the curve. */
const LEAST = { correlation: 0.05, error: 0.02, auc: 0.55 };

function multivariateOf(pair: CountedPair): MultivariateEntry[] {
  return [covarianceEntry(pair), reconstructionEntry(pair), classifierEntry(pair)];
}

function covarianceEntry({ anchors, reference, current, designEffect }: CountedPair): MultivariateEntry {
  const drift = covarianceDrift(anchors.dependence, reference.coMoments, current.coMoments, { designEffect });
  if (!drift.computable) return unknown('covariance', drift);
  const [pair] = drift.pairs;
  return judged('covariance', drift.statistic, drift.pValue, {
    isLarge: pair !== undefined && Math.abs(pair.now - pair.before) >= LEAST.correlation,
    reason: pair
      ? `${pair.a} and ${pair.b}: correlation went from ${pair.before.toFixed(2)} to ${pair.now.toFixed(2)}`
      : 'correlations changed',
  });
}

function reconstructionEntry({ anchors, reference, current, designEffect }: CountedPair): MultivariateEntry {
  const drift = pcaReconstructionDrift(anchors.dependence, reference.coMoments, current.coMoments, {
    designEffect,
  });
  if (!drift.computable) return unknown('pca_reconstruction', drift);
  const { before, now, statistic, pValue } = drift;
  return judged('pca_reconstruction', statistic, pValue, {
    isLarge: Math.abs(now - before) >= LEAST.error * before,
    reason: `rows fit the reference's principal components ${now > before ? 'worse' : 'better'}: squared error ${formatted(before)} → ${formatted(now)}`,
  });
}

function classifierEntry({ domainClassifier: drift }: CountedPair): MultivariateEntry {
  if (!drift.computable) return unknown('domain_classifier', drift);
  const named = drift.importance.slice(0, 3).map(({ name }) => name);
  return judged('domain_classifier', drift.auc, drift.pValue, {
    isLarge: drift.auc >= LEAST.auc,
    reason: `a classifier tells current from reference rows with AUC ${drift.auc.toFixed(2)}, most by ${named.join(', ')}`,
  });
}

function unknown(test: string, { reason }: NotComputable): MultivariateEntry {
  return { test, figure: { not_computable: reason }, verdict: 'insufficient_data', reasons: [] };
}

function judged(
  test: string,
  statistic: number,
  pValue: number,
  { isLarge, reason }: { readonly isLarge: boolean; readonly reason: string },
): MultivariateEntry {
  const isFound = pValue <= MULTIVARIATE_ALPHA && isLarge;
  return {
    test,
    figure: { statistic, p_value: pValue },
    verdict: isFound ? 'shifted' : 'stable',
    reasons: isFound ? [reason] : [],
  };
}

function formatted(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function columnEntry(pair: CountedPair, drift: FeatureDrift, verdict: FeatureVerdict): ComparedColumn {
  const anchor = pair.anchors.anchors.find(({ name }) => name === drift.name)!;
  const reference = featureOf(pair.reference, drift.name);
  const current = featureOf(pair.current, drift.name);
  const { channel } = drift;
  return {
    name: drift.name,
    kind: drift.kind,
    role: channel === 'label' ? 'target' : channel === 'prediction' ? 'prediction' : 'feature',
    n_reference: drift.nReference,
    n_current: drift.nCurrent,
    missing_reference: drift.missing.reference,
    missing_current: drift.missing.current,
    tests: testFigures(anchor, reference, current),
    primary: drift.computable ? { test: drift.primary, p_value: drift.pValue } : null,
    adjusted_p: verdict.adjustedPValue ?? null,
    psi_debiased: verdict.psiDebiased ?? null,
    verdict: verdict.level,
    reasons: verdict.reasons,
    summary: { reference: figuresOf(anchor, reference), current: figuresOf(anchor, current) },
    distribution: distributionOf(anchor, reference, current),
  };
}

function figuresOf(anchor: Anchor, profile: FeatureProfile): ColumnFigures {
  if (profile.kind === 'categorical')
    return {
      categories: profile.categories.reduce((met, rows) => met + (rows > 0 ? 1 : 0), 0),
      unseen: profile.unseen.total,
    };
  if (anchor.kind !== 'numeric' || rowsOf(profile) === 0) return {};
  const mean = meanOf(anchor, profile);
  const deviation = standardDeviationOf(anchor, profile);
  return {
    ...(mean === undefined ? {} : { mean, min: profile.min, max: profile.max }),
    ...(deviation === undefined ? {} : { standard_deviation: deviation }),
    invalid: profile.invalid,
    infinite: profile.positiveInfinite + profile.negativeInfinite,
  };
}

function policyEntry(policy: DriftPolicy, designEffect: number): Record<string, number | string> {
  return {
    correction: policy.correction,
    alpha: policy.alpha,
    alarm_alpha: policy.alarmAlpha,
    minimal_effect: policy.minimalEffect,
    psi_warning: policy.psiWarning,
    psi_critical: policy.psiCritical,
    min_rows: policy.minRows,
    design_effect: designEffect,
  };
}
