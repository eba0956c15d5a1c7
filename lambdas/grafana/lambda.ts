/** The AWS entry: the committed dashboards and alerts, and the workspace a deployment names. */
import { setTimeout as wait } from 'node:timers/promises';
import { GrafanaClient } from '@aws-sdk/client-grafana';
import { createGrafanaWorkspace } from '#shared/aws/grafana-workspace.ts';
import { entry } from '#shared/aws/lambda-entry.ts';
import fleet from '../../observability/dashboards/json/tidemark-fleet.json' with { type: 'json' };
import model from '../../observability/dashboards/json/tidemark-model.json' with { type: 'json' };
import operations from '../../observability/dashboards/json/tidemark-operations.json' with { type: 'json' };
import alerting from '../../observability/grafana-rules/json/tidemark.json' with { type: 'json' };
import { createGrafanaHandler } from './handler.ts';

const client = new GrafanaClient({});

export const handler = entry('grafana', (deps) =>
  createGrafanaHandler(deps, {
    workspaceOf: (workspaceId) => createGrafanaWorkspace({ client, workspaceId }),
    dashboards: [model, fleet, operations],
    alerting,
    wait: (ms) => wait(ms),
  }),
);
