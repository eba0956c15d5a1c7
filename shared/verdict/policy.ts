/** Drift policy: the thresholds between figures and verdicts, settable per model. */

export interface DriftPolicy {
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
