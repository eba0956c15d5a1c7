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
    {
      record: 'tidemark:notifications_given_up:increase1h',
      expr: 'sum by (env) (increase(tidemark_notifications_total{result="gave_up"}[1h]))',
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
      // rules are evaluated before the first figures come, and nobody is to be woken by a deployment
      forMinutes: 2,
      summary: 'no figures of any model for {{ humanizeDuration $value }}: everything else here is old',
      description: 'The figures were last read from the store more than ten minutes ago, or never.',
      impact: 'No other alert can be relied on, neither its firing nor its silence.',
      firstSteps: [
        'read the log of the function publish: credentials, throttling, the store',
        'is the schedule enabled? Rule of the tick in EventBridge',
        'locally: does the host answer at /metrics, and is it a target of Prometheus',
      ],
      falseAlarm: 'A stack that was just made and whose first figures take longer than two minutes.',
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
      name: 'ModelUnreadable',
      severity: 'warning',
      category: 'meta',
      signal: 'max by (env) (tidemark_unreadable_models)',
      is: '>',
      threshold: 0.5,
      forMinutes: 5,
      summary: 'the figures of {{ printf "%.0f" $value }} model(s) cannot be read: nothing is known of them',
      description:
        'What is stored of a model is damaged, or the store does not answer for it. All other models have their figures.',
      impact: 'No alert about these models can fire; their panels stand still.',
      firstSteps: [
        'read the log of the function publish (or of admin, for /metrics): it names the model and the reason',
        'open that model in the console: which of its pages fails, and with what',
        'an item or object that is damaged: restore it from the table’s backups or the bucket’s versions',
      ],
      falseAlarm: 'A store that was throttled for more than five minutes.',
      closes: 'Figures of every registered model.',
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
      name: 'NotificationsFailing',
      severity: 'warning',
      category: 'meta',
      signal: 'tidemark:notifications_given_up:increase1h',
      is: '>',
      threshold: 0.5,
      forMinutes: 0,
      summary: 'notifications do not arrive: {{ printf "%.0f" $value }} were given up in an hour',
      description:
        'A channel did not take a notification in any of twelve rounds over about two hours, so it is not tried again. Other channels had theirs.',
      impact: 'Who listens to that channel alone was not told of an alert.',
      firstSteps: [
        'GET /alerts: which alerts have a delivery that gave up, of which channel, and what it answered',
        'read the error lines of the function notify; 401, 403, 404: the secret of the channel is wrong or was withdrawn',
        'once it is mended nothing is left to do: what still fires is told again with its next reminder',
      ],
      falseAlarm: 'A channel that was taken out of use and whose secret is still there.',
      closes: 'An hour in which none is given up.',
    },
    {
      name: 'CanaryMissed',
      severity: 'critical',
      category: 'meta',
      signal: 'time() - max by (env) (last_over_time(tidemark_canary_due_timestamp_seconds[15m]))',
      is: '>',
      threshold: 0,
      forMinutes: 0,
      summary:
        'an injected drift was not noticed: the alert about it is overdue by {{ humanizeDuration $value }}',
      description:
        'A drift is injected into the model tidemark-canary every day; the alert about it has to arrive at the function notify, and did not. The same is told by the canary’s own check, which needs no Prometheus, and after a day and a quarter by an alarm of CloudWatch.',
      impact: 'Drift of real models may go unnoticed, or nobody be told of it.',
      firstSteps: [
        'read the last error line of the function canary: it says how far the drift came, from the rows to the report to the alert',
        'read the log of the functions on the way that it names: capture, tick, monitor, publish, notify',
        'once it is mended wait: while drifts are missed one is injected in the next whole hour',
      ],
      falseAlarm: 'A clock that was moved, or a deployment that stood still for hours.',
      closes: 'The next injected drift that is noticed, at most five hours after the cause is mended.',
    },
    {
      name: 'CanaryFalseAlarm',
      severity: 'warning',
      category: 'meta',
      signal: 'max by (env) (last_over_time(tidemark_canary_false_alarm[15m]))',
      is: '>',
      threshold: 0,
      forMinutes: 0,
      summary: 'a calm window of the canary raised an alarm',
      description:
        'The rows of the model tidemark-canary before and after its injected drift are drawn from its baseline, and a window of them was judged to be an alarm.',
      impact: 'Alerts on real models may be false as well.',
      firstSteps: [
        'open its reports: GET /models/tidemark-canary/reports; which feature, and how many rows',
        'were there rows of others in the window? Nobody but the canary should ask this model',
        'twice in a week is no chance: what changed in detection with the last deployment',
      ],
      falseAlarm: 'Chance: less than once in a hundred days.',
      closes: 'The next day of the canary without one.',
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
