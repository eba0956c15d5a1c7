/** Drift policy: the thresholds between figures and verdicts, settable per model. */

import type { CorrectionMethod } from './multiplicity.ts';

export interface DriftPolicy {
  /** How p-values are corrected for the number of features judged together. */
  readonly correction: CorrectionMethod;
  /** False discovery rate at which a feature is called `shifted`. */
  readonly alpha: number;
  /**
   * False discovery rate an alarm needs, lowered further where the reference is small beside the window; stricter
   * than `alpha`, since an alarm wakes people.
   */
  readonly alarmAlpha: number;
  /** De-biased PSI below which a significant change is not worth showing. */
  readonly minimalEffect: number;
  /** De-biased PSI, strict. */
  readonly psiWarning: number;
  /** De-biased PSI, strict. */
  readonly psiCritical: number;
  /** Usable rows below which "no drift" is not claimed. */
  readonly minRows: number;
  /** An alarm is confirmed when a signal is present in `m` of the last `n` windows that could be judged. */
  readonly persistence: { readonly m: number; readonly n: number };
  /** While an episode is open, a feature counts as elevated down to this part of `psiWarning`. */
  readonly clearRatio: number;
  /** Consecutive calm windows that close an episode. */
  readonly clearWindows: number;
}

export const defaultDriftPolicy: DriftPolicy = {
  correction: 'bh',
  alpha: 0.05,
  alarmAlpha: 0.01,
  minimalEffect: 0.02,
  psiWarning: 0.15,
  psiCritical: 0.3,
  minRows: 50,
  persistence: { m: 2, n: 3 },
  clearRatio: 0.8,
  clearWindows: 2,
};

/** Alarms are never given at a laxer level than this, however large the budget. */
const MAX_ALARM_ALPHA = 0.01;
const MONTH_MS = 30 * 86_400_000;
/** Families that may each raise a false alarm: features with predictions and confidence, and performance. */
const CHANNELS = 2;

/**
 * The alarm level that keeps a budget of false alarms. A false alarm is confirmed when the same signal comes by chance
 * in m of n disjoint windows. Windows in a month times the ways to choose the m − 1 earlier ones times αᵐ, for each of
 * the two channels, bounds their number while windows err independently; what they share, the reference's own error,
 * `alarmLevel` pays for.
 *
 * @param falseAlarmsPerMonth expected confirmed false alarms of one model in 30 days, above 0
 * @param windowMs length of a window in milliseconds
 * @example alarmAlphaFor(1, 86_400_000, { m: 2, n: 3 }) // 0.01: one window a day is no risk to the budget
 * @example alarmAlphaFor(0.1, 300_000, { m: 2, n: 3 }) // 0.0017
 */
export function alarmAlphaFor(
  falseAlarmsPerMonth: number,
  windowMs: number,
  { m, n }: DriftPolicy['persistence'],
): number {
  let ways = 1;
  for (let chosen = 1; chosen < m; chosen++) ways *= (n - chosen) / chosen;
  const occasions = CHANNELS * ways * Math.max(1, MONTH_MS / windowMs);
  return Math.min(MAX_ALARM_ALPHA, (falseAlarmsPerMonth / occasions) ** (1 / m));
}

/**
 * The level one alarm needs. Confirmation by a second window is worth a second look only as far as the windows' errors
 * are independent. They share the reference's, a part n/(n + n_reference) of the variance, so the level falls from α to
 * α² as that part grows: 90 reference rows against windows of 500 otherwise confirmed a false alarm in 5 % of week-long
 * series.
 */
export function alarmLevel(
  { alarmAlpha }: Pick<DriftPolicy, 'alarmAlpha'>,
  { nCurrent, nReference }: { readonly nCurrent: number; readonly nReference: number },
): number {
  return alarmAlpha ** (1 + nCurrent / Math.max(1, nCurrent + nReference));
}
