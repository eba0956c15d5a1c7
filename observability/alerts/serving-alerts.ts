/** Alerts on answers: errors, latency, confidence, and a model that has no version to serve. */
import type { AlertGroup } from './alert.ts';
import { latest } from './latest.ts';

/** Counters move when a granule of five minutes closes: over ten minutes there are always two of them. */
const errorWindow = '10m';
/** Histograms are published every four minutes and move with granules. */
const histogramWindow = '15m';
/** Below this many requests in the window a share says nothing. */
const MIN_REQUESTS = 20;

const requests = `sum by (model, env) (increase(tidemark_requests_total[${errorWindow}]))`;
const increaseOf = (metric: string, by = 'model, env') =>
  `sum by (${by}) (increase(tidemark_${metric}[${histogramWindow}]))`;

export const errorRateHigh = 'ErrorRateHigh';

export const servingAlerts: AlertGroup = {
  name: 'tidemark-serving',
  recordings: [
    latest('model_loaded', 'min', '15m'),
    { record: 'tidemark:requests:increase10m', expr: requests },
    {
      record: 'tidemark:request_errors:ratio10m',
      expr: `(sum by (model, env) (increase(tidemark_requests_total{outcome="failed"}[${errorWindow}])) or 0 * tidemark:requests:increase10m) / (tidemark:requests:increase10m >= ${MIN_REQUESTS})`,
    },
    {
      record: 'tidemark:request_duration_seconds:p99_15m',
      expr: `histogram_quantile(0.99, ${increaseOf('request_duration_seconds_bucket', 'model, env, le')}) and on (model, env) (${increaseOf('request_duration_seconds_count')} >= ${MIN_REQUESTS})`,
    },
    {
      record: 'tidemark:prediction_confidence:mean15m',
      expr: `${increaseOf('prediction_confidence_sum')} / (${increaseOf('prediction_confidence_count')} >= ${MIN_REQUESTS})`,
    },
  ],
  alerts: [
    {
      name: errorRateHigh,
      severity: 'critical',
      category: 'serving',
      signal: 'tidemark:request_errors:ratio10m',
      is: '>',
      threshold: { name: 'error_ratio', fallback: 0.05 },
      forMinutes: 5,
      keepFiringMinutes: 5,
      summary: '{{ $labels.model }}: {{ humanizePercentage $value }} of predictions fail',
      description: `More than 5 % of the predictions asked for in ten minutes failed with a 5xx in the handler; fewer than ${MIN_REQUESTS} requests say nothing. What never reached the handler is an alarm of CloudWatch.`,
      impact: 'Callers get errors instead of predictions.',
      firstSteps: [
        'GET /ready and /models/{model}: which version serves, and since when',
        'read the log of the function predict for this model: the first error of the last ten minutes',
        'when it began with a promotion: POST /models/{model}/rollback',
      ],
      falseAlarm: 'A load test that asks for more than the function may take.',
      closes: 'The share is at the limit or below it for five minutes.',
    },
    {
      name: 'LatencyP99High',
      severity: 'warning',
      category: 'serving',
      signal: 'tidemark:request_duration_seconds:p99_15m',
      is: '>',
      threshold: { name: 'latency_seconds', fallback: 2 },
      forMinutes: 5,
      keepFiringMinutes: 5,
      summary: '{{ $labels.model }}: slowest 1 % of predictions take {{ printf "%.1f" $value }} s or more',
      description: `The 99th percentile of the time in the handler is above two seconds over a quarter of an hour; fewer than ${MIN_REQUESTS} requests say nothing.`,
      impact: 'Callers with short timeouts give up.',
      firstSteps: [
        'is it the store or the model? Compare with the latency of DynamoDB and with the trace of a slow request',
        'are batches larger than usual? The access log has the sizes',
        'give the function more memory (CPU comes with it), or roll back when a larger model was promoted',
      ],
      falseAlarm: 'Cold starts at a time with hardly any traffic.',
      closes: 'The percentile is at the limit or below it for five minutes.',
    },
    {
      name: 'ConfidenceLow',
      severity: 'warning',
      category: 'serving',
      signal: 'tidemark:prediction_confidence:mean15m',
      is: '<',
      threshold: { name: 'confidence', fallback: 0.55 },
      forMinutes: 15,
      keepFiringMinutes: 5,
      summary: '{{ $labels.model }}: mean confidence is down to {{ printf "%.2f" $value }}',
      description: `The mean confidence of a quarter of an hour is below 0.55; fewer than ${MIN_REQUESTS} predictions say nothing. Classifiers only.`,
      impact: 'The model is guessing: its answers are little better than the most frequent class.',
      firstSteps: [
        'open the report: do features drift or are they missing',
        'are the rows from where the model was trained for? GET /models/{model}/logs',
        'when labels are there, compare the loss with the baseline before doing anything',
      ],
      falseAlarm: 'Many classes: a good model may be unsure by nature. Set the limit in its policy.',
      closes: 'The mean is at the limit or above it for five minutes.',
    },
    {
      name: 'NoModelLoaded',
      severity: 'critical',
      category: 'serving',
      signal: 'tidemark:model_loaded:latest',
      is: '<',
      threshold: 1,
      forMinutes: 2,
      summary: '{{ $labels.model }}: no version serves',
      description: 'The model is registered and has no champion.',
      impact: 'Every prediction of this model is refused.',
      firstSteps: [
        'GET /models/{model}/versions: is there one that is ready',
        'promote or roll back to it: POST /models/{model}/promote or /rollback with to_version',
        'when there is none: see why its trial failed, and register it again',
      ],
      falseAlarm: 'A model that is being registered for the first time.',
      closes: 'A version serves.',
    },
  ],
};
