/** Alerts on the alerting itself: figures that stop coming, figures a receiver refuses, and the switch that must never stop. */
import type { AlertGroup } from './alert.ts';

const heartbeat = 'tidemark_publisher_heartbeat_timestamp_seconds';

export const metaAlerts: AlertGroup = {
  name: 'tidemark-meta',
  recordings: [
    {
      record: 'tidemark:publisher_rejected:increase15m',
      expr: 'sum by (env) (increase(tidemark_publisher_rejected_series_total[15m]))',
    },
    {
      record: 'tidemark:publisher_failures:increase15m',
      expr: 'sum by (env) (increase(tidemark_publisher_failures_total[15m]))',
    },
  ],
  alerts: [
    {
      name: 'PublisherSilent',
      severity: 'critical',
      category: 'meta',
      signal: `(time() - max by (env) (last_over_time(${heartbeat}[1d]))) or absent_over_time(${heartbeat}[1d]) * 86400`,
      is: '>',
      threshold: 600,
      forMinutes: 0,
      summary: 'no figures of any model for {{ humanizeDuration $value }}: everything else here is old',
      description: 'The figures were last read from the store more than ten minutes ago, or never.',
      impact: 'No other alert can be relied on, neither its firing nor its silence.',
      firstSteps: [
        'read the log of the function publish: credentials, throttling, the store',
        'is the schedule enabled? Rule of the tick in EventBridge',
        'locally: does the host answer at /metrics, and is it a target of Prometheus',
      ],
      falseAlarm: 'A stack that was just made: the first figures come within two minutes.',
      closes: 'Figures younger than ten minutes.',
    },
    {
      name: 'PublisherFailing',
      severity: 'warning',
      category: 'meta',
      signal: 'tidemark:publisher_failures:increase15m',
      is: '>',
      threshold: 2.5,
      forMinutes: 0,
      keepFiringMinutes: 15,
      summary:
        'figures cannot be delivered: {{ printf "%.0f" $value }} publications failed in a quarter of an hour',
      description: 'A part of three or more publications was not taken by the receiver, after retries.',
      impact: 'Gaps in panels; alerts come later.',
      firstSteps: [
        'read the log of the function publish: the status the receiver answered with',
        '429 is a limit of the workspace: raise it, or retire models; 403 is a missing permission',
        'what is not delivered is sent again with the next minute: nothing has to be put back',
      ],
      falseAlarm: 'An outage of the receiver that is over.',
      closes: 'A quarter of an hour without failures.',
    },
    {
      name: 'SeriesRejected',
      severity: 'warning',
      category: 'meta',
      signal: 'tidemark:publisher_rejected:increase15m',
      is: '>',
      threshold: 0.5,
      forMinutes: 5,
      keepFiringMinutes: 15,
      summary: 'some series are refused: {{ printf "%.0f" $value }} samples left out in a quarter of an hour',
      description:
        'Samples were left out because their names or values are not valid, or the receiver refused them; the others went through.',
      impact: 'Single figures are missing; which ones is in the log.',
      firstSteps: [
        'read the log of the function publish: it names the series and the reason',
        'out of order or too old: is there a second writer to the workspace',
        'a label too long: rename the feature or class at the next version',
      ],
      falseAlarm: 'One refusal after the clock of the receiver was set.',
      closes: 'A quarter of an hour without refusals.',
    },
    {
      name: 'Watchdog',
      severity: 'none',
      category: 'meta',
      signal: 'vector(1)',
      is: '>',
      threshold: 0,
      forMinutes: 0,
      summary: 'alerting works',
      description:
        'Always fires. Something outside has to notice when it stops: on AWS an alarm on the topic it is sent to.',
      impact:
        'None. When it is not heard, rules are not evaluated or notifications do not get out, and nobody would be told of anything.',
      firstSteps: [
        'are rules evaluated? Rule groups of the workspace, or /rules of the local Prometheus',
        'does the alert manager deliver? Its metrics on failed notifications, or its log',
        'is it the topic? Its policy and its key have to let the alert manager publish',
      ],
      falseAlarm: 'A silence that matches every alert.',
      closes: 'Never.',
    },
  ],
};
