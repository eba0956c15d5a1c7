/** All models of an environment on one page: which of them needs a look. */
import { canaryModel } from '#shared/canary/names.ts';
import {
  anyIs,
  captureLagLimits,
  type Dashboard,
  levelMappings,
  newest,
  type Panel,
  psiLimits,
  reportAgeLimits,
  yesNo,
} from './panel.ts';
import { consoleHome, rowToModel, toModel } from './places.ts';

/** Tidemark's own canary is no model of the fleet: it drifts every day. */
const inEnv = (metric: string, more = '') =>
  `${metric}{env="$env",model!="${canaryModel}"${more === '' ? '' : `,${more}`}}`;
const byModel = (expr: string) => `max by (model) (${expr})`;
const firing = (severity: string) => `alertstate="firing",severity="${severity}",model!=""`;
const small = { kind: 'stat', width: 6, height: 4, unit: 'none', links: [consoleHome] } as const;
const half = {
  kind: 'timeseries',
  width: 12,
  height: 8,
  links: [consoleHome],
  dataLinks: [toModel],
} as const;

const alertsOf = (severity: 'critical' | 'warning'): Panel => ({
  ...small,
  title: `Firing ${severity} alerts`,
  description: `Open alerts of all models with severity ${severity}.`,
  queries: [{ expr: `count(${inEnv('ALERTS', firing(severity))}) or vector(0)`, legend: severity }],
  limits: anyIs(severity === 'critical' ? 'red' : 'orange'),
  noValue: 'rules are not evaluated',
  runbook: 'README',
});

export const fleetDashboard: Dashboard = {
  uid: 'tidemark-fleet',
  title: 'Tidemark / Fleet',
  description: 'Every model of an environment: begin at the top of the table, and follow a name.',
  variables: [],
  from: 'now-24h',
  links: [consoleHome],
  annotations: [
    {
      name: 'Critical alerts',
      expr: inEnv('ALERTS', firing('critical')),
      colour: 'red',
      title: '{{alertname}}: {{model}}',
    },
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        alertsOf('critical'),
        alertsOf('warning'),
        {
          ...small,
          title: 'Models that serve',
          description: 'Models with a champion, beside those that are registered.',
          queries: [
            { expr: `sum(${inEnv('tidemark_model_loaded')})`, legend: 'serve' },
            { expr: `count(${inEnv('tidemark_model_loaded')})`, legend: 'registered' },
          ],
          noValue: 'no model',
          runbook: 'no-model-loaded',
        },
        {
          ...small,
          title: 'Retraining now',
          description: 'Models of which a run is under way.',
          queries: [{ expr: `sum(${inEnv('tidemark_retrain_in_progress')})`, legend: 'runs' }],
          limits: anyIs('blue'),
          noValue: 'no model',
          runbook: 'retrain-stuck',
        },
        {
          kind: 'table',
          width: 24,
          height: 10,
          title: 'Models',
          description: 'One line a model. Click a line for its dashboard.',
          unit: 'none',
          queries: [
            {
              expr: byModel(newest(inEnv('tidemark_verdict_level'))),
              legend: 'verdict',
              mappings: levelMappings,
            },
            {
              expr: `count by (model) (${inEnv('ALERTS', firing('critical'))}) or 0 * ${byModel(inEnv('tidemark_model_loaded'))}`,
              legend: 'critical',
              limits: anyIs('red'),
            },
            {
              expr: `count by (model) (${inEnv('ALERTS', firing('warning'))}) or 0 * ${byModel(inEnv('tidemark_model_loaded'))}`,
              legend: 'warning',
              limits: anyIs('orange'),
            },
            { expr: byModel(inEnv('tidemark:data_drift:latest')), legend: 'largest PSI', limits: psiLimits },
            {
              expr: byModel(inEnv('tidemark:report_age_seconds')),
              legend: 'report age',
              unit: 's',
              limits: reportAgeLimits,
            },
            {
              expr: byModel(inEnv('tidemark:capture_lag_seconds')),
              legend: 'behind',
              unit: 's',
              limits: captureLagLimits,
            },
            {
              expr: byModel(inEnv('tidemark:request_errors:ratio10m')),
              legend: 'failed',
              unit: 'percentunit',
              limits: [[0.05, 'red']],
            },
            {
              expr: byModel(inEnv('tidemark:request_duration_seconds:p99_15m')),
              legend: 'p99',
              unit: 's',
              limits: [[2, 'red']],
            },
            {
              expr: byModel(inEnv('tidemark_retrain_in_progress')),
              legend: 'retraining',
              mappings: yesNo('blue', 'text'),
            },
            {
              expr: byModel(inEnv('tidemark_batch_paused')),
              legend: 'batches paused',
              mappings: yesNo('orange', 'text'),
            },
          ],
          noValue: 'no model',
          runbook: 'README',
          links: [consoleHome],
          dataLinks: [rowToModel],
        },
      ],
    },
    {
      title: 'Over time',
      panels: [
        {
          ...half,
          title: 'Largest PSI of each model',
          description:
            'Largest population stability index of any feature in the newest window. Dashed: the usual tiers.',
          unit: 'none',
          decimals: 3,
          queries: [{ expr: inEnv('tidemark:data_drift:latest'), legend: '{{model}}' }],
          limits: psiLimits,
          noValue: 'no report yet',
          runbook: 'psi-critical',
        },
        {
          ...half,
          title: 'Change of the loss',
          description: 'Loss of labelled traffic relative to held-out rows, less 1.',
          unit: 'percentunit',
          queries: [{ expr: newest(inEnv('tidemark_loss_relative_change')), legend: '{{model}}' }],
          noValue: 'too few labels',
          runbook: 'performance-drop',
        },
        {
          ...half,
          title: 'Predictions asked for',
          description: 'Of each model, whatever came of them; complete up to about ten minutes ago.',
          unit: 'reqps',
          min: 0,
          queries: [
            {
              expr: `sum by (model) (rate(${inEnv('tidemark_requests_total')}[$__rate_interval]))`,
              legend: '{{model}}',
              minStep: '4m',
            },
          ],
          noValue: 'no traffic counted yet',
          runbook: 'error-rate-high',
        },
        {
          ...half,
          title: 'Share of predictions that fail',
          description:
            'Of ten minutes; models with fewer than 20 requests in it are left out. Dashed: the usual limit of 5 %.',
          unit: 'percentunit',
          min: 0,
          queries: [{ expr: inEnv('tidemark:request_errors:ratio10m'), legend: '{{model}}' }],
          limits: [[0.05, 'red']],
          noValue: 'fewer than 20 requests in ten minutes',
          runbook: 'error-rate-high',
        },
        {
          ...half,
          title: 'Age of drift reports',
          description: 'Time since the end of the newest judged window of each model.',
          unit: 's',
          min: 0,
          queries: [{ expr: inEnv('tidemark:report_age_seconds'), legend: '{{model}}' }],
          limits: reportAgeLimits,
          noValue: 'no report yet',
          runbook: 'drift-report-stale',
        },
        {
          ...half,
          title: 'Predictions of an hour',
          description: 'Rows in profiles: a model nobody asks fills no window.',
          unit: 'short',
          min: 0,
          queries: [{ expr: inEnv('tidemark:predictions:increase1h'), legend: '{{model}}' }],
          noValue: 'nothing counted yet',
          runbook: 'capture-stalled',
        },
      ],
    },
  ],
};
