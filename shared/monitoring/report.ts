/** A window's report: quality, drift and performance of one version, and the verdict made of them. Pure. */

import { channelNames } from '../capture/channels.ts';
import { compareFeature, type FeatureDrift } from '../drift/compare-feature.ts';
import { lossChange, lossSample, type PerformanceResult } from '../performance/loss-change.ts';
import { featureOf, type Profile } from '../profile/profile.ts';
import { checkQuality } from '../quality/check-quality.ts';
import type { ColumnConstraint, QualityFinding } from '../quality/quality-check.ts';
import type { Baseline } from '../registry/baseline.ts';
import type { MonitorPolicy } from '../registry/model.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { type FeatureVerdict, judgeFeatures } from '../verdict/judge-features.ts';
import { judgeWindow, type WindowVerdict } from '../verdict/judge-window.ts';
import type { WindowOutcome } from '../verdict/outcome.ts';
import { type DriftPolicy, defaultDriftPolicy } from '../verdict/policy.ts';
import type { Window } from '../windows/due.ts';

interface FeatureReport extends FeatureVerdict {
  readonly evidence: FeatureDrift;
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
  readonly verdict: WindowVerdict;
  readonly quality: readonly QualityFinding[];
  readonly features: readonly FeatureReport[];
  readonly performance: PerformanceResult;
  readonly baseline: string;
  readonly policy: DriftPolicy;
}

export interface ReportInput {
  readonly model: string;
  readonly version: string;
  readonly environment: string;
  readonly window: Window;
  readonly baseline: Baseline;
  readonly current: Profile;
  readonly rows: number;
  readonly labels: number;
  readonly monitor: MonitorPolicy;
  /** Outcomes of this version's earlier windows, oldest first. */
  readonly history: readonly WindowOutcome[];
}

/** @example reportId(Date.UTC(2026, 10, 21), '20261120T000000-abc123') // => '1795219200000-20261120T000000-abc123' */
function reportId(windowStart: number, version: string): string {
  return `${windowStart}-${version}`;
}

export function buildReport(input: ReportInput): Report {
  const { baseline, current, window } = input;
  const policy = driftPolicy(input.monitor);
  const quality = checkQuality({
    anchors: baseline.anchors,
    reference: baseline.reference,
    current,
    constraints: constraintsOf(baseline.manifest.schema),
  });
  const evidence = baseline.anchors.anchors
    .filter((anchor) => anchor.channel !== 'loss')
    .map((anchor) =>
      compareFeature(anchor, featureOf(baseline.reference, anchor.name), featureOf(current, anchor.name), {
        evidence: true,
      }),
    );
  const features = judgeFeatures(evidence, policy);
  const performance = judgePerformance(baseline, current);
  const start = new Date(window.start).toISOString();
  return {
    id: reportId(window.start, input.version),
    model: input.model,
    version: input.version,
    environment: input.environment,
    window: { start, end: new Date(window.end).toISOString() },
    rows: input.rows,
    labels: input.labels,
    verdict: judgeWindow({
      windowStart: start,
      features,
      quality,
      performance,
      history: input.history,
      policy,
    }),
    quality,
    features: features.map((feature, at) => ({ ...feature, evidence: evidence[at]! })),
    performance,
    baseline: baseline.file,
    policy,
  };
}

function driftPolicy(monitor: MonitorPolicy): DriftPolicy {
  return {
    ...defaultDriftPolicy,
    alpha: monitor.alpha,
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

function judgePerformance(baseline: Baseline, current: Profile): PerformanceResult {
  const anchor = baseline.anchors.anchors.find((one) => one.name === channelNames.loss);
  if (!anchor)
    return {
      computable: false,
      n: 0,
      nReference: 0,
      level: 'insufficient_data',
      reason: 'the baseline has no losses',
    };
  return lossChange(
    baseline.manifest.task === 'regression' ? 'absolute_error' : 'error_rate',
    lossSample(anchor, featureOf(baseline.reference, anchor.name)),
    lossSample(anchor, featureOf(current, anchor.name)),
  );
}
