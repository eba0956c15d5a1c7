/** Metrics of the injected drift: when one was last noticed, and by when the next has to be. None where nothing is injected. */
import { type DeploymentMetric, one, seconds } from '../metric.ts';

const shared = { scope: 'deployment', kind: 'gauge', cadence: 'four_minutes', cap: 1, labels: [] } as const;

export const canaryMetrics: readonly DeploymentMetric[] = [
  {
    ...shared,
    name: 'tidemark_canary_noticed_timestamp_seconds',
    unit: 'seconds',
    help: 'when the alert of an injected drift last arrived, Unix seconds',
    samples: ({ canary }) => one(seconds(canary?.noticedAt)),
  },
  {
    ...shared,
    name: 'tidemark_canary_due_timestamp_seconds',
    unit: 'seconds',
    help: 'by when the alert of an injected drift has to have arrived, Unix seconds: later than that, one was missed',
    samples: ({ canary }) => one(seconds(canary?.dueAt)),
  },
  {
    ...shared,
    name: 'tidemark_canary_false_alarm',
    unit: 'bool',
    help: '1 when a calm window of the canary raised an alarm in its last day, else 0',
    samples: ({ canary }) => one(canary && Number(canary.isFalseAlarm)),
  },
];
