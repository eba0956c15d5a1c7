/** First row of the model dashboard: does anything need a person, and how old is what says so. */
import {
  anyIs,
  captureLagLimits,
  levelMappings,
  newest,
  ofThisModel,
  type Panel,
  psiLimits,
  type Row,
  reportAgeLimits,
  yesNo,
} from './panel.ts';

const small = { kind: 'stat', width: 4, height: 4 } as const;

const firing = (severity: string): Panel => ({
  ...small,
  title: `Firing ${severity} alerts`,
  description: `Open alerts of this model with severity ${severity}. The table at the bottom names them.`,
  unit: 'none',
  queries: [
    {
      expr: `count(ALERTS{alertstate="firing",severity="${severity}",env="$env",model="$model"}) or vector(0)`,
      legend: severity,
    },
  ],
  limits: anyIs(severity === 'critical' ? 'red' : 'orange'),
  noValue: 'rules are not evaluated',
  runbook: 'README',
});

export const healthRow: Row = {
  title: 'Health',
  panels: [
    firing('critical'),
    firing('warning'),
    {
      ...small,
      title: 'Newest verdict',
      description: 'Level of the newest judged window: what the report says first.',
      unit: 'none',
      queries: [{ expr: newest(ofThisModel('tidemark_verdict_level')), legend: 'verdict' }],
      mappings: levelMappings,
      noValue: 'no report yet',
      runbook: 'feature-drift-critical',
    },
    {
      ...small,
      title: 'Serving version',
      description:
        'The champion: the version that answers predictions. "none" means that every prediction is refused.',
      unit: 'none',
      queries: [{ expr: ofThisModel('tidemark_model_info'), legend: '{{version}}' }],
      showsName: true,
      noValue: 'model unknown',
      runbook: 'no-model-loaded',
    },
    {
      ...small,
      title: 'Age of the drift report',
      description:
        'Time since the end of the newest judged window. Red above half a day; the alert has the limit of the model’s own windows.',
      unit: 's',
      queries: [{ expr: ofThisModel('tidemark:report_age_seconds'), legend: 'age' }],
      limits: reportAgeLimits,
      noValue: 'no report yet',
      runbook: 'drift-report-stale',
    },
    {
      ...small,
      title: 'Age of counts and quality',
      description:
        'How far behind capture is: up to when rows are counted, profiled and checked. A few minutes are normal.',
      unit: 's',
      queries: [{ expr: ofThisModel('tidemark:capture_lag_seconds'), legend: 'behind' }],
      limits: captureLagLimits,
      noValue: 'nothing counted yet',
      runbook: 'capture-stalled',
    },
    {
      ...small,
      title: 'Features in critical drift',
      description: 'Significant after correction, and large: any is an alert after five minutes.',
      unit: 'none',
      queries: [{ expr: ofThisModel('tidemark:drift_features_critical:latest'), legend: 'critical' }],
      limits: anyIs('red'),
      noValue: 'no report yet',
      runbook: 'feature-drift-critical',
    },
    {
      ...small,
      title: 'Features in warning drift, of those judged',
      description: 'Features at the level below critical, beside how many were judged in the newest window.',
      unit: 'none',
      queries: [
        { expr: ofThisModel('tidemark:drift_features_warning:latest'), legend: 'warning' },
        { expr: newest(ofThisModel('tidemark_drift_features_monitored')), legend: 'judged' },
      ],
      noValue: 'no report yet',
      runbook: 'feature-drift-warning',
    },
    {
      ...small,
      title: 'Largest PSI',
      description:
        'Largest population stability index of any feature. In small windows chance alone makes it large: alerts count it only beside a verdict.',
      unit: 'none',
      decimals: 3,
      queries: [{ expr: ofThisModel('tidemark:data_drift:latest'), legend: 'PSI' }],
      limits: psiLimits,
      mappings: { '-1': ['not comparable', 'text'] },
      noValue: 'no report yet',
      runbook: 'psi-critical',
    },
    {
      ...small,
      title: 'Serving since',
      description: 'When the champion began to serve.',
      unit: 'dateTimeFromNow',
      queries: [
        {
          expr: `${newest(ofThisModel('tidemark_model_deployed_timestamp_seconds'))} * 1000`,
          legend: 'since',
        },
      ],
      noValue: 'nothing serves',
      runbook: 'no-model-loaded',
    },
    {
      ...small,
      title: 'Last confirmed drift',
      description: 'End of the newest window that confirmed drift, of the last 100 reports.',
      unit: 'dateTimeFromNow',
      queries: [
        {
          expr: `${newest(ofThisModel('tidemark_drift_last_timestamp_seconds'))} * 1000`,
          legend: 'confirmed',
        },
      ],
      noValue: 'never',
      runbook: 'feature-drift-critical',
    },
    {
      ...small,
      title: 'Confirmed now',
      description:
        'What the newest window confirmed by m of the last n: a data incident, drift or a drop of performance.',
      unit: 'none',
      queries: [{ expr: newest(ofThisModel('tidemark_drift_confirmed')), legend: '{{kind}}' }],
      mappings: yesNo('red', 'green'),
      noValue: 'no report yet',
      runbook: 'performance-drop',
    },
  ],
};
