/** Metrics of the newest judged window: verdict, drift of features and predictions, performance. */
import type { LastReport, ModelFigures } from '../figures.ts';
import { features, MAX_FEATURES, type ModelMetric, one, seconds } from '../metric.ts';

const levels: Readonly<Record<string, number>> = {
  insufficient_data: -1,
  stable: 0,
  shifted: 1,
  warning: 2,
  critical: 3,
};
const levelHelp = '-1 too little data, 0 stable, 1 shifted, 2 warning, 3 critical';

const isShown = (level: string): boolean => level !== 'stable' && level !== 'insufficient_data';

const inLevel = ({ lastReport }: ModelFigures, level: string): number | undefined =>
  lastReport?.features.filter((one) => one.channel === 'feature' && one.level === level).length;

const outputs = ['prediction', 'confidence'];

const ofOutputs = (
  { lastReport }: ModelFigures,
  pick: (feature: LastReport['features'][number]) => number | null,
) =>
  (lastReport?.features ?? [])
    .filter(({ channel }) => outputs.includes(channel))
    .flatMap((feature) => one(pick(feature), { channel: feature.channel }));

const dataDrift = ({ features }: LastReport): number =>
  features
    .filter((feature) => feature.channel === 'feature')
    .reduce((most, { psi }) => Math.max(most, psi ?? -1), -1);

const conceptDrift = ({ lossChange }: LastReport): number =>
  lossChange === null ? -1 : Math.max(0, lossChange);

const kinds = ['data_incident', 'drift', 'performance_drop'];

export const driftMetrics: readonly ModelMetric[] = [
  {
    name: 'tidemark_report_timestamp_seconds',
    scope: 'model',
    kind: 'gauge',
    unit: 'seconds',
    help: 'end of the newest judged window, Unix seconds',
    cadence: 'minute',
    cap: 1,
    labels: [],
    samples: (figures) => one(seconds(figures.lastReport?.windowEnd)),
  },
  {
    name: 'tidemark_window_rows',
    scope: 'model',
    kind: 'gauge',
    unit: 'rows',
    help: 'predictions in the newest judged window',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(figures.lastReport?.rows),
  },
  {
    name: 'tidemark_window_labels',
    scope: 'model',
    kind: 'gauge',
    unit: 'rows',
    help: 'labels that arrived in the newest judged window',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(figures.lastReport?.labels),
  },
  {
    name: 'tidemark_reference_rows',
    scope: 'model',
    kind: 'gauge',
    unit: 'rows',
    help: 'rows of the baseline that the newest judged window was compared with',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(figures.lastReport?.referenceRows),
  },
  {
    name: 'tidemark_verdict_level',
    scope: 'model',
    kind: 'gauge',
    unit: 'level',
    help: `level of the newest judged window: ${levelHelp}`,
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: ({ lastReport }) => one(lastReport && levels[lastReport.level]),
  },
  {
    name: 'tidemark_drift_confirmed',
    scope: 'model',
    kind: 'gauge',
    unit: 'bool',
    help: '1 while an alarm of the newest window is confirmed',
    cadence: 'change',
    cap: 3,
    labels: ['kind'],
    samples: ({ lastReport }) =>
      lastReport
        ? kinds.map((kind) => ({
            labels: { kind },
            value: lastReport.confirmed && lastReport.kind === kind ? 1 : 0,
          }))
        : [],
  },
  {
    name: 'tidemark_drift_features_critical',
    scope: 'model',
    kind: 'gauge',
    unit: 'count',
    help: 'features in critical drift',
    cadence: 'minute',
    cap: 1,
    labels: [],
    samples: (figures) => one(inLevel(figures, 'critical')),
  },
  {
    name: 'tidemark_drift_features_warning',
    scope: 'model',
    kind: 'gauge',
    unit: 'count',
    help: 'features in warning drift',
    cadence: 'minute',
    cap: 1,
    labels: [],
    samples: (figures) => one(inLevel(figures, 'warning')),
  },
  {
    name: 'tidemark_drift_features_shifted',
    scope: 'model',
    kind: 'gauge',
    unit: 'count',
    help: 'features that shifted for certain, too little for an alarm',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(inLevel(figures, 'shifted')),
  },
  {
    name: 'tidemark_drift_features_monitored',
    scope: 'model',
    kind: 'gauge',
    unit: 'count',
    help: 'features that were judged in the newest window',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: ({ lastReport }) =>
      one(lastReport?.features.filter(({ channel }) => channel === 'feature').length),
  },
  {
    name: 'tidemark_drift_last_timestamp_seconds',
    scope: 'model',
    kind: 'gauge',
    unit: 'seconds',
    help: 'end of the newest window that confirmed drift, of the last 100 reports, Unix seconds',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(seconds(figures.lastDriftAt)),
  },
  {
    name: 'tidemark_data_drift',
    scope: 'model',
    kind: 'gauge',
    unit: 'other',
    help: 'largest population stability index of a feature, -1 when none could be compared',
    cadence: 'minute',
    cap: 1,
    labels: [],
    samples: (figures) => one(figures.lastReport && dataDrift(figures.lastReport)),
  },
  {
    name: 'tidemark_concept_drift',
    scope: 'model',
    kind: 'gauge',
    unit: 'ratio',
    help: 'by how much the loss is above that of held-out rows, relative, 0 when it is not, -1 without enough labels',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(figures.lastReport && conceptDrift(figures.lastReport)),
  },
  {
    name: 'tidemark_prediction_drift',
    scope: 'model',
    kind: 'gauge',
    unit: 'level',
    help: `level of the model’s own outputs: ${levelHelp}`,
    cadence: 'minute',
    cap: 2,
    labels: ['channel'],
    samples: (figures) => ofOutputs(figures, ({ level }) => levels[level] ?? null),
  },
  {
    name: 'tidemark_prediction_psi',
    scope: 'model',
    kind: 'gauge',
    unit: 'other',
    help: 'population stability index of the model’s own outputs against the baseline',
    cadence: 'change',
    cap: 2,
    labels: ['channel'],
    samples: (figures) => ofOutputs(figures, ({ psi }) => psi),
  },
  {
    name: 'tidemark_feature_level',
    scope: 'model',
    kind: 'gauge',
    unit: 'level',
    help: `level of the feature: ${levelHelp}`,
    cadence: 'change',
    cap: MAX_FEATURES,
    labels: ['feature'],
    samples: (figures) => features(figures, ({ level }) => levels[level] ?? null),
  },
  {
    name: 'tidemark_feature_drift',
    scope: 'model',
    kind: 'gauge',
    unit: 'bool',
    help: '1 when the feature shifted, for certain and by enough to show, else 0',
    cadence: 'change',
    cap: MAX_FEATURES,
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => (isShown(feature.level) ? 1 : 0)),
  },
  {
    name: 'tidemark_feature_psi',
    scope: 'model',
    kind: 'gauge',
    unit: 'other',
    help: 'population stability index against the baseline',
    cadence: 'change',
    cap: MAX_FEATURES,
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => feature.psi),
  },
  {
    name: 'tidemark_feature_js_distance',
    scope: 'model',
    kind: 'gauge',
    unit: 'other',
    help: 'Jensen-Shannon distance, natural logarithm',
    cadence: 'change',
    cap: MAX_FEATURES,
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => feature.jsDistance),
  },
  {
    name: 'tidemark_feature_drift_pvalue',
    scope: 'model',
    kind: 'gauge',
    unit: 'ratio',
    help: 'p-value of the primary test, uncorrected',
    cadence: 'change',
    cap: MAX_FEATURES,
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => feature.pValue),
  },
  {
    name: 'tidemark_feature_missing_ratio',
    scope: 'model',
    kind: 'gauge',
    unit: 'ratio',
    help: 'share of rows in which the feature is missing',
    cadence: 'change',
    cap: MAX_FEATURES,
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => feature.missing),
  },
  {
    name: 'tidemark_feature_importance_ratio',
    scope: 'model',
    kind: 'gauge',
    unit: 'ratio',
    help: 'share of the feature in what all features contribute to predictions, by mean absolute Shapley value',
    cadence: 'change',
    cap: MAX_FEATURES,
    labels: ['feature'],
    samples: ({ lastReport }) =>
      (lastReport?.attribution?.shares ?? []).flatMap(({ feature, share }) => one(share, { feature })),
  },
  {
    name: 'tidemark_attribution_ndcg',
    scope: 'model',
    kind: 'gauge',
    unit: 'ratio',
    help: 'nDCG of the order of importances against that of the baseline, 1 is the same order',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(figures.lastReport?.attribution?.ndcg),
  },
  {
    name: 'tidemark_attribution_moved_ratio',
    scope: 'model',
    kind: 'gauge',
    unit: 'ratio',
    help: 'share of all importance that has moved between features since the baseline',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(figures.lastReport?.attribution?.moved),
  },
  {
    name: 'tidemark_loss_relative_change',
    scope: 'model',
    kind: 'gauge',
    unit: 'ratio',
    help: 'loss of labelled traffic relative to held-out rows, less 1',
    cadence: 'change',
    cap: 1,
    labels: [],
    samples: (figures) => one(figures.lastReport?.lossChange),
  },
  {
    name: 'tidemark_model_loss',
    scope: 'model',
    kind: 'gauge',
    unit: 'other',
    help: 'mean loss of held-out rows (baseline) and of the newest window’s labelled rows (window): an error rate, or a mean absolute error',
    cadence: 'change',
    cap: 2,
    labels: ['dataset'],
    samples: ({ lastReport }) =>
      lastReport?.loss
        ? [
            ...one(lastReport.loss.baseline, { dataset: 'baseline' }),
            ...one(lastReport.loss.window, { dataset: 'window' }),
          ]
        : [],
  },
];
