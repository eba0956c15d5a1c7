/** Test helper: for every alert, the series that are well, go wrong, and are well again; one value a minute. */

/** What a series is at a minute; `_` where there is no sample. */
type Wave = (minute: number, isBad: boolean, before: number) => number | '_';

export interface RuleCase {
  readonly alert: string;
  /** By series without its labels `model` and `env`. */
  readonly series: Readonly<Record<string, Wave>>;
  /** Minutes from the first bad sample until the expression holds at the latest. @default 1 */
  readonly noticedAfter?: number;
  /** Minutes from the last bad sample until the expression no longer holds at the latest. @default 1 */
  readonly goneAfter?: number;
}

const level =
  (good: number | '_', bad: number | '_'): Wave =>
  (_, isBad) =>
    isBad ? bad : good;
const always = (value: number): Wave => level(value, value);
/** Grows by so much a minute. */
const counter =
  (good: number, bad: number): Wave =>
  (_, isBad, before) =>
    before + (isBad ? bad : good);
/** Unix seconds that stand still while it is bad: rules are tested from the year 1970 on. */
const clock: Wave = (minute, isBad, before) => (isBad ? before : minute * 60);

/** What PSI counts under: the verdict on a feature is an alarm, before and after. */
const anyDrift = { tidemark_drift_features_warning: always(1), tidemark_drift_features_critical: always(0) };

export const ruleCases: readonly RuleCase[] = [
  { alert: 'FeatureDriftCritical', series: { tidemark_drift_features_critical: level(0, 1) } },
  { alert: 'FeatureDriftWarning', series: { tidemark_drift_features_warning: level(0, 1) } },
  { alert: 'PredictionDrift', series: { 'tidemark_prediction_drift{channel="prediction"}': level(1, 2) } },
  { alert: 'PsiWarning', series: { ...anyDrift, tidemark_data_drift: level(0.15, 0.16) } },
  { alert: 'PsiCritical', series: { ...anyDrift, tidemark_data_drift: level(0.3, 0.31) } },
  { alert: 'PerformanceDrop', series: { 'tidemark_drift_confirmed{kind="performance_drop"}': level(0, 1) } },
  {
    alert: 'DriftReportStale',
    series: {
      tidemark_report_timestamp_seconds: clock,
      'tidemark_threshold{name="report_age_seconds"}': always(3600),
    },
    noticedAfter: 61,
  },
  { alert: 'QualityHardFailure', series: { 'tidemark_quality_failures{severity="hard"}': level(0, 1) } },
  {
    alert: 'FeatureMissingHigh',
    series: { 'tidemark_feature_missing_ratio{feature="carat"}': level(0.15, 0.16) },
  },
  {
    alert: 'QualityReportStale',
    series: {
      tidemark_counted_timestamp_seconds: clock,
      'tidemark_threshold{name="report_age_seconds"}': always(3600),
    },
    noticedAfter: 61,
  },
  {
    alert: 'ErrorRateHigh',
    series: {
      'tidemark_requests_total{outcome="answered"}': counter(95, 94),
      'tidemark_requests_total{outcome="failed"}': counter(5, 6),
    },
    noticedAfter: 11,
    goneAfter: 11,
  },
  {
    alert: 'LatencyP99High',
    series: {
      'tidemark_request_duration_seconds_bucket{le="2"}': counter(100, 98),
      'tidemark_request_duration_seconds_bucket{le="5"}': counter(100, 100),
      'tidemark_request_duration_seconds_bucket{le="+Inf"}': counter(100, 100),
      tidemark_request_duration_seconds_count: counter(100, 100),
    },
    noticedAfter: 15,
    goneAfter: 15,
  },
  {
    alert: 'ConfidenceLow',
    series: {
      tidemark_prediction_confidence_sum: counter(60, 50),
      tidemark_prediction_confidence_count: counter(100, 100),
    },
    noticedAfter: 15,
    goneAfter: 15,
  },
  { alert: 'NoModelLoaded', series: { tidemark_model_loaded: level(1, 0) }, goneAfter: 16 },
  {
    alert: 'RetrainFailed',
    series: { 'tidemark_retrain_runs_total{outcome="failed",trigger="drift"}': counter(0, 0.05) },
    noticedAfter: 25,
    goneAfter: 61,
  },
  {
    alert: 'RetrainRejected',
    series: { 'tidemark_retrain_runs_total{outcome="rejected",trigger="drift"}': counter(0, 0.05) },
    noticedAfter: 25,
    goneAfter: 61,
  },
  {
    alert: 'RetrainStuck',
    series: {
      tidemark_retrain_in_progress: level(0, 1),
      tidemark_retrain_started_timestamp_seconds: clock,
    },
    noticedAfter: 121,
  },
  {
    alert: 'ApprovalWaiting',
    series: { 'tidemark_retrain_stage{stage="Approve"}': level('_', 1) },
    goneAfter: 6,
  },
  { alert: 'BatchPaused', series: { tidemark_batch_paused: level(0, 1) } },
  {
    alert: 'CaptureStalled',
    series: { tidemark_counted_timestamp_seconds: clock },
    noticedAfter: 31,
  },
  {
    alert: 'RowsLate',
    series: { tidemark_predictions_total: counter(1000, 1000), tidemark_late_rows_total: counter(10, 11) },
    noticedAfter: 61,
    goneAfter: 61,
  },
  {
    alert: 'RowsUnprofiled',
    series: { tidemark_unprofiled_rows_total: counter(0, 1) },
    noticedAfter: 2,
    goneAfter: 61,
  },
  {
    alert: 'PublisherSilent',
    series: { tidemark_publisher_heartbeat_timestamp_seconds: clock },
    noticedAfter: 11,
  },
  {
    alert: 'PublisherFailing',
    series: { tidemark_publisher_failures_total: counter(0, 1) },
    noticedAfter: 5,
    goneAfter: 16,
  },
  {
    alert: 'NotificationsFailing',
    series: { 'tidemark_notifications_total{result="gave_up"}': counter(0, 1) },
    noticedAfter: 2,
    goneAfter: 61,
  },
  {
    alert: 'CanaryMissed',
    series: {
      tidemark_canary_due_timestamp_seconds: (minute, isBad, before) => (isBad ? before : minute * 60 + 30),
    },
    noticedAfter: 2,
  },
  { alert: 'CanaryFalseAlarm', series: { tidemark_canary_false_alarm: level(0, 1) } },
  { alert: 'ModelUnreadable', series: { tidemark_unreadable_models: level(0, 1) } },
  {
    alert: 'SeriesRejected',
    series: { tidemark_publisher_rejected_series_total: counter(0, 1) },
    noticedAfter: 2,
    goneAfter: 16,
  },
];

export const badFrom = 70;
export const badUntil = 300;
const minutes = 420;

/** `series` with labels, and its value a minute, as promtool takes them. */
export function inputSeries(
  { series }: Pick<RuleCase, 'series'>,
  labels: Readonly<Record<string, string>>,
  isEverBad = true,
): { readonly series: string; readonly values: string }[] {
  return Object.entries(series).map(([name, wave]) => {
    let before = 0;
    const values = Array.from({ length: minutes }, (_, minute) => {
      const value = wave(minute, isEverBad && minute >= badFrom && minute < badUntil, before);
      if (value !== '_') before = value;
      return value === '_' ? '_' : String(Number(value.toFixed(6)));
    });
    return { series: withLabels(name, labels), values: values.join(' ') };
  });
}

function withLabels(name: string, labels: Readonly<Record<string, string>>): string {
  const [metric = name, own] = name.replace(/}$/, '').split('{');
  const given = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${metric}{${[...(own === undefined ? [] : [own]), ...given].join(',')}}`;
}
