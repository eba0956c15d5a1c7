/** Metrics of the alert log: what came in, and whether people were told of it. */
import { type DeploymentMetric, entries } from '../metric.ts';

const shared = {
  scope: 'deployment',
  kind: 'counter',
  unit: 'count',
  cadence: 'four_minutes',
  cap: 3,
} as const;

export const notificationMetrics: readonly DeploymentMetric[] = [
  {
    ...shared,
    name: 'tidemark_notifications_total',
    help: 'notifications of alerts by result: sent, failed (and tried again), gave_up after all tries',
    labels: ['result'],
    samples: ({ notify: { sent, failed, gave_up } }) => entries({ sent, failed, gave_up }, 'result'),
  },
  {
    ...shared,
    name: 'tidemark_alert_notices_total',
    help: 'alerts that were received, parts of messages that were refused because they are none, alerts that escalated unanswered',
    labels: ['result'],
    samples: ({ notify: { received, refused, escalated } }) =>
      entries({ received, refused, escalated }, 'result'),
  },
];
