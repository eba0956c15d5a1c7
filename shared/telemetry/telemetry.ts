/** What functions tell CloudWatch beside what AWS counts itself, as data: a metric exists only in the hours in which it is emitted. */
import type { FunctionName } from '../api/surface.ts';

export const telemetryNamespace = 'Tidemark';

export interface TelemetryMetric {
  /** CloudWatch's word. */
  readonly unit: 'Count' | 'Milliseconds';
  readonly help: string;
  readonly emittedBy: readonly FunctionName[];
  /** What makes it be emitted: a metric costs by the hour in which it is. */
  readonly when: 'loss' | 'daily' | 'coldStart';
}

/** All of a namespace, each with the dimension `environment` alone: another dimension would multiply the series, and with them the bill. */
export const telemetry = {
  UnloggedPredictions: {
    unit: 'Count',
    help: 'Predictions that were answered and that the table refused to log; they are in the spool, and in no window until it is replayed.',
    emittedBy: ['predict', 'monitor'],
    when: 'loss',
  },
  QuarantinedRecords: {
    unit: 'Count',
    help: 'Records of the feed that could not be read and were put aside under quarantine/.',
    emittedBy: ['capture'],
    when: 'loss',
  },
  LateRows: {
    unit: 'Count',
    help: 'Predictions captured after their window had closed: archived, and in no window.',
    emittedBy: ['capture'],
    when: 'loss',
  },
  UndeliveredNotifications: {
    unit: 'Count',
    help: 'Notifications of alerts that were given up for a channel after all tries.',
    emittedBy: ['notify'],
    when: 'loss',
  },
  RefusedAlertMessages: {
    unit: 'Count',
    help: 'Parts of messages of Alertmanager or SNS that were no alert and were told to nobody.',
    emittedBy: ['notify', 'admin'],
    when: 'loss',
  },
  UndeliveredSeries: {
    unit: 'Count',
    help: 'Series that the receiver of metrics did not take in one publication, because it refused them or did not answer.',
    emittedBy: ['publish'],
    when: 'loss',
  },
  FailedReports: {
    unit: 'Count',
    help: 'Windows of a version that could not be judged; the window is tried again.',
    emittedBy: ['monitor'],
    when: 'loss',
  },
  CanaryNoticed: {
    unit: 'Count',
    help: 'Injected drifts of the canary model whose alert arrived, and one when the canary begins: a day without is an alarm.',
    emittedBy: ['notify', 'canary'],
    when: 'daily',
  },
  ColdStartMs: {
    unit: 'Milliseconds',
    help: 'From the start of the process to its first request, of a process that a request waited for.',
    emittedBy: ['predict'],
    when: 'coldStart',
  },
} as const satisfies Readonly<Record<string, TelemetryMetric>>;

export type TelemetryName = keyof typeof telemetry;
