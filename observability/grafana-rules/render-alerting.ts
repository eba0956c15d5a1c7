/** Alerts as Grafana-managed rules: each fires with the alert of the same name in the metrics, and goes to people by contact points of ours. */
import { contactPoints, datasourceUid, folder, placeholders, rulePrefix } from '#shared/grafana/places.ts';
import { grafanaMessageTemplate } from '../alertmanager/message-template.ts';
import { route } from '../alertmanager/routes.ts';
import { type Alert, runbookName } from '../alerts/alert.ts';
import { alertGroups } from '../alerts/registry.ts';
import { annotationsOf } from '../alerts/render-rules.ts';
import { unlessInhibited } from './inhibition.ts';

/** How often rules are evaluated, seconds; as often as those they read. */
const interval = 60;

const links = { url: placeholders.console, runbooks: placeholders.runbooks };

/** @returns what `provisionAlerting` puts into a workspace, but for what only a deployment knows: links, topics and which set is paused */
export function renderAlerting() {
  return {
    template: { name: 'tidemark', template: grafanaMessageTemplate },
    groups: alertGroups.map(({ name, alerts }) => ({
      title: name,
      interval,
      rules: alerts.map(ruleOf(name)),
    })),
  };
}

const ruleOf = (ruleGroup: string) => (alert: Alert) => ({
  uid: uidOf(alert.name),
  orgID: 1,
  title: alert.name,
  folderUID: folder.uid,
  ruleGroup,
  condition: 'C',
  data: [
    query('A', firingExpr(alert)),
    ...(readsValue(alert) ? [query('V', `max by (model, env) (${alert.signal})`)] : []),
    isAbove('C', 'A', 0),
  ],
  // What it reads has waited already, and is kept open as long as it has to be.
  for: '0s',
  // Without a series nothing fires.
  noDataState: 'OK',
  execErrState: alert.severity === 'none' ? 'OK' : 'KeepLast',
  labels: { severity: alert.severity, category: alert.category },
  annotations: Object.fromEntries(
    Object.entries(annotationsOf(alert, links)).map(([name, text]) => [name, grafanaText(text)]),
  ),
  notification_settings: notificationSettings(alert.severity),
});

/**
 * The rules of Managed Prometheus judge in both modes, for the dashboards. Grafana reads their verdict and does not judge again, so that
 * the two never differ: it resolves a series that is gone from a result after two evaluations, however long it is to be kept, and knows no inhibition.
 */
function firingExpr(alert: Alert): string {
  const firing = `max by (model, env) (ALERTS{alertname="${alert.name}",alertstate="firing"})`;
  return firing + unlessInhibited(alert);
}

/** @throws {RangeError} for a name that would not fit: Grafana takes 40 characters */
function uidOf(alert: string): string {
  const uid = rulePrefix + runbookName(alert);
  if (uid.length > 40) throw new RangeError(`${uid} has ${uid.length} characters: want 40 at most`);
  return uid;
}

const query = (refId: string, expr: string) => ({
  refId,
  queryType: '',
  relativeTimeRange: { from: 600, to: 0 },
  datasourceUid,
  model: {
    refId,
    expr,
    instant: true,
    range: false,
    editorMode: 'code',
    intervalMs: 1000,
    maxDataPoints: 43_200,
  },
});

const isAbove = (refId: string, expression: string, limit: number) => ({
  refId,
  queryType: '',
  relativeTimeRange: { from: 0, to: 0 },
  datasourceUid: '__expr__',
  model: {
    refId,
    type: 'threshold',
    expression,
    conditions: [{ evaluator: { type: 'gt', params: [limit] } }],
    datasource: { type: '__expr__', uid: '__expr__' },
  },
});

const readsValue = ({ summary }: Alert) => /{{[^}]*\$value\b/.test(summary);

/** `$value` is a sentence about every query in Grafana; the figure is that of query V. */
const grafanaText = (text: string) => text.replaceAll(/\$value\b/g, '$values.V.Value');

interface Waits {
  readonly group_wait?: string;
  readonly group_interval?: string;
  readonly repeat_interval?: string;
}

/** Told straight to a contact point, with the waits of an Alertmanager: the policies people keep in the workspace are not touched. */
function notificationSettings(severity: Alert['severity']) {
  const { routes, group_by, ...usual } = route as unknown as Waits & {
    readonly group_by: readonly string[];
    readonly routes: readonly (Waits & { readonly matchers: readonly string[] })[];
  };
  const own = routes.find(({ matchers }) => matchers.includes(`severity="${severity}"`));
  if (!own) throw new TypeError(`there is no route for severity ${severity}`);
  const { group_wait, group_interval, repeat_interval } = { ...usual, ...own };
  return {
    receiver: contactPoints[severity === 'none' ? 'watchdog' : 'alerts'].name,
    // Grafana adds the first where it is not given
    group_by: ['grafana_folder', ...group_by],
    ...{ group_wait, group_interval, repeat_interval },
  };
}
