/** Metrics of the metrics: whether they are current, and what a receiver did not take. */
import { type DeploymentMetric, one, seconds } from '../metric.ts';

export const publisherMetrics: readonly DeploymentMetric[] = [
  {
    name: 'tidemark_publisher_heartbeat_timestamp_seconds',
    scope: 'deployment',
    kind: 'gauge',
    unit: 'seconds',
    help: 'when these figures were read from the store, Unix seconds: its absence or age is that of every other metric',
    cadence: 'minute',
    cap: 1,
    labels: [],
    samples: ({ collectedAt }) => one(seconds(collectedAt)),
  },
  {
    name: 'tidemark_publisher_series',
    scope: 'deployment',
    kind: 'gauge',
    unit: 'count',
    help: 'series known to the receiver of remote writes; 0 where there is none',
    cadence: 'four_minutes',
    cap: 1,
    labels: [],
    samples: ({ publisher }) => one(publisher.series),
  },
  {
    name: 'tidemark_publisher_rejected_series_total',
    scope: 'deployment',
    kind: 'counter',
    unit: 'count',
    help: 'samples that were left out because they are not valid or the receiver refused them',
    cadence: 'minute',
    cap: 1,
    labels: [],
    samples: ({ publisher }) => one(publisher.rejected),
  },
  {
    name: 'tidemark_publisher_failures_total',
    scope: 'deployment',
    kind: 'counter',
    unit: 'count',
    help: 'publications of which a part could not be delivered',
    cadence: 'minute',
    cap: 1,
    labels: [],
    samples: ({ publisher }) => one(publisher.failures),
  },
];
