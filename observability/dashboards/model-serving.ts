/** API and model row of the model dashboard: what callers get, how fast, how sure, how right. */
import { newest, ofThisModel, type Row } from './panel.ts';

const half = { width: 12, height: 8 } as const;
const rate = (metric: string) => `rate(${ofThisModel(metric)}[$__rate_interval])`;
const quantile = (share: number) =>
  `histogram_quantile(${share}, sum by (le) (${rate('tidemark_request_duration_seconds_bucket')}))`;
const duration = [0.5, 0.95, 0.99].map((share) => ({
  expr: quantile(share),
  legend: `p${share * 100}`,
  minStep: '4m' as const,
}));
/** Of the 95 % interval; matched without labels that only one of the two has. */
const bound = (sign: '+' | '-') =>
  `${newest(ofThisModel('tidemark_model_loss', 'dataset="estimated"'))} ${sign} ignoring (dataset) 1.96 * ${newest(ofThisModel('tidemark_estimated_loss_standard_error'))}`;
const limit = (name: string) => ({
  expr: newest(ofThisModel('tidemark_threshold', `name="${name}"`)),
  legend: 'limit',
});

export const servingRow: Row = {
  title: 'API and model',
  panels: [
    {
      ...half,
      kind: 'timeseries',
      title: 'Predictions asked for, by outcome',
      description:
        'Answered, refused (4xx) and failed (5xx) in the handler, each row of a batch counted; complete up to about ten minutes ago. What the gateway refused is counted by CloudWatch.',
      unit: 'reqps',
      min: 0,
      queries: [
        {
          expr: `sum by (outcome) (${rate('tidemark_requests_total')})`,
          legend: '{{outcome}}',
          minStep: '4m',
        },
      ],
      noValue: 'no traffic counted yet',
      runbook: 'error-rate-high',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Share of predictions that fail',
      description:
        'Of ten minutes, failures with a 5xx in the handler; with fewer than 20 requests it says nothing. Dashed: the usual limit of 5 %.',
      unit: 'percentunit',
      min: 0,
      queries: [
        { expr: ofThisModel('tidemark:request_errors:ratio10m'), legend: 'failed' },
        limit('error_ratio'),
      ],
      limits: [[0.05, 'red']],
      noValue: 'fewer than 20 requests in ten minutes',
      runbook: 'error-rate-high',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Time in the handler',
      description:
        'Median, 95th and 99th percentile, without the gateway and the cold start. Dashed: the usual limit of two seconds for the 99th.',
      unit: 's',
      min: 0,
      queries: [...duration, limit('latency_seconds')],
      limits: [[2, 'red']],
      noValue: 'no traffic',
      runbook: 'latency-p99-high',
    },
    {
      ...half,
      kind: 'heatmap',
      title: 'Time in the handler, distribution',
      description: 'Predictions by how long they took: two bands are two kinds of requests, or cold starts.',
      unit: 's',
      queries: [
        {
          expr: `sum by (le) (increase(${ofThisModel('tidemark_request_duration_seconds_bucket')}[$__rate_interval]))`,
          legend: '{{le}}',
          minStep: '4m',
        },
      ],
      noValue: 'no traffic',
      runbook: 'latency-p99-high',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Refused and failed, by status',
      description:
        'A 400 or 422 is a caller that sends wrong rows, 429 one that asks too often, 5xx are ours. 0 of a status that has not happened.',
      unit: 'reqps',
      min: 0,
      queries: [
        {
          expr: `sum by (status) (${rate('tidemark_request_failures_total')})`,
          legend: '{{status}}',
          minStep: '4m',
        },
      ],
      noValue: 'no traffic counted yet',
      runbook: 'error-rate-high',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Predictions and labels by version',
      description:
        'Rows in profiles, and the labels joined with them: labels that stop coming end every judgement of performance.',
      unit: 'short',
      min: 0,
      queries: [
        {
          expr: `sum by (version) (increase(${ofThisModel('tidemark_predictions_total')}[$__rate_interval]))`,
          legend: 'predictions {{version}}',
          minStep: '4m',
        },
        {
          expr: `sum by (version) (increase(${ofThisModel('tidemark_labels_total')}[$__rate_interval]))`,
          legend: 'labels {{version}}',
          minStep: '4m',
        },
      ],
      noValue: 'nothing counted yet',
      runbook: 'capture-stalled',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Mean confidence',
      description:
        'Of a quarter of an hour; with fewer than 20 predictions it says nothing. Classifiers only. Dashed: the usual limit of 0.55, below which the model is guessing.',
      unit: 'percentunit',
      min: 0,
      max: 1,
      queries: [
        { expr: ofThisModel('tidemark:prediction_confidence:mean15m'), legend: 'mean' },
        limit('confidence'),
      ],
      limits: [[0.55, 'green']],
      noValue: 'no classes, or fewer than 20 predictions',
      runbook: 'confidence-low',
    },
    {
      ...half,
      kind: 'heatmap',
      title: 'Confidence, distribution',
      description:
        'Predictions of a class by how sure the model was. Mass that moves down is a model that meets what it does not know.',
      unit: 'percentunit',
      queries: [
        {
          expr: `sum by (le) (increase(${ofThisModel('tidemark_prediction_confidence_bucket')}[$__rate_interval]))`,
          legend: '{{le}}',
          minStep: '4m',
        },
      ],
      noValue: 'no classes, or no traffic',
      runbook: 'confidence-low',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Loss: held-out rows and labelled traffic',
      description:
        'Mean loss (an error rate, or a mean absolute error) of the newest window’s labelled rows, beside that of held-out rows at promotion.',
      unit: 'short',
      min: 0,
      queries: [
        {
          expr: newest(ofThisModel('tidemark_model_loss', 'dataset=~"baseline|window"')),
          legend: '{{dataset}}',
        },
        { expr: newest(ofThisModel('tidemark_threshold', 'name="loss"')), legend: 'limit' },
      ],
      noValue: 'too few labels',
      runbook: 'performance-drop',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Loss estimated without labels, and realised',
      description:
        'What the held-out rows’ errors at the same confidence (or prediction) make of the newest window, 95 % sure to be between low and high; beside it what came true of its labels. Follows a change of which rows come and is blind to a change of what is true of them (concept drift). It alarms nobody.',
      unit: 'short',
      min: 0,
      queries: [
        { expr: newest(ofThisModel('tidemark_model_loss')), legend: '{{dataset}}' },
        { expr: bound('-'), legend: 'low' },
        { expr: bound('+'), legend: 'high' },
      ],
      noValue: 'no labelled held-out rows to estimate from',
      runbook: 'performance-drop',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Change of the loss, and concept drift',
      description:
        'Loss of labelled traffic relative to held-out rows, less 1; and the part of it above 0 as the score of concept drift, -1 without enough labels.',
      unit: 'percentunit',
      queries: [
        { expr: newest(ofThisModel('tidemark_loss_relative_change')), legend: 'change' },
        { expr: newest(ofThisModel('tidemark_concept_drift')), legend: 'concept drift' },
      ],
      noValue: 'too few labels',
      runbook: 'performance-drop',
    },
    {
      ...half,
      kind: 'table',
      title: 'Figures of the champion',
      description:
        'What the serving version reached on held-out rows when it was trained: what was promised.',
      unit: 'none',
      decimals: 4,
      queries: [
        { expr: `max by (metric) (${newest(ofThisModel('tidemark_model_metric'))})`, legend: 'held out' },
      ],
      noValue: 'nothing serves',
      runbook: 'performance-drop',
    },
    {
      ...half,
      kind: 'table',
      title: 'Limits of this model',
      description:
        'What its policy makes of a limit: alerts compare with these. Changed by POST /models/{model}/policy, without a deployment.',
      unit: 'none',
      queries: [{ expr: `max by (name) (${newest(ofThisModel('tidemark_threshold'))})`, legend: 'limit' }],
      noValue: 'model unknown',
    },
  ],
};
