/** What a Grafana workspace is to hold, put there by its HTTP API: the data source, the folder, the alerts, the dashboards. Doing it again changes nothing. */
import type { Deps } from '../deps.ts';
import type { JsonObject } from '../json.ts';
import { type Alerting, provisionAlerting, type RenderedAlerting, unprovisionAlerting } from './alerting.ts';
import type { GrafanaApi } from './api.ts';
import { adaptDashboard } from './dashboard.ts';
import { datasourceUid, folder } from './places.ts';

export interface Provisioned {
  /** Of the workspace of metrics, up to and including its id: queries add the rest. */
  readonly prometheusUrl: string;
  readonly region: string;
  readonly consoleUrl: string;
  readonly runbooksUrl: string;
  readonly dashboards: readonly JsonObject[];
  readonly alerting: Pick<Alerting, 'rendered' | 'isNotifying' | 'topicArn' | 'watchdogTopicArn'>;
}

/** Signs by itself; core's `prometheus` does as well, until version 13, which moves data sources to this one. */
const managedType = 'grafana-amazonprometheus-datasource';

/** @throws {GrafanaRefusedError} where the workspace does not take it; an Error where it has no alerting and was to tell people */
export async function provision(api: GrafanaApi, wanted: Provisioned, log: Deps['log']): Promise<void> {
  const plugin = await api('GET', `/api/plugins/${managedType}/settings`, { expect: [404] });
  const type = plugin.status === 404 ? 'prometheus' : managedType;
  await putDatasource(api, type, wanted);
  await putFolder(api);
  await provisionAlerting(api, { ...wanted, ...wanted.alerting }, log);
  for (const dashboard of wanted.dashboards)
    await api('POST', '/api/dashboards/db', {
      body: {
        dashboard: { ...adaptDashboard(dashboard, { ...wanted, type }), id: null },
        folderUid: folder.uid,
        message: 'deployed with tidemark',
        overwrite: true,
      },
    });
}

async function putDatasource(
  api: GrafanaApi,
  type: string,
  { prometheusUrl, region }: Provisioned,
): Promise<void> {
  const body = {
    uid: datasourceUid,
    name: 'Tidemark metrics',
    type,
    access: 'proxy',
    url: prometheusUrl,
    isDefault: true,
    jsonData: {
      httpMethod: 'POST',
      sigV4Auth: true,
      // the role of the workspace
      sigV4AuthType: 'ec2_iam_role',
      sigV4Region: region,
      timeInterval: '60s',
      manageAlerts: false,
    },
  };
  const path = `/api/datasources/uid/${datasourceUid}`;
  const found = await api('GET', path, { expect: [404] });
  if (found.status === 404) {
    // 409: an answer got lost, and it is there by now
    const { status } = await api('POST', '/api/datasources', { body, expect: [409] });
    if (status !== 409) return;
  }
  await api('PUT', path, { body });
}

async function putFolder(api: GrafanaApi): Promise<void> {
  const found = await api('GET', `/api/folders/${folder.uid}`, { expect: [404] });
  // 409 and 412: an answer got lost, and it is there by now
  if (found.status === 404) await api('POST', '/api/folders', { body: folder, expect: [409, 412] });
}

/** Takes back what {@link provision} put there, and the folder where people have put nothing into it. */
export async function unprovision(
  api: GrafanaApi,
  dashboards: readonly JsonObject[],
  rendered: RenderedAlerting,
): Promise<void> {
  const hasOthersRules = await unprovisionAlerting(api, rendered);
  const remove = (path: string) => api('DELETE', path, { expect: [404] });
  for (const { uid } of dashboards) await remove(`/api/dashboards/uid/${uid}`);
  const left = await api('GET', `/api/search?folderUIDs=${folder.uid}`);
  if (Array.isArray(left.body) && left.body.length === 0 && !hasOthersRules)
    await remove(`/api/folders/${folder.uid}`);
  await remove(`/api/datasources/uid/${datasourceUid}`);
}
