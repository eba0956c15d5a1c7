/** Whether monitoring itself works: the publisher, the capture, the counters. Needs no CloudWatch. */
import { canaryModel } from '#shared/canary/names.ts';
import { anyIs, captureLagLimits, type Dashboard } from './panel.ts';
import { consoleHome, toModel } from './places.ts';

const inEnv = (metric: string, more = '') => `${metric}{env="$env"${more === '' ? '' : `,${more}`}}`;
const small = { kind: 'stat', width: 6, height: 4, links: [consoleHome] } as const;
const wide = { ...small, width: 12 } as const;
const half = { kind: 'timeseries', width: 12, height: 8, links: [consoleHome] } as const;
const ofModels = { ...half, dataLinks: [toModel] } as const;

export const operationsDashboard: Dashboard = {
  uid: 'tidemark-operations',
  title: 'Tidemark / Operations',
  description:
    'Does monitoring itself work: are figures published, rows captured, counters complete, rules evaluated.',
  variables: [],
  from: 'now-6h',
  links: [consoleHome],
  annotations: [
    {
      name: 'Alerts on monitoring itself',
      expr: `ALERTS{alertstate="firing",category=~"capture|meta",severity!="none",model!="${canaryModel}"}`,
      colour: 'orange',
      title: '{{alertname}}',
    },
  ],
  rows: [
    {
      title: 'Publisher',
      panels: [
        {
          ...small,
          title: 'Age of the figures',
          description:
            'Since figures were last read from the store: everything else here is at least as old. An alert above ten minutes.',
          unit: 's',
          queries: [
            {
              expr: `time() - max(last_over_time(${inEnv('tidemark_publisher_heartbeat_timestamp_seconds')}[1d]))`,
              legend: 'age',
            },
          ],
          limits: [
            [180, 'orange'],
            [600, 'red'],
          ],
          noValue: 'no figures for a day',
          runbook: 'publisher-silent',
        },
        {
          ...small,
          title: 'Rules are evaluated',
          description: 'The alert that always fires. When it is missing nobody would be told of anything.',
          unit: 'none',
          queries: [{ expr: 'count(ALERTS{alertname="Watchdog",alertstate="firing"})', legend: 'watchdog' }],
          mappings: { '1': ['yes', 'green'] },
          noValue: 'NO',
          runbook: 'watchdog',
        },
        {
          ...small,
          title: 'Series at the receiver',
          description: 'What is known to the receiver of remote writes; 0 where Prometheus scrapes instead.',
          unit: 'short',
          queries: [{ expr: inEnv('tidemark_publisher_series'), legend: 'series' }],
          noValue: 'nothing is published',
          runbook: 'publisher-failing',
        },
        {
          ...small,
          title: 'Alerts on monitoring itself',
          description: 'Open alerts on the publisher and the capture, of any model.',
          unit: 'none',
          queries: [
            {
              expr: `count(ALERTS{alertstate="firing",category=~"capture|meta",severity!="none",model!="${canaryModel}"}) or vector(0)`,
              legend: 'alerts',
            },
          ],
          limits: anyIs('red'),
          noValue: 'rules are not evaluated',
          runbook: 'README',
        },
        {
          ...half,
          title: 'Publications of which a part was not delivered',
          description:
            'In a quarter of an hour; three are an alert. What is not delivered is sent again with the next minute.',
          unit: 'none',
          min: 0,
          queries: [{ expr: inEnv('tidemark:publisher_failures:increase15m'), legend: 'failures' }],
          limits: [[2.5, 'orange']],
          noValue: 'nothing is published',
          runbook: 'publisher-failing',
        },
        {
          ...half,
          title: 'Samples that were left out',
          description:
            'In a quarter of an hour, because they are not valid or the receiver refused them; the log of publish names them.',
          unit: 'none',
          min: 0,
          queries: [{ expr: inEnv('tidemark:publisher_rejected:increase15m'), legend: 'rejected' }],
          limits: [[0.5, 'orange']],
          noValue: 'nothing is published',
          runbook: 'series-rejected',
        },
      ],
    },
    {
      title: 'Injected drift',
      panels: [
        {
          ...wide,
          title: 'Since an injected drift was noticed',
          description:
            'One is injected every day into the model tidemark-canary; it is noticed when the alert about it arrives at the function notify.',
          unit: 's',
          queries: [
            {
              expr: `time() - max(${inEnv('tidemark_canary_noticed_timestamp_seconds')})`,
              legend: 'since',
            },
          ],
          limits: [[108_000, 'red']],
          noValue: 'none was noticed yet, or CANARY is off',
          runbook: 'canary-missed',
        },
        {
          ...wide,
          title: 'Time until the next one is missed',
          description: 'Below 0 an alert fires, and whoever is on call is paged.',
          unit: 's',
          queries: [
            { expr: `min(${inEnv('tidemark_canary_due_timestamp_seconds')}) - time()`, legend: 'left' },
          ],
          noValue: 'CANARY is off',
          runbook: 'canary-missed',
        },
      ],
    },
    {
      title: 'Notifications',
      panels: [
        {
          ...half,
          title: 'Notifications by result',
          description:
            'To Slack, PagerDuty, mail and webhook, in an interval. What failed is tried again for two hours, then given up.',
          unit: 'short',
          min: 0,
          queries: [
            {
              expr: `sum by (result) (increase(${inEnv('tidemark_notifications_total')}[$__rate_interval]))`,
              legend: '{{result}}',
              minStep: '4m',
            },
          ],
          noValue: 'nothing counted yet',
          runbook: 'notifications-failing',
        },
        {
          ...half,
          title: 'Alerts that came in',
          description:
            'Received, refused because a message could not be read, escalated because nobody answered; in an interval.',
          unit: 'short',
          min: 0,
          queries: [
            {
              expr: `sum by (result) (increase(${inEnv('tidemark_alert_notices_total')}[$__rate_interval]))`,
              legend: '{{result}}',
              minStep: '4m',
            },
          ],
          noValue: 'nothing counted yet',
          runbook: 'notifications-failing',
        },
      ],
    },
    {
      title: 'Capture',
      panels: [
        {
          ...ofModels,
          title: 'How far capture is behind',
          description:
            'Time since the stream time up to which every counter is complete. It goes on without traffic.',
          unit: 's',
          min: 0,
          queries: [{ expr: inEnv('tidemark:capture_lag_seconds'), legend: '{{model}}' }],
          limits: captureLagLimits,
          noValue: 'nothing counted yet',
          runbook: 'capture-stalled',
        },
        {
          ...ofModels,
          title: 'Share of rows that came too late',
          description: 'Of an hour with 20 rows or more: archived, in no profile. Above 1 % is an alert.',
          unit: 'percentunit',
          min: 0,
          queries: [{ expr: inEnv('tidemark:late_rows:ratio1h'), legend: '{{model}}' }],
          limits: [[0.01, 'orange']],
          noValue: 'fewer than 20 rows in an hour',
          runbook: 'rows-late',
        },
        {
          ...ofModels,
          title: 'Rows that cannot be profiled',
          description: 'Of an hour: rows of a version whose files cannot be read.',
          unit: 'short',
          min: 0,
          queries: [{ expr: inEnv('tidemark:unprofiled_rows:increase1h'), legend: '{{model}}' }],
          limits: [[0.5, 'orange']],
          noValue: 'nothing counted yet',
          runbook: 'rows-unprofiled',
        },
        {
          ...ofModels,
          title: 'Labels without a prediction',
          description:
            'Labels that came before, or without, their prediction: wrong request ids, or a feed that is ahead.',
          unit: 'short',
          min: 0,
          queries: [
            {
              expr: `sum by (model) (increase(${inEnv('tidemark_unmatched_labels_total')}[$__rate_interval]))`,
              legend: '{{model}}',
              minStep: '4m',
            },
          ],
          noValue: 'nothing counted yet',
          runbook: 'capture-stalled',
        },
      ],
    },
    {
      title: 'Counters',
      panels: [
        {
          ...ofModels,
          title: 'Rows in profiles',
          description: 'Logged predictions per second that reached a closed granule, by model.',
          unit: 'cps',
          min: 0,
          queries: [
            {
              expr: `sum by (model) (rate(${inEnv('tidemark_predictions_total')}[$__rate_interval]))`,
              legend: '{{model}}',
              minStep: '4m',
            },
          ],
          noValue: 'nothing counted yet',
          runbook: 'capture-stalled',
        },
        {
          ...ofModels,
          title: 'Answered, but in no profile',
          description:
            'Answered predictions less rows in profiles, of an interval: late rows and those of a version without its files. Around 0 is well; hours after a repair it is below.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (model) (increase(${inEnv('tidemark_requests_total', 'outcome="answered"')}[$__rate_interval])) - sum by (model) (increase(${inEnv('tidemark_predictions_total')}[$__rate_interval]))`,
              legend: '{{model}}',
              minStep: '4m',
            },
          ],
          noValue: 'nothing counted yet',
          runbook: 'rows-late',
        },
        {
          ...ofModels,
          title: 'Series of each model',
          description: 'What a model costs in samples: features, classes and versions make series.',
          unit: 'short',
          min: 0,
          queries: [
            {
              expr: `count by (model) (last_over_time({__name__=~"tidemark_.+",env="$env",model!=""}[1h]))`,
              legend: '{{model}}',
            },
          ],
          noValue: 'no series',
        },
        {
          ...ofModels,
          title: 'Refused and failed, by status',
          description: 'Of all models, in the handlers. What never reached them is counted by CloudWatch.',
          unit: 'reqps',
          min: 0,
          queries: [
            {
              expr: `sum by (status) (rate(${inEnv('tidemark_request_failures_total')}[$__rate_interval]))`,
              legend: '{{status}}',
              minStep: '4m',
            },
          ],
          noValue: 'no traffic counted yet',
          runbook: 'error-rate-high',
        },
      ],
    },
  ],
};
