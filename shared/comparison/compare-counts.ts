/** Two counted tables → the comparison: the same checks, tests and verdicts as a monitored window. Pure. */

import { compareFeature, type FeatureDrift } from '../drift/compare-feature.ts';
import type { NotComputable } from '../drift/measure.ts';
import type { DomainClassifierDrift } from '../drift/multivariate/domain-classifier.ts';
import {
  judgeDomainClassifier,
  judgeMultivariate,
  type MultivariateFinding,
  multivariateEntry,
} from '../drift/multivariate/judge-multivariate.ts';
import type { Convention } from '../drift/tests/drift-test.ts';
import { lossChange, lossSample, type PerformanceResult } from '../performance/loss-change.ts';
import type { Anchors } from '../profile/anchors.ts';
import { featureOf, type Profile } from '../profile/profile.ts';
import type { ConstraintsFile } from '../quality/constraints-file.ts';
import type { Columns } from '../schema/columns.ts';
import { diagnose } from '../verdict/diagnose.ts';
import { type FeatureVerdict, judgeFeatures } from '../verdict/judge-features.ts';
import { judgeSegments, type SegmentVerdict, type Slice, segmentEntry } from '../verdict/judge-segments.ts';
import { judgeWindow } from '../verdict/judge-window.ts';
import { graver, isAlarm, type Level } from '../verdict/level.ts';
import type { DriftPolicy } from '../verdict/policy.ts';
import { figuresOf } from './column-figures.ts';
import type { ComparedColumn, Comparison, MultivariateEntry, TableEntry } from './comparison.ts';
import { distributionOf } from './distribution.ts';
import { qualityOf } from './quality-of.ts';
import type { Roles } from './roles.ts';
import { sampledRows } from './sampled-rows.ts';
import { type FigureOptions, testFigures } from './test-figures.ts';

/** Numeric columns whose rows are tested: 0.015 s each. */
const MOST_ROW_TESTED = 100;

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
  /** Of the figures, not of the verdicts. @default 'tidemark' */
  readonly convention?: Convention;
  /** Some rows of both sides, for the tests that need rows, and what draws from them. */
  readonly rows?: { readonly reference: Columns; readonly current: Columns; readonly random: () => number };
  readonly tables: { readonly reference: TableEntry; readonly current: TableEntry };
  readonly notCompared: Comparison['summary']['not_compared'];
  /** Features of the reference that the current table lacks, and columns it has beyond the reference's. */
  readonly absent: readonly string[];
  readonly unexpected: readonly string[];
  /** Current rows whose id an earlier row has. */
  readonly duplicates?: number;
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
  const findings = multivariateOf(pair);
  const multivariate = findings.map(multivariateEntry);
  const segments = judgeSegments({
    anchors,
    slices: pair.slices.map((slice) => ({ ...slice, ...sliceLoss(pair, slice) })),
    policy,
    ...(pair.minSegmentRows === undefined ? {} : { minRows: pair.minSegmentRows }),
    designEffects: new Map(anchors.anchors.map(({ name }) => [name, designEffect])),
  });
  const optionsOf = figureOptions(pair);
  const level = overallLevel(window.level, multivariate, segments, drifts.length);
  return {
    features: verdicts.map((verdict, at) => columnEntry(pair, drifts[at]!, verdict, optionsOf)),
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
        multivariate: findings.find(({ isFound }) => isFound),
      }),
      reference: pair.tables.reference,
      current: pair.tables.current,
      not_compared: pair.notCompared,
      convention: pair.convention ?? 'tidemark',
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

function performanceOf(pair: CountedPair): PerformanceResult | undefined {
  const losses = lossesOf(pair, pair.reference, pair.current);
  return losses && lossChange(losses.kind, losses.reference, losses.current, losses);
}

function sliceLoss(pair: CountedPair, { reference, current }: Slice): Pick<Slice, 'loss'> {
  const loss = lossesOf(pair, reference, current);
  return loss ? { loss } : {};
}

function lossesOf(
  { anchors, roles, designEffect }: CountedPair,
  reference: Profile,
  current: Profile,
): Slice['loss'] | undefined {
  const anchor = anchors.anchors.find(({ channel }) => channel === 'loss');
  const target = anchors.anchors.find(({ name }) => name === roles.target);
  if (!anchor || !target) return undefined;
  return {
    kind: target.kind === 'numeric' ? 'absolute_error' : 'error_rate',
    reference: lossSample(anchor, featureOf(reference, anchor.name)),
    current: lossSample(anchor, featureOf(current, anchor.name)),
    designEffect,
  };
}

function multivariateOf(pair: CountedPair): MultivariateFinding[] {
  const { anchors, reference, current, designEffect } = pair;
  return [
    ...judgeMultivariate(anchors.dependence, reference.coMoments, current.coMoments, { designEffect }),
    judgeDomainClassifier(pair.domainClassifier),
  ];
}

/** By column, in the order they are asked for: of very many the first are tested on rows. */
function figureOptions({ rows, convention = 'tidemark' }: CountedPair): (name: string) => FigureOptions {
  if (!rows) return () => ({ convention });
  const valuesOf = sampledRows(rows.reference, rows.current, rows.random);
  let tested = 0;
  return (name) => {
    const sample = valuesOf(name);
    if (!sample.computable || ++tested <= MOST_ROW_TESTED) return { convention, sample };
    const withoutRowTests = `needs rows: run on the first ${MOST_ROW_TESTED} numeric columns only`;
    return { convention, sample, withoutRowTests };
  };
}

function columnEntry(
  pair: CountedPair,
  drift: FeatureDrift,
  verdict: FeatureVerdict,
  optionsOf: (name: string) => FigureOptions,
): ComparedColumn {
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
    tests: testFigures(anchor, reference, current, optionsOf(drift.name)),
    primary: drift.computable ? { test: drift.primary, p_value: drift.pValue } : null,
    adjusted_p: verdict.adjustedPValue ?? null,
    psi_debiased: verdict.psiDebiased ?? null,
    verdict: verdict.level,
    reasons: verdict.reasons,
    summary: { reference: figuresOf(anchor, reference), current: figuresOf(anchor, current) },
    distribution: distributionOf(anchor, reference, current),
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
