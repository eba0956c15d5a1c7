/** Every metric: its name, help, labels, and where its samples come from. One entry, one metric; nothing is exported that is not here. */
import type { LastReport, ModelFigures } from './collect.ts';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  /** Beside `model` and `env`, which every metric has. */
  readonly labels: readonly string[];
  readonly samples: (figures: ModelFigures) => readonly Sample[];
}

const one = (value: number | null | undefined, labels: Sample['labels'] = {}): Sample[] =>
  value === null || value === undefined ? [] : [{ labels, value }];

const entries = (values: Readonly<Record<string, number>>, label: string): Sample[] =>
  Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));

/** Label values per model are capped; the rest of the features are in the report. */
const maxFeatures = 200;

const features = (
  figures: ModelFigures,
  pick: (feature: LastReport['features'][number]) => number | null,
): Sample[] =>
  (figures.lastReport?.features ?? [])
    .filter((feature) => feature.channel === 'feature')
    .slice(0, maxFeatures)
    .flatMap((feature) => one(pick(feature), { feature: feature.name }));

const inLevel = (figures: ModelFigures, level: string): number | undefined =>
  figures.lastReport?.features.filter((feature) => feature.level === level).length;

const isShown = (level: string): boolean => level !== 'stable' && level !== 'insufficient_data';

const dataDrift = ({ features }: LastReport): number =>
  features
    .filter((feature) => feature.channel === 'feature')
    .reduce((most, { psi }) => Math.max(most, psi ?? -1), -1);

const conceptDrift = ({ lossChange }: LastReport): number =>
  lossChange === null ? -1 : Math.max(0, lossChange);

export const catalogue: readonly Metric[] = [
  {
    name: 'tidemark_model_info',
    kind: 'gauge',
    help: '1, with the version that serves',
    labels: ['version'],
    samples: (figures) => one(1, { version: figures.champion ?? 'none' }),
  },
  {
    name: 'tidemark_model_loaded',
    kind: 'gauge',
    help: '1 when the model has a champion, else 0',
    labels: [],
    samples: (figures) => one(figures.champion === null ? 0 : 1),
  },
  {
    name: 'tidemark_model_deployed_timestamp_seconds',
    kind: 'gauge',
    help: 'when the champion began to serve, Unix seconds',
    labels: [],
    samples: (figures) => one(figures.deployedAt === null ? null : figures.deployedAt / 1000),
  },
  {
    name: 'tidemark_model_metric',
    kind: 'gauge',
    help: 'held-out figures of the champion',
    labels: ['metric'],
    samples: (figures) => entries(figures.heldOut, 'metric'),
  },
  {
    name: 'tidemark_predictions_total',
    kind: 'counter',
    help: 'logged predictions in closed granules',
    labels: ['version'],
    samples: (figures) => entries(figures.counters.predictions, 'version'),
  },
  {
    name: 'tidemark_labels_total',
    kind: 'counter',
    help: 'labels joined with a prediction, in closed granules',
    labels: ['version'],
    samples: (figures) => entries(figures.counters.labels, 'version'),
  },
  {
    name: 'tidemark_request_failures_total',
    kind: 'counter',
    help: 'refused and failed prediction requests',
    labels: ['status'],
    samples: (figures) => entries(figures.counters.outcomes, 'status'),
  },
  {
    name: 'tidemark_late_rows_total',
    kind: 'counter',
    help: 'rows that came after their granule had closed: archived, in no profile',
    labels: [],
    samples: (figures) => one(figures.counters.late),
  },
  {
    name: 'tidemark_unprofiled_rows_total',
    kind: 'counter',
    help: 'rows of a version whose files cannot be read: archived, in no profile',
    labels: [],
    samples: (figures) => one(figures.counters.unprofiled),
  },
  {
    name: 'tidemark_report_timestamp_seconds',
    kind: 'gauge',
    help: 'end of the newest judged window, Unix seconds',
    labels: [],
    samples: (figures) => one(figures.lastReport && figures.lastReport.windowEnd / 1000),
  },
  {
    name: 'tidemark_window_rows',
    kind: 'gauge',
    help: 'predictions in the newest judged window',
    labels: [],
    samples: (figures) => one(figures.lastReport?.rows),
  },
  {
    name: 'tidemark_drift_confirmed',
    kind: 'gauge',
    help: '1 while an alarm of the newest window is confirmed',
    labels: ['kind'],
    samples: (figures) =>
      figures.lastReport
        ? ['data_incident', 'drift', 'performance_drop'].map((kind) => ({
            labels: { kind },
            value: figures.lastReport?.confirmed && figures.lastReport.kind === kind ? 1 : 0,
          }))
        : [],
  },
  {
    name: 'tidemark_drift_features_critical',
    kind: 'gauge',
    help: 'features in critical drift',
    labels: [],
    samples: (figures) => one(inLevel(figures, 'critical')),
  },
  {
    name: 'tidemark_drift_features_warning',
    kind: 'gauge',
    help: 'features in warning drift',
    labels: [],
    samples: (figures) => one(inLevel(figures, 'warning')),
  },
  {
    name: 'tidemark_drift_features_shifted',
    kind: 'gauge',
    help: 'features that shifted for certain, too little for an alarm',
    labels: [],
    samples: (figures) => one(inLevel(figures, 'shifted')),
  },
  {
    name: 'tidemark_drift_last_timestamp_seconds',
    kind: 'gauge',
    help: 'end of the newest window that confirmed drift, of the last 100 reports, Unix seconds',
    labels: [],
    samples: (figures) => one(figures.lastDriftAt === null ? null : figures.lastDriftAt / 1000),
  },
  {
    name: 'tidemark_data_drift',
    kind: 'gauge',
    help: 'largest population stability index of a feature, -1 when none could be compared',
    labels: [],
    samples: (figures) => one(figures.lastReport && dataDrift(figures.lastReport)),
  },
  {
    name: 'tidemark_concept_drift',
    kind: 'gauge',
    help: 'by how much the loss is above that of held-out rows, relative, 0 when it is not, -1 without enough labels',
    labels: [],
    samples: (figures) => one(figures.lastReport && conceptDrift(figures.lastReport)),
  },
  {
    name: 'tidemark_feature_drift',
    kind: 'gauge',
    help: '1 when the feature shifted, for certain and by enough to show, else 0',
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => (isShown(feature.level) ? 1 : 0)),
  },
  {
    name: 'tidemark_feature_psi',
    kind: 'gauge',
    help: 'population stability index against the baseline',
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => feature.psi),
  },
  {
    name: 'tidemark_feature_js_distance',
    kind: 'gauge',
    help: 'Jensen-Shannon distance, natural logarithm',
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => feature.jsDistance),
  },
  {
    name: 'tidemark_feature_drift_pvalue',
    kind: 'gauge',
    help: 'p-value of the primary test, uncorrected',
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => feature.pValue),
  },
  {
    name: 'tidemark_feature_missing_ratio',
    kind: 'gauge',
    help: 'share of rows in which the feature is missing',
    labels: ['feature'],
    samples: (figures) => features(figures, (feature) => feature.missing),
  },
  {
    name: 'tidemark_feature_importance_ratio',
    kind: 'gauge',
    help: 'share of the feature in what all features contribute to predictions, by mean absolute Shapley value',
    labels: ['feature'],
    samples: ({ lastReport }) =>
      (lastReport?.attribution?.shares ?? [])
        .slice(0, maxFeatures)
        .flatMap(({ feature, share }) => one(share, { feature })),
  },
  {
    name: 'tidemark_attribution_ndcg',
    kind: 'gauge',
    help: 'nDCG of the order of importances against that of the baseline, 1 is the same order',
    labels: [],
    samples: (figures) => one(figures.lastReport?.attribution?.ndcg),
  },
  {
    name: 'tidemark_attribution_moved_ratio',
    kind: 'gauge',
    help: 'share of all importance that has moved between features since the baseline',
    labels: [],
    samples: (figures) => one(figures.lastReport?.attribution?.moved),
  },
  {
    name: 'tidemark_quality_failures',
    kind: 'gauge',
    help: 'quality checks that failed in the newest window',
    labels: ['severity'],
    samples: (figures) => [
      ...one(figures.lastReport?.hardFailures, { severity: 'hard' }),
      ...one(figures.lastReport?.softFailures, { severity: 'soft' }),
    ],
  },
  {
    name: 'tidemark_loss_relative_change',
    kind: 'gauge',
    help: 'loss of labelled traffic relative to held-out rows, less 1',
    labels: [],
    samples: (figures) => one(figures.lastReport?.lossChange),
  },
  {
    name: 'tidemark_retrain_runs_total',
    kind: 'counter',
    help: 'ended retrain runs',
    labels: ['outcome'],
    samples: (figures) => entries(figures.runs, 'outcome'),
  },
];
