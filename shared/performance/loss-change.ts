/** Loss change: whether the model errs more on labelled traffic than on held-out baseline rows. */

import type { NotComputable } from '#shared/drift/measure.ts';
import {
  bisect,
  normalQuantile,
  regularizedBeta,
  studentTQuantile,
  studentTSurvival,
} from '#shared/drift/special-functions.ts';
import { compareShares, type Share } from '#shared/drift/two-proportions.ts';
import type { Anchor } from '#shared/profile/anchors.ts';
import { meanOf, standardDeviationOf } from '#shared/profile/moments.ts';
import type { FeatureProfile } from '#shared/profile/profile.ts';

/** Labelled rows needed on either side. */
export const MIN_LABELLED_ROWS = 20;

/**
 * A heavy-tailed held-out loss has a mean that few rows underestimate, and everything later then looks worse: at 30
 * lognormal rows a 1 % test fired in 15 % of cases. So many rows per squared coefficient of variation.
 */
const ROWS_PER_SQUARED_VARIATION = 30;

export interface LossPolicy {
  /** One-sided level, also of the interval's lower end. */
  readonly alpha: number;
  /** Relative increase of the mean loss, strict. */
  readonly warning: number;
  /** Relative increase, strict; its lower bound must then exceed `warning`. */
  readonly critical: number;
}

export const defaultLossPolicy: LossPolicy = { alpha: 0.01, warning: 0.15, critical: 0.5 };

export interface LossOptions {
  readonly policy?: LossPolicy;
  /** Variance inflation of clustered rows, ≥ 1: n rows say as much of the mean loss as n/designEffect independent ones. */
  readonly designEffect?: number;
}

export interface LossSample {
  /** Labelled rows. */
  readonly n: number;
  /** Mean loss: an error rate in [0, 1], or a mean absolute error. */
  readonly mean: number;
  /** Sample standard deviation of the losses. */
  readonly standardDeviation: number;
}

interface MeasuredLoss {
  readonly computable: true;
  readonly n: number;
  readonly nReference: number;
  readonly mean: number;
  readonly meanReference: number;
  /** Of the held-out losses. */
  readonly standardDeviationReference: number;
  /** mean / meanReference − 1; error rates with half an error added on either side. */
  readonly relativeChange: number;
  /** Two-sided 98 % interval of `relativeChange` at the default level. */
  readonly interval: readonly [number, number];
  /** One-sided: the chance of this much more loss if nothing had changed. */
  readonly pValue: number;
  readonly level: 'stable' | 'warning' | 'critical';
  readonly reason: string;
}

interface UnmeasuredLoss extends NotComputable {
  readonly n: number;
  readonly nReference: number;
  readonly level: 'insufficient_data';
}

export type PerformanceResult = MeasuredLoss | UnmeasuredLoss;

/**
 * Compares the mean loss of labelled rows with a held-out reference. Held-out matters: against training rows this
 * fires in 95 % of cycles. Error rates are tested by two proportions (Fisher's exact when sparse), other losses by
 * Welch's t; the interval of the ratio is on the log scale (delta method), its lower end exact below ten errors.
 *
 * @param kind `error_rate` for 0/1 losses, `absolute_error` for any other non-negative loss
 * @example
 * lossChange('error_rate', { n: 500, mean: 0.05, standardDeviation: 0.218 }, { n: 200, mean: 0.2, standardDeviation: 0.4 }).level
 * // 'critical'
 */
export function lossChange(
  kind: 'error_rate' | 'absolute_error',
  reference: LossSample,
  current: LossSample,
  { policy = defaultLossPolicy, designEffect = 1 }: LossOptions = {},
): PerformanceResult {
  const sizes = { n: current.n, nReference: reference.n };
  const refuse = (reason: string): UnmeasuredLoss => ({
    computable: false,
    ...sizes,
    level: 'insufficient_data',
    reason,
  });
  const [before, now] = [independent(reference, designEffect), independent(current, designEffect)];
  if (Math.min(now.n, before.n) < MIN_LABELLED_ROWS)
    return refuse(
      `${worthOf(current, now)} labelled rows against ${worthOf(reference, before)} held-out ones; ${MIN_LABELLED_ROWS} are needed on either side`,
    );
  if (kind === 'absolute_error' && !(reference.mean > 0))
    return refuse('the held-out loss is 0, so a relative change has no meaning');
  if (
    ![reference.mean, current.mean, reference.standardDeviation, current.standardDeviation].every(
      Number.isFinite,
    )
  )
    return refuse('a loss is not finite');
  const needed = kind === 'error_rate' ? 0 : rowsForMean(reference);
  if (before.n < needed)
    return refuse(
      `held-out losses vary so much that ${needed} rows are needed for their mean, there are ${worthOf(reference, before)}`,
    );
  const change =
    kind === 'error_rate' ? errorRateChange(before, now, policy) : meanLossChange(before, now, policy);
  const level = levelOf(change, policy);
  return {
    computable: true,
    ...sizes,
    mean: current.mean,
    meanReference: reference.mean,
    standardDeviationReference: reference.standardDeviation,
    ...change,
    level,
    reason: describe(kind, reference.mean, current.mean, change.relativeChange, level),
  };
}

/** As many independent rows as the sample's are worth. */
function independent(sample: LossSample, designEffect: number): LossSample {
  return { ...sample, n: Math.floor(sample.n / Math.max(1, designEffect)) };
}

function worthOf({ n }: LossSample, independent: LossSample): string {
  return independent.n === n ? String(n) : `${n} (worth ${independent.n})`;
}

/** The loss channel's sample; `n` is 0 when the profile holds no labelled rows. */
export function lossSample(anchor: Anchor, profile: FeatureProfile): LossSample {
  if (anchor.kind !== 'numeric' || profile.kind !== 'numeric')
    throw new TypeError(`the loss column "${anchor.name}" must be numeric, it is ${anchor.kind}`);
  return {
    n: profile.count,
    mean: meanOf(anchor, profile) ?? 0,
    standardDeviation: standardDeviationOf(anchor, profile) ?? 0,
  };
}

/** Rows from which the mean of losses that vary so much can be trusted. */
export function rowsForMean(losses: LossSample): number {
  return Math.ceil(ROWS_PER_SQUARED_VARIATION * variation(losses) ** 2);
}

function variation({ mean, standardDeviation }: LossSample): number {
  return standardDeviation / mean;
}

type Change = Pick<MeasuredLoss, 'relativeChange' | 'interval' | 'pValue'>;

/** Errors on either side from which the log ratio is near enough to normal. */
const MIN_ERRORS = 10;

function errorRateChange(reference: LossSample, current: LossSample, policy: LossPolicy): Change {
  const before = { hits: Math.round(reference.n * reference.mean), rows: reference.n };
  const now = { hits: Math.round(current.n * current.mean), rows: current.n };
  const logRatio = Math.log(smoothedRate(now) / smoothedRate(before));
  const margin = normalQuantile(policy.alpha) * Math.sqrt(logVariance(before) + logVariance(now));
  const isSparse = Math.min(before.hits, now.hits) < MIN_ERRORS;
  const lowest = isSparse ? leastRatio(before, now, policy.alpha) - 1 : Math.expm1(logRatio - margin);
  return {
    relativeChange: Math.expm1(logRatio),
    interval: [lowest, Math.expm1(logRatio + margin)],
    pValue: compareShares(before, now).increase,
  };
}

function smoothedRate({ hits, rows }: Share): number {
  return (hits + 0.5) / (rows + 1);
}

function logVariance({ hits, rows }: Share): number {
  return Math.max(0, 1 / (hits + 0.5) - 1 / (rows + 1));
}

/**
 * Exact lower bound of the ratio of two rates: given all errors, the current ones are binomial (Przyborowski and
 * Wilenski 1940). Has a bound above 1 even where the reference has no error, which the delta method never does.
 */
function leastRatio(before: Share, now: Share, alpha: number): number {
  if (now.hits === 0) return 0;
  return bisect((ratio) => {
    const share = (now.rows * ratio) / (now.rows * ratio + before.rows);
    return regularizedBeta(share, now.hits, before.hits + 1) < alpha;
  });
}

/** In units of the held-out mean, so that squares of very large or small losses stay finite. */
function meanLossChange(unscaled: LossSample, unscaledCurrent: LossSample, policy: LossPolicy): Change {
  const inUnits = ({ n, mean, standardDeviation }: LossSample): LossSample => ({
    n,
    mean: mean / unscaled.mean,
    standardDeviation: standardDeviation / unscaled.mean,
  });
  const [reference, current] = [inUnits(unscaled), inUnits(unscaledCurrent)];
  const variance = ({ n, standardDeviation }: LossSample) => standardDeviation ** 2 / n;
  const [before, now] = [variance(reference), variance(current)];
  const difference = current.mean - reference.mean;
  if (before + now === 0) {
    const relativeChange = difference / reference.mean;
    return { relativeChange, interval: [relativeChange, relativeChange], pValue: difference > 0 ? 0 : 1 };
  }
  const degreesOfFreedom =
    (before + now) ** 2 / (before ** 2 / (reference.n - 1) + now ** 2 / (current.n - 1));
  const pValue = studentTSurvival(difference / Math.sqrt(before + now), degreesOfFreedom);
  if (current.mean <= 0) return { relativeChange: -1, interval: [-1, -1], pValue };
  const logRatio = Math.log(current.mean / reference.mean);
  const relativeError = Math.sqrt(before / reference.mean ** 2 + now / current.mean ** 2);
  const margin = studentTQuantile(policy.alpha, degreesOfFreedom) * relativeError;
  return {
    relativeChange: Math.expm1(logRatio),
    interval: [Math.expm1(logRatio - margin), Math.expm1(logRatio + margin)],
    pValue,
  };
}

function levelOf({ relativeChange, interval, pValue }: Change, policy: LossPolicy): MeasuredLoss['level'] {
  const [lowest] = interval;
  const isWorse = pValue < policy.alpha && lowest > 0 && relativeChange > policy.warning;
  if (!isWorse) return 'stable';
  return relativeChange > policy.critical && lowest > policy.warning ? 'critical' : 'warning';
}

function describe(
  kind: string,
  before: number,
  now: number,
  relativeChange: number,
  level: MeasuredLoss['level'],
): string {
  const figure = (value: number) =>
    kind === 'error_rate' ? `${(100 * value).toFixed(1)} %` : String(Number(value.toPrecision(4)));
  const loss = kind === 'error_rate' ? 'error rate' : 'mean absolute error';
  const change = `${relativeChange >= 0 ? '+' : ''}${Math.round(100 * relativeChange)} %`;
  const verdict = level === 'stable' ? 'within what held-out rows show' : 'worse than on held-out rows';
  return `${loss} ${figure(before)} → ${figure(now)} (${change}), ${verdict}`;
}
