/** Data-quality row of the model dashboard: bad data, which is repaired and not learnt. */
import { anyIs, newest, ofThisModel, type Row } from './panel.ts';
import { toFeature } from './places.ts';

const half = { width: 12, height: 8 } as const;

export const qualityRow: Row = {
  title: 'Data quality',
  panels: [
    {
      kind: 'stat',
      width: 6,
      height: 8,
      title: 'Failed checks',
      description:
        'Checks of the newest window that failed. Hard ones say that the data are broken: retraining is held back until they pass.',
      unit: 'none',
      queries: [{ expr: ofThisModel('tidemark_quality_failures'), legend: '{{severity}}' }],
      limits: anyIs('red'),
      noValue: 'no report yet',
      runbook: 'quality-hard-failure',
    },
    {
      kind: 'status-history',
      width: 18,
      height: 8,
      title: 'Checks over time',
      description: 'Every check, window by window. A hard finding pages; a soft one is in the report.',
      unit: 'none',
      queries: [{ expr: newest(ofThisModel('tidemark_quality_check_status')), legend: '{{check}}' }],
      mappings: { '0': ['nothing', 'green'], '1': ['soft', 'yellow'], '2': ['hard', 'red'] },
      noValue: 'no report yet',
      runbook: 'quality-hard-failure',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Missing values, ten worst features',
      description:
        'Share of rows without the feature. Dashed: the usual limit of 15 %; the model’s own is drawn as a series.',
      unit: 'percentunit',
      min: 0,
      queries: [
        {
          expr: `topk(10, ${newest(ofThisModel('tidemark_feature_missing_ratio', 'feature=~"$feature"'))})`,
          legend: '{{feature}}',
        },
        { expr: newest(ofThisModel('tidemark_threshold', 'name="missing_ratio"')), legend: 'limit' },
      ],
      limits: [[0.15, 'orange']],
      noValue: 'no report yet',
      runbook: 'feature-missing-high',
      dataLinks: [toFeature],
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Rows that violate a check',
      description:
        'Share of rows in which a feature fails a check more often than in the baseline: types, ranges, unseen categories, sentinels.',
      unit: 'percentunit',
      min: 0,
      queries: [
        {
          expr: newest(ofThisModel('tidemark_feature_violation_ratio', 'feature=~"$feature"')),
          legend: '{{feature}}: {{check}}',
        },
      ],
      noValue: 'no violation',
      runbook: 'quality-hard-failure',
      dataLinks: [toFeature],
    },
    {
      ...half,
      kind: 'bargauge',
      title: 'Rows behind the verdict',
      description:
        'Is a difference significant at all? Rows and labels of the newest window, beside the baseline and the fewest the policy judges.',
      unit: 'short',
      min: 0,
      queries: [
        { expr: newest(ofThisModel('tidemark_window_rows')), legend: 'window', isInstant: true },
        { expr: newest(ofThisModel('tidemark_window_labels')), legend: 'labels', isInstant: true },
        { expr: newest(ofThisModel('tidemark_reference_rows')), legend: 'baseline', isInstant: true },
        {
          expr: newest(ofThisModel('tidemark_threshold', 'name="min_rows"')),
          legend: 'fewest',
          isInstant: true,
        },
      ],
      noValue: 'no report yet',
      runbook: 'drift-report-stale',
    },
    {
      ...half,
      kind: 'timeseries',
      title: 'Rows that are in no profile',
      description:
        'Rows of an hour that came after their granule had closed, rows of a version whose files cannot be read, and labels without a prediction. All are in the archive; none is judged.',
      unit: 'short',
      min: 0,
      queries: [
        {
          expr: `sum(increase(${ofThisModel('tidemark_late_rows_total')}[$__rate_interval]))`,
          legend: 'late',
          minStep: '4m',
        },
        {
          expr: `sum(increase(${ofThisModel('tidemark_unprofiled_rows_total')}[$__rate_interval]))`,
          legend: 'unprofiled',
          minStep: '4m',
        },
        {
          expr: `sum(increase(${ofThisModel('tidemark_unmatched_labels_total')}[$__rate_interval]))`,
          legend: 'unmatched labels',
          minStep: '4m',
        },
      ],
      noValue: 'nothing counted yet',
      runbook: 'rows-late',
    },
  ],
};
