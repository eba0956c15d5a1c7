/** Drift row of the model dashboard: which features, since when, and whether it matters. */
import { jsLimits, levelMappings, newest, ofThisModel, psiLimits, type Row, yesNo } from './panel.ts';
import { retrainForFeature, rowRetrainForFeature, rowToFeature, toFeature } from './places.ts';

const ofFeatures = (metric: string) => newest(ofThisModel(metric, 'feature=~"$feature"'));
const byFeature = (metric: string) => `max by (feature) (${ofFeatures(metric)})`;
const half = { width: 12, height: 8 } as const;

export const driftRow: Row = {
  title: 'Drift',
  panels: [
    {
      kind: 'state-timeline',
      title: 'Level of each feature',
      description:
        'The verdict on each feature, window by window: what is significant after correction and large enough. Click a feature to see it alone.',
      width: 24,
      height: 9,
      unit: 'none',
      queries: [{ expr: ofFeatures('tidemark_feature_level'), legend: '{{feature}}' }],
      mappings: levelMappings,
      noValue: 'no report yet',
      runbook: 'feature-drift-critical',
      dataLinks: [toFeature, retrainForFeature],
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'PSI over time, ten largest',
      description:
        'Population stability index against the baseline. Dashed: the usual tiers 0.15 and 0.30; the model’s own are drawn as series.',
      unit: 'none',
      decimals: 3,
      min: 0,
      queries: [
        { expr: `topk(10, ${ofFeatures('tidemark_feature_psi')})`, legend: '{{feature}}' },
        { expr: newest(ofThisModel('tidemark_threshold', 'name=~"psi_.*"')), legend: 'limit {{name}}' },
      ],
      limits: psiLimits,
      noValue: 'no report yet',
      runbook: 'psi-warning',
      dataLinks: [toFeature],
    },
    {
      ...half,
      kind: 'bargauge',
      title: 'PSI now',
      description: 'Population stability index of each feature in the newest window, largest first.',
      unit: 'none',
      decimals: 3,
      min: 0,
      queries: [
        { expr: `sort_desc(${ofFeatures('tidemark_feature_psi')})`, legend: '{{feature}}', isInstant: true },
      ],
      limits: psiLimits,
      noValue: 'no report yet',
      runbook: 'psi-critical',
      dataLinks: [toFeature, retrainForFeature],
    },
    {
      ...half,
      kind: 'table',
      title: 'Features side by side',
      description:
        'PSI beside the Jensen-Shannon distance: where they disagree, sparse cells are the cause and not the data. Then the p-value of the primary test, the share of missing values and of importance.',
      unit: 'none',
      decimals: 3,
      queries: [
        { expr: byFeature('tidemark_feature_psi'), legend: 'PSI', limits: psiLimits },
        { expr: byFeature('tidemark_feature_js_distance'), legend: 'JS distance', limits: jsLimits },
        { expr: byFeature('tidemark_feature_drift_pvalue'), legend: 'p-value', unit: 'sci' },
        {
          expr: byFeature('tidemark_feature_missing_ratio'),
          legend: 'missing',
          unit: 'percentunit',
          limits: [[0.15, 'orange']],
        },
        { expr: byFeature('tidemark_feature_importance_ratio'), legend: 'importance', unit: 'percentunit' },
        { expr: byFeature('tidemark_feature_drift'), legend: 'shifted', mappings: yesNo('orange', 'green') },
      ],
      noValue: 'no report yet',
      runbook: 'psi-warning',
      dataLinks: [rowToFeature, rowRetrainForFeature],
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'p-values of the primary test',
      description:
        'Uncorrected, on a logarithmic axis: small is unlikely by chance. The verdict corrects for the number of features and wants an effect as well. Series "limit": the model’s alpha.',
      unit: 'sci',
      isLog: true,
      queries: [
        { expr: `bottomk(10, ${ofFeatures('tidemark_feature_drift_pvalue')})`, legend: '{{feature}}' },
        { expr: newest(ofThisModel('tidemark_threshold', 'name="alpha"')), legend: 'limit {{name}}' },
      ],
      noValue: 'no report yet',
      runbook: 'feature-drift-warning',
      dataLinks: [toFeature],
    },
    {
      ...half,
      kind: 'bargauge',
      title: 'Priority: importance × PSI',
      description:
        'Drift where the model looks: the share of a feature in predictions times its PSI. Begin at the top.',
      unit: 'none',
      decimals: 4,
      min: 0,
      queries: [
        {
          expr: `sort_desc(${ofFeatures('tidemark_feature_importance_ratio')} * on (model, env, feature) ${ofFeatures('tidemark_feature_psi')})`,
          legend: '{{feature}}',
          isInstant: true,
        },
      ],
      limits: [
        [0.05, 'orange'],
        [0.1, 'red'],
      ],
      noValue: 'no window was explained yet',
      runbook: 'feature-drift-critical',
      dataLinks: [toFeature, retrainForFeature],
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'How much importance moved',
      description:
        'nDCG of the order of importances against the baseline (1 is the same order), and the share of all importance that moved between features.',
      unit: 'percentunit',
      min: 0,
      max: 1,
      queries: [
        { expr: newest(ofThisModel('tidemark_attribution_ndcg')), legend: 'nDCG' },
        { expr: newest(ofThisModel('tidemark_attribution_moved_ratio')), legend: 'moved' },
      ],
      noValue: 'no window was explained yet',
    },
    {
      ...half,
      kind: 'state-timeline',
      title: 'Drift of predictions',
      description:
        'Verdict on the distribution of predictions, and of their confidence, against held-out rows.',
      unit: 'none',
      queries: [{ expr: ofThisModel('tidemark_prediction_drift'), legend: '{{channel}}' }],
      mappings: levelMappings,
      noValue: 'no report yet',
      runbook: 'prediction-drift',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'PSI of predictions and confidence',
      description: 'Population stability index of the model’s own outputs against held-out rows.',
      unit: 'none',
      decimals: 3,
      min: 0,
      queries: [{ expr: newest(ofThisModel('tidemark_prediction_psi')), legend: '{{channel}}' }],
      limits: psiLimits,
      noValue: 'no report yet',
      runbook: 'prediction-drift',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Share of each predicted class',
      description: 'Logged predictions by class, of all in the interval. Classifiers only.',
      unit: 'percentunit',
      min: 0,
      max: 1,
      isStacked: true,
      queries: [
        {
          expr: `sum by (class) (rate(${ofThisModel('tidemark_predicted_classes_total')}[$__rate_interval])) / on () group_left () (sum(rate(${ofThisModel('tidemark_predicted_classes_total')}[$__rate_interval])) > 0)`,
          legend: '{{class}}',
          minStep: '4m',
        },
      ],
      noValue: 'no classes, or no traffic',
      runbook: 'prediction-drift',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Features by level over time',
      description:
        'How many features are in critical and in warning drift, or shifted for certain by too little for an alarm.',
      unit: 'none',
      min: 0,
      isStacked: true,
      queries: [
        { expr: ofThisModel('tidemark:drift_features_critical:latest'), legend: 'critical' },
        { expr: ofThisModel('tidemark:drift_features_warning:latest'), legend: 'warning' },
        { expr: newest(ofThisModel('tidemark_drift_features_shifted')), legend: 'shifted' },
      ],
      noValue: 'no report yet',
      runbook: 'feature-drift-warning',
    },
  ],
};
