/** Alerts on capture: rows that are answered and logged, and not counted, profiled or checked. */
import { type AlertGroup, slowly } from './alert.ts';
import { slowLatest } from './latest.ts';

export const captureAlerts: AlertGroup = {
  name: 'tidemark-capture',
  recordings: [
    {
      record: 'tidemark:predictions:increase1h',
      expr: 'sum by (model, env) (increase(tidemark_predictions_total[1h]))',
    },
    {
      record: 'tidemark:late_rows:ratio1h',
      expr: 'sum by (model, env) (increase(tidemark_late_rows_total[1h])) / (tidemark:predictions:increase1h >= 20)',
    },
    {
      record: 'tidemark:unprofiled_rows:increase1h',
      expr: 'sum by (model, env) (increase(tidemark_unprofiled_rows_total[1h]))',
    },
    slowLatest('counted_timestamp_seconds', '49h'),
    {
      record: 'tidemark:capture_lag_seconds',
      expr: `time() - ${slowly('tidemark:counted_timestamp_seconds:latest')}`,
    },
  ],
  alerts: [
    {
      name: 'CaptureStalled',
      severity: 'critical',
      category: 'capture',
      signal: 'tidemark:capture_lag_seconds',
      is: '>',
      threshold: { name: 'counted_age_seconds', fallback: 1800 },
      forMinutes: 5,
      summary: '{{ $labels.model }}: predictions are not captured since {{ humanizeDuration $value }}',
      description:
        'The stream time up to which every row is counted stands still: the change feed, the function capture or the tick does.',
      impact: 'Predictions are answered and logged, but not monitored. The stream keeps them for 24 hours.',
      firstSteps: [
        'read the log of the functions capture and tick: the last error',
        'iterator age of the stream: above six hours batches are filed under failures/',
        'repair the cause; then tidemark replay puts filed batches back, exactly once',
      ],
      falseAlarm: 'None known: the clock goes on without traffic.',
      closes: 'Rows are counted up to half an hour ago or later.',
    },
    {
      name: 'QualityReportStale',
      severity: 'warning',
      category: 'quality',
      signal: 'tidemark:capture_lag_seconds',
      is: '>',
      threshold: { name: 'report_age_seconds', fallback: 43_200 },
      forMinutes: 0,
      summary: '{{ $labels.model }}: rows are not counted or checked since {{ humanizeDuration $value }}',
      description:
        'The stream time up to which rows are counted and profiled is older than a report may be: quality checks see nothing newer.',
      impact: 'Bad data would pass unnoticed, and drift is judged on old rows only.',
      firstSteps: [
        'is the tick alive? Read the log of the function tick for "failed"',
        'is capture alive? Iterator age of the stream, log of the function capture',
        'after a repair the backlog is worked off by itself; look again in ten minutes',
      ],
      falseAlarm: 'None known: the clock goes on without traffic.',
      closes: 'Rows are counted up to now again.',
    },
    {
      name: 'RowsLate',
      severity: 'warning',
      category: 'capture',
      signal: 'tidemark:late_rows:ratio1h',
      is: '>',
      threshold: 0.01,
      forMinutes: 10,
      keepFiringMinutes: 15,
      summary: '{{ $labels.model }}: {{ humanizePercentage $value }} of rows came too late to be judged',
      description:
        'More than 1 % of the rows of an hour came after their granule had closed: archived, in no profile.',
      impact: 'Windows miss rows; what is late is often of one kind, so verdicts lean to the rest.',
      firstSteps: [
        'iterator age of the stream and duration of the function capture: is it behind',
        'widen the grace: setting GRANULE_GRACE_MS',
        'nothing is lost: the archive has every row',
      ],
      falseAlarm: 'The hour after a repair of capture, when its backlog arrives.',
      closes: 'A quarter of an hour with 1 % or less.',
    },
    {
      name: 'RowsUnprofiled',
      severity: 'warning',
      category: 'capture',
      signal: 'tidemark:unprofiled_rows:increase1h',
      is: '>',
      threshold: 0.5,
      forMinutes: 5,
      keepFiringMinutes: 15,
      summary: '{{ $labels.model }}: rows cannot be profiled, the files of their version are unreadable',
      description: 'Rows of a version whose files cannot be read went into the archive and into no profile.',
      impact: 'Drift of that version is not seen.',
      firstSteps: [
        'GET /models/{model}/versions: the version that serves',
        'are its files in the bucket under models/, and readable by the function capture',
        'put them back, or roll back to a version whose files are there',
      ],
      falseAlarm: 'None known.',
      closes: 'An hour without such rows.',
    },
  ],
};
