/** A window's report: quality, drift and performance of one version, and the verdict made of them. Pure. */

import { channelNames } from '../capture/channels.ts';
import { figuresOf } from '../comparison/column-figures.ts';
import type { ColumnFigures, Diagnosis, DistributionBin } from '../comparison/comparison.ts';
import { distributionOf } from '../comparison/distribution.ts';
import { compareFeature, type FeatureDrift } from '../drift/compare-feature.ts';
import { typicalEffect } from '../drift/design-effect.ts';
import { type NotComputable, notComputable } from '../drift/measure.ts';
import { judgeMultivariate, type MultivariateFinding } from '../drift/multivariate/judge-multivariate.ts';
import type { AttributionDrift } from '../explain/attribution-drift.ts';
import { type EstimatedLoss, estimateLoss } from '../performance/estimated-loss.ts';
import {
  defaultLossPolicy,
  lossChange,
  lossSample,
  type PerformanceResult,
} from '../performance/loss-change.ts';
import { judgeTokens, type TokenReport } from '../privacy/judge-tokens.ts';
import type { Anchor } from '../profile/anchors.ts';
import { emptyProfile, featureOf, type Profile } from '../profile/profile.ts';
import { segmentOf } from '../profile/segments.ts';
import { checkQuality } from '../quality/check-quality.ts';
import type { ColumnConstraint, QualityFinding } from '../quality/quality-check.ts';
import { type Baseline, referenceFor } from '../registry/baseline.ts';
import type { Manifest, MonitorPolicy } from '../registry/model.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { diagnose } from '../verdict/diagnose.ts';
import { type FeatureVerdict, judgeFeatures } from '../verdict/judge-features.ts';
import { judgeSegments, type SegmentVerdict } from '../verdict/judge-segments.ts';
import { judgeWindow, type WindowVerdict } from '../verdict/judge-window.ts';
import { alarmAlphaFor, alarmLevel, type DriftPolicy, defaultDriftPolicy } from '../verdict/policy.ts';
import type { Window } from '../windows/due.ts';
import { type ExplainedRows, judgeExplained } from './explained-rows.ts';
import type { NextStep } from './next-step.ts';
import type { ReportEntry } from './report-index.ts';
import { usualCounts } from './usual.ts';

export interface FeatureReport extends FeatureVerdict {
  readonly evidence: FeatureDrift;
  /** For a picture: at most 22 bins of both sides; absent in reports from before there were pages. */
  readonly distribution?: readonly DistributionBin[];
  readonly figures?: { readonly reference: ColumnFigures; readonly current: ColumnFigures };
}

export interface Report {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly environment: string;
  /** ISO 8601; end is exclusive. */
  readonly window: { readonly start: string; readonly end: string };
  /** Predictions in the window. */
  readonly rows: number;
  /** Labels that arrived in the window for this version's predictions, whenever those were made. */
  readonly labels: number;
  /** From the window's last rows to its end, milliseconds. */
  readonly quietMs: number;
  readonly verdict: WindowVerdict;
  readonly quality: readonly QualityFinding[];
  readonly features: readonly FeatureReport[];
  /** What came of the labels that arrived; and what was to be expected without them, which judges nothing. */
  readonly performance: PerformanceResult & { readonly estimated: EstimatedLoss };
  /** How features go together; shown, never an alarm by itself. */
  readonly multivariate: readonly MultivariateFinding[];
  /** Whether the model still relies on the features it relied on; shown, never an alarm by itself. */
  readonly attribution: AttributionDrift | NotComputable;
  /** The same verdicts per value of the policy's segment columns, weakest first; shown, never a page by themselves. */
  readonly segments: readonly Omit<SegmentVerdict, 'features'>[];
  /** Of features that are tokenised; absent where the model has none. */
  readonly pii?: readonly TokenReport[];
  readonly diagnosis: Diagnosis;
  readonly baseline: string;
  /** Whether the reference was the same hours of the baseline's days rather than all of it. */
  readonly seasonal: boolean;
  readonly policy: DriftPolicy;
  /** What the verdict set off, as known when it was reached; absent in reports from before there were pages. */
  readonly next?: NextStep;
}

export interface ReportInput {
  readonly model: string;
  readonly version: string;
  readonly environment: string;
  readonly window: Window;
  readonly baseline: Baseline;
  readonly current: Profile;
  /** Of the policy's segments, by `segmentKey`. */
  readonly segments: ReadonlyMap<string, Profile>;
  readonly rows: number;
  readonly labels: number;
  /** Rows of this window that came after it was closed. */
  readonly late: number;
  /** From its last rows to its end, milliseconds. */
  readonly quietMs: number;
  /** Contributions of sampled rows, if any were explained. */
  readonly explained?: ExplainedRows | undefined;
  readonly monitor: MonitorPolicy;
  /** This version's earlier windows, oldest first. */
  readonly earlier: readonly ReportEntry[];
}

/** @example reportId(Date.UTC(2026, 10, 21), '20261120T000000-abc123') // => '1795219200000-20261120T000000-abc123' */
function reportId(windowStart: number, version: string): string {
  return `${windowStart}-${version}`;
}

export function buildReport(input: ReportInput): Report {
  const { baseline, current, window } = input;
  const { anchors, designEffects } = baseline;
  const { reference, seasonal } = referenceFor(baseline, window);
  const policy = driftPolicy(input.monitor, window);
  const quality = checkQuality({
    anchors,
    reference,
    current,
    constraints: constraintsOf(baseline.manifest.schema),
    lateRows: input.late,
    ...usualCounts(input.earlier, window, input),
    designEffect: typicalEffect(designEffects),
  });
  const compared = anchors.anchors.filter(({ channel }) => channel !== 'loss' && channel !== 'token');
  const evidence = compared.map((anchor) =>
    compareFeature(anchor, featureOf(reference, anchor.name), featureOf(current, anchor.name), {
      designEffect: designEffects.get(anchor.name) ?? 1,
      evidence: true,
    }),
  );
  const features = judgeFeatures(evidence, policy);
  const performance = judgePerformance(baseline, current, policy);
  const multivariate = judgeMultivariate(anchors.dependence, reference.coMoments, current.coMoments, {
    designEffect: typicalEffect(designEffects),
  });
  const tokens = judgeTokens(reference, current);
  const start = new Date(window.start).toISOString();
  const id = reportId(window.start, input.version);
  const attribution = judgeExplained(input.explained, id);
  return {
    id,
    model: input.model,
    version: input.version,
    environment: input.environment,
    window: { start, end: new Date(window.end).toISOString() },
    rows: input.rows,
    labels: input.labels,
    quietMs: input.quietMs,
    verdict: judgeWindow({
      windowStart: start,
      features,
      quality,
      performance,
      history: input.earlier.map(({ outcome }) => outcome),
      policy,
    }),
    quality,
    features: features.map((feature, at) => ({
      ...feature,
      evidence: evidence[at]!,
      ...pictureOf(compared[at]!, reference, current),
    })),
    performance: { ...performance, estimated: estimatePerformance(baseline, current) },
    multivariate,
    attribution,
    segments: judgeSlices(input, policy),
    ...(tokens.length > 0 ? { pii: tokens } : {}),
    diagnosis: diagnose({
      quality,
      features,
      performance,
      ...importanceOf(baseline.manifest, attribution),
      multivariate: multivariate.find((finding) => finding.isFound),
    }),
    baseline: baseline.file,
    seasonal,
    policy,
  };
}

/** Shares to five digits: a picture needs no more, and a report is kept for years. */
function pictureOf(
  anchor: Anchor,
  before: Profile,
  now: Profile,
): Pick<FeatureReport, 'distribution' | 'figures'> {
  const [reference, current] = [featureOf(before, anchor.name), featureOf(now, anchor.name)];
  const short = (share: number) => Number(share.toPrecision(5));
  return {
    distribution: distributionOf(anchor, reference, current).map((bin) => ({
      ...bin,
      reference: short(bin.reference),
      current: short(bin.current),
    })),
    figures: { reference: figuresOf(anchor, reference), current: figuresOf(anchor, current) },
  };
}

/**
 * By mean |contribution| to held-out rows where they were explained: split gains favour columns with many values. Of a
 * version trained elsewhere neither may be known; then all features are alike.
 */
function importanceOf(
  { importance }: Manifest,
  attribution: Report['attribution'],
): { readonly importance?: ReadonlyMap<string, number> } {
  if (attribution.computable)
    return {
      importance: new Map(attribution.features.map(({ feature, baselineShare }) => [feature, baselineShare])),
    };
  return importance.length > 0
    ? { importance: new Map(importance.map(({ name, share }) => [name, share])) }
    : {};
}

/** Segments that the baseline or the window has. */
function judgeSlices({ baseline, segments, monitor }: ReportInput, policy: DriftPolicy): Report['segments'] {
  const { anchors, designEffects } = baseline;
  const keys = [...new Set([...baseline.segments.keys(), ...segments.keys()])].filter((key) =>
    monitor.segments.includes(segmentOf(key).column),
  );
  const none = emptyProfile(anchors);
  return judgeSegments({
    anchors,
    slices: keys.map((key) => ({
      ...segmentOf(key),
      reference: baseline.segments.get(key) ?? none,
      current: segments.get(key) ?? none,
    })),
    policy,
    designEffects,
  }).map(({ features: _, ...segment }) => segment);
}

function driftPolicy(monitor: MonitorPolicy, { start, end }: Window): DriftPolicy {
  return {
    ...defaultDriftPolicy,
    correction: monitor.correction,
    alpha: monitor.alpha,
    alarmAlpha: alarmAlphaFor(monitor.false_alarms_per_month, end - start, monitor),
    psiWarning: monitor.psi_warning,
    psiCritical: monitor.psi_critical,
    minRows: monitor.min_rows,
    persistence: { m: monitor.m, n: monitor.n },
  };
}

/** Only bounds that a person confirmed can make bad data of a value; inferred ones are counted. */
function constraintsOf(schema: ModelSchema): ColumnConstraint[] {
  return schema.features
    .filter((feature) => feature.kind === 'numeric')
    .map(({ name, physical, min, max }) => ({
      name,
      ...(physical === undefined ? {} : { physical }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    }));
}

function judgePerformance(baseline: Baseline, current: Profile, policy: DriftPolicy): PerformanceResult {
  const anchor = baseline.anchors.anchors.find((one) => one.name === channelNames.loss);
  if (!anchor)
    return {
      computable: false,
      n: 0,
      nReference: 0,
      level: 'insufficient_data',
      reason: 'the baseline has no losses',
    };
  const before = lossSample(anchor, featureOf(baseline.reference, anchor.name));
  const now = lossSample(anchor, featureOf(current, anchor.name));
  const alpha = alarmLevel(policy, { nCurrent: now.n, nReference: before.n });
  return lossChange(baseline.manifest.task === 'regression' ? 'absolute_error' : 'error_rate', before, now, {
    policy: { ...defaultLossPolicy, alpha },
    designEffect: baseline.designEffects.get(anchor.name) ?? 1,
  });
}

/** Of all the window's rows, labelled or not. */
function estimatePerformance({ expectedLoss, designEffects }: Baseline, current: Profile): EstimatedLoss {
  if (!expectedLoss) return notComputable('what held-out rows say of the errors is not known');
  if (!expectedLoss.computable) return expectedLoss;
  const said = current.features.get(expectedLoss.column);
  if (said?.kind !== 'numeric') return notComputable(`there are no counts of ${expectedLoss.column}`);
  return estimateLoss(expectedLoss, said, {
    designEffect: designEffects.get(channelNames.loss) ?? 1,
  });
}
