/** Every alert there is. One more is a value in one of these groups, its cases in `alerts.prometheus.test.ts`, and `UPDATE=1 npm test`. */
import type { Alert, AlertGroup } from './alert.ts';
import { captureAlerts } from './capture-alerts.ts';
import { driftAlerts } from './drift-alerts.ts';
import { metaAlerts } from './meta-alerts.ts';
import { pipelineAlerts } from './pipeline-alerts.ts';
import { qualityAlerts } from './quality-alerts.ts';
import { servingAlerts } from './serving-alerts.ts';

export const alertGroups: readonly AlertGroup[] = [
  driftAlerts,
  qualityAlerts,
  servingAlerts,
  pipelineAlerts,
  captureAlerts,
  metaAlerts,
];

export const alerts: readonly Alert[] = alertGroups.flatMap((group) => group.alerts);
