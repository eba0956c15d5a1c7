/** Run by a deployment that has a Managed Grafana: puts the data source, the dashboards and the alerts into its workspace, which CloudFormation cannot. */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod';
import { answerDeployment } from '#shared/aws/answer-deployment.ts';
import type { Deps } from '#shared/deps.ts';
import type { RenderedAlerting } from '#shared/grafana/alerting.ts';
import { createGrafanaApi, type GrafanaApi } from '#shared/grafana/api.ts';
import { type Provisioned, provision, unprovision } from '#shared/grafana/provision.ts';
import { type Workspace, withToken } from '#shared/grafana/workspace.ts';
import type { JsonObject } from '#shared/json.ts';

export interface GrafanaOptions {
  readonly workspaceOf: (workspaceId: string) => Workspace;
  readonly dashboards: readonly JsonObject[];
  readonly alerting: RenderedAlerting;
  readonly wait: (ms: number) => Promise<void>;
}

const propertiesSchema = z.object({
  WorkspaceId: z.string().min(1),
  PrometheusUrl: z.url(),
  Region: z.string().min(1),
  ConsoleUrl: z.url(),
  RunbooksUrl: z.string().min(1),
  Alerting: z.enum(['amp', 'grafana']),
  TopicArn: z.string().min(1),
  WatchdogTopicArn: z.string().min(1),
});

const wantedOf = (
  given: z.infer<typeof propertiesSchema>,
  { dashboards, alerting }: Pick<GrafanaOptions, 'dashboards' | 'alerting'>,
): Provisioned => ({
  prometheusUrl: given.PrometheusUrl,
  region: given.Region,
  consoleUrl: given.ConsoleUrl,
  runbooksUrl: given.RunbooksUrl,
  dashboards,
  alerting: {
    rendered: alerting,
    isNotifying: given.Alerting === 'grafana',
    topicArn: given.TopicArn,
    watchdogTopicArn: given.WatchdogTopicArn,
  },
});

/** Less than the function may take, so that the answer still gets out. */
const patienceMs = 240_000;
/** What is left in a workspace is in nobody's way: its stack does not wait for long. */
const removalMs = 45_000;

export function createGrafanaHandler(
  deps: Pick<Deps, 'now' | 'log'>,
  { workspaceOf, dashboards, alerting, wait }: GrafanaOptions,
) {
  async function withApi(
    { RequestId, ResourceProperties }: CloudFormationCustomResourceEvent,
    forMs: number,
    work: (api: GrafanaApi) => Promise<void>,
  ): Promise<void> {
    const { now } = deps;
    const until = now() + forMs;
    const workspace = workspaceOf(String(ResourceProperties.WorkspaceId));
    const tokenName = `tidemark-${RequestId}-${now()}`;
    await withToken(workspace, { ...deps, wait, until, tokenName }, (url, token) =>
      work(createGrafanaApi({ url, token, until, now, wait })),
    );
  }

  return answerDeployment('grafana-dashboards', deps, async (event) => {
    if (event.RequestType === 'Delete') {
      await withApi(event, removalMs, (api) => unprovision(api, dashboards, alerting)).catch(
        (error: unknown) => deps.log('warn', 'the workspace keeps its dashboards', { error: String(error) }),
      );
      return undefined;
    }
    const wanted = wantedOf(propertiesSchema.parse(event.ResourceProperties), { dashboards, alerting });
    await withApi(event, patienceMs, (api) => provision(api, wanted, deps.log));
    return { dashboards: dashboards.length };
  });
}
