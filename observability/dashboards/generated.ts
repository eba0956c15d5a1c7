/** Every file that is made from the dashboards; `dashboards.test.ts` holds the committed ones to it, and writes them with `UPDATE=1`. */
import { fleetDashboard } from './fleet.ts';
import { modelDashboard } from './model.ts';
import { operationsDashboard } from './operations.ts';
import type { Dashboard } from './panel.ts';
import { renderDashboard } from './render-dashboard.ts';

export const dashboards: readonly Dashboard[] = [modelDashboard, fleetDashboard, operationsDashboard];

/** Text by path in the repository: what Grafana reads in compose, and a deployment hands to Managed Grafana. */
export const dashboardFiles: ReadonlyMap<string, string> = new Map(
  dashboards.map((dashboard) => [
    `observability/dashboards/json/${dashboard.uid}.json`,
    `${JSON.stringify(renderDashboard(dashboard), null, 2)}\n`,
  ]),
);
