/** Every metric: its name, help, labels, and where its samples come from. One entry, one metric; nothing is exported that is not here. */
import { canaryMetrics } from './catalogue/canary.ts';
import { driftMetrics } from './catalogue/drift.ts';
import { notificationMetrics } from './catalogue/notifications.ts';
import { publisherMetrics } from './catalogue/publisher.ts';
import { qualityMetrics } from './catalogue/quality.ts';
import { retrainMetrics } from './catalogue/retrain.ts';
import { servingMetrics } from './catalogue/serving.ts';
import type { Metric } from './metric.ts';

export const catalogue: readonly Metric[] = [
  ...servingMetrics,
  ...driftMetrics,
  ...qualityMetrics,
  ...retrainMetrics,
  ...publisherMetrics,
  ...canaryMetrics,
  ...notificationMetrics,
];
