/** From findings to the verdict on one window: bad data before drift before a performance drop. */

import type { PerformanceResult } from '#shared/performance/loss-change.ts';
import type { QualityFinding } from '#shared/quality/quality-check.ts';
import { nextEpisode } from './episode.ts';
import type { FeatureVerdict } from './judge-features.ts';
import { graver, isAlarm, type Level } from './level.ts';
import { INCIDENT_ORDER, type IncidentKind, type WindowOutcome } from './outcome.ts';
import type { DriftPolicy } from './policy.ts';
import { subjectOf } from './subject.ts';

export interface WindowVerdict extends WindowOutcome {
  /** The compared feature with the largest de-biased PSI; `psi` is the raw one. */
  readonly worst?: { readonly name: string; readonly psi: number };
  /** In plain words, most important first. */
  readonly reasons: readonly string[];
}

export interface WindowInput {
  readonly windowStart: string;
  readonly features: readonly FeatureVerdict[];
  readonly quality: readonly QualityFinding[];
  /** Absent for a model without labels. */
  readonly performance?: PerformanceResult | undefined;
  /** Outcomes of this version's earlier, disjoint windows, oldest first. */
  readonly history: readonly WindowOutcome[];
  readonly policy: DriftPolicy;
}

/**
 * Judges a window. A hard quality failure is a data incident, confirmed at once, and silences drift: bad data drifts
 * by nature. Drift and performance drops are confirmed when one signal (the same feature, not any feature) is present
 * in m of the last n windows, or when all n windows alarm. `shifted` never alarms.
 *
 * @example judgeWindow({ windowStart, features, quality: [], history: [], policy }).kind // 'none'
 */
export function judgeWindow(input: WindowInput): WindowVerdict {
  const { windowStart, policy } = input;
  const history = input.history.filter((outcome) => outcome.windowStart !== windowStart);
  const signals = signalsOf(input);
  const kind = kindOf(signals);
  const elevated = elevatedKinds(input);
  const level = levelOf(input, kind);
  const window = { windowStart, level, kind, signals, elevated };
  const contributing = kind === 'none' ? [] : contributingWindows(kind, window, history, policy);
  const confirmed = contributing.length > 0;
  const episode = nextEpisode({ ...window, confirmed }, contributing[0], history, policy);
  const worst = worstFeature(input.features);
  const recent = recentWindows(window, history, policy);
  return {
    ...window,
    confirmed,
    episode,
    ...(worst ? { worst } : {}),
    reasons: reasonsOf(input, kind, recent),
  };
}

function signalsOf({ features, quality, performance }: WindowInput): string[] {
  const hard = quality.filter((finding) => finding.severity === 'hard');
  if (hard.length > 0)
    return hard.map(({ check, column }) => `data_incident:${check}${column ? `:${column}` : ''}`);
  const signals = features
    .filter((feature) => isAlarm(feature.level))
    .map((feature) => `drift:${feature.name}`);
  if (performance && isAlarm(performance.level)) signals.push('performance_drop:loss');
  return signals;
}

function kindOf(signals: readonly string[]): 'none' | IncidentKind {
  return INCIDENT_ORDER.find((kind) => signals.some((signal) => signal.startsWith(`${kind}:`))) ?? 'none';
}

function elevatedKinds({ features, quality, performance, policy }: WindowInput): IncidentKind[] {
  const elevated: IncidentKind[] = [];
  if (quality.some((finding) => finding.severity === 'hard')) elevated.push('data_incident');
  if (features.some((feature) => feature.isElevated)) elevated.push('drift');
  if (performance?.computable && performance.level !== 'stable') elevated.push('performance_drop');
  else if (performance?.computable && performance.pValue < policy.alarmAlpha)
    elevated.push('performance_drop');
  return elevated;
}

/** A soft jump of missing values is worth a look and no reason to retrain: a warning of no kind. */
function levelOf({ features, performance, quality }: WindowInput, kind: 'none' | IncidentKind): Level {
  if (kind === 'data_incident') return 'critical';
  const judged = features.map((feature) => feature.level);
  const graveness = judged
    .filter((level) => level !== 'insufficient_data')
    .concat(quality.some((finding) => finding.check === 'missing_rate_jump') ? 'warning' : [])
    .reduce(graver, performance && isAlarm(performance.level) ? performance.level : 'stable');
  const nothingJudged = judged.every((level) => level === 'insufficient_data');
  return graveness === 'stable' && nothingJudged ? 'insufficient_data' : graveness;
}

type JudgedWindow = Pick<WindowOutcome, 'windowStart' | 'level' | 'signals' | 'kind'>;

/** The windows that together confirm the kind, oldest first; empty when it is not confirmed. */
function contributingWindows(
  kind: IncidentKind,
  current: JudgedWindow,
  history: readonly WindowOutcome[],
  policy: DriftPolicy,
): readonly JudgedWindow[] {
  if (kind === 'data_incident') return [current];
  const { m, n } = policy.persistence;
  const recent = recentWindows(current, history, policy);
  const ofKind = current.signals.filter((signal) => signal.startsWith(`${kind}:`));
  const bySignal = ofKind
    .map((signal) => recent.filter((window) => window.signals.includes(signal)))
    .filter((windows) => windows.length >= m)
    .sort((a, b) => b.length - a.length);
  if (bySignal[0]) return bySignal[0];
  const alarming = recent.filter((window) => window.signals.some((signal) => signal.startsWith(`${kind}:`)));
  return alarming.length >= n ? alarming : [];
}

/** The last n windows that could be judged, this one included: among them an alarm is confirmed. */
function recentWindows(
  current: JudgedWindow,
  history: readonly WindowOutcome[],
  { persistence: { n } }: DriftPolicy,
): readonly JudgedWindow[] {
  const judged = history.filter(
    (outcome) => outcome.level !== 'insufficient_data' && outcome.kind !== 'data_incident',
  );
  return [...(n > 1 ? judged.slice(1 - n) : []), current];
}

function worstFeature(features: readonly FeatureVerdict[]): { name: string; psi: number } | undefined {
  const [worst] = [...features]
    .filter((feature) => feature.channel !== 'label' && feature.psiDebiased !== undefined)
    .sort((a, b) => b.psiDebiased! - a.psiDebiased! || (a.name < b.name ? -1 : 1));
  return worst?.psi === undefined ? undefined : { name: worst.name, psi: worst.psi };
}

function reasonsOf(
  { features, quality, performance }: WindowInput,
  kind: 'none' | IncidentKind,
  recent: readonly JudgedWindow[],
): string[] {
  const findings = quality.map(({ column, message }) =>
    column ? `${subjectOf(column)}: ${message}` : message,
  );
  const hard = findings.filter((_, at) => quality[at]?.severity === 'hard');
  const soft = findings.filter((_, at) => quality[at]?.severity === 'soft');
  const drift = [...features]
    .filter((feature) => feature.level !== 'stable')
    .sort((a, b) => (b.psiDebiased ?? -1) - (a.psiDebiased ?? -1))
    .flatMap(({ name, level, reasons }) =>
      isAlarm(level) ? withPersistence(reasons, `drift:${name}`, recent) : reasons,
    );
  const loss =
    performance && isAlarm(performance.level)
      ? withPersistence([performance.reason], 'performance_drop:loss', recent)
      : [];
  return kind === 'data_incident' ? [...hard, ...soft] : [...drift, ...loss, ...soft];
}

/** The first reason says in how many of the last windows its signal was there: `…, 2 of 3 windows`. */
function withPersistence(
  reasons: readonly string[],
  signal: string,
  recent: readonly JudgedWindow[],
): readonly string[] {
  if (recent.length < 2) return reasons;
  const present = recent.filter((window) => window.signals.includes(signal)).length;
  return reasons.map((reason, at) =>
    at === 0 ? `${reason}, ${present} of ${recent.length} windows` : reason,
  );
}
