/** The Grafana-managed alerts of a workspace, by its provisioning API: message, contact points, rules, in this order, since each names the one before. */
import type { Deps } from '../deps.ts';
import type { Json, JsonObject } from '../json.ts';
import type { GrafanaApi } from './api.ts';
import { contactPoints, folder, placeholders, rulePrefix } from './places.ts';

/** As committed: `observability/grafana-rules/json/tidemark.json`. */
export interface RenderedAlerting {
  readonly template: { readonly name: string; readonly template: string };
  readonly groups: readonly {
    readonly title: string;
    /** Seconds. */
    readonly interval: number;
    readonly rules: readonly JsonObject[];
  }[];
}

export interface Alerting {
  readonly rendered: RenderedAlerting;
  /** Whether this set tells people; else its rules are there and paused. */
  readonly isNotifying: boolean;
  readonly topicArn: string;
  readonly watchdogTopicArn: string;
  readonly region: string;
  readonly consoleUrl: string;
  readonly runbooksUrl: string;
}

const base = '/api/v1/provisioning';
const noApi = [403, 404];

/**
 * Puts all of it in place, and takes away rules of ours that are no more. Doing it again changes nothing. What is put so can be looked at
 * in Grafana and not changed there: nobody starts a paused set by hand, which would page twice.
 *
 * @throws {GrafanaRefusedError} where the workspace does not take it; an Error where it has no alerting and was to tell people
 * @see https://grafana.com/docs/grafana/v12.4/developer-resources/api-reference/http-api/alerting_provisioning/
 */
export async function provisionAlerting(
  api: GrafanaApi,
  alerting: Alerting,
  log: Deps['log'],
): Promise<void> {
  const points = await api('GET', `${base}/contact-points`, { expect: noApi });
  if (noApi.includes(points.status)) {
    const what = `grafana answers ${points.status} to GET ${base}/contact-points: it takes no alert rules`;
    if (alerting.isNotifying)
      throw new Error(
        `${what}, and nobody would be told: deploy with alerting amp, or enable Grafana alerting`,
      );
    log('warn', what, { alerting: 'amp' });
    return;
  }
  const { name, template } = alerting.rendered.template;
  await api('PUT', `${base}/templates/${name}`, { body: { template } });
  await putContactPoints(api, alerting, listOf(points.body));
  for (const group of alerting.rendered.groups)
    await api('PUT', `${base}/folder/${folder.uid}/rule-groups/${group.title}`, {
      body: {
        ...group,
        folderUid: folder.uid,
        rules: group.rules.map((rule) => ({
          ...withLinks(rule, alerting),
          isPaused: !alerting.isNotifying,
        })),
      },
    });
  const wanted = alerting.rendered.groups.flatMap(({ rules }) => rules.map(({ uid }) => uid));
  await removeRules(api, (uid) => !wanted.includes(uid));
}

/**
 * Takes back what {@link provisionAlerting} put there; what people use themselves by now stays.
 *
 * @returns whether people have rules of their own in the folder
 */
export async function unprovisionAlerting(api: GrafanaApi, { template }: RenderedAlerting): Promise<boolean> {
  const others = await removeRules(api, () => true);
  const inUse: boolean[] = [];
  for (const { uid } of Object.values(contactPoints)) {
    const path = `${base}/contact-points/${uid}`;
    inUse.push((await api('DELETE', path, { expect: [...noApi, 409] })).status === 409);
  }
  if (!inUse.includes(true))
    await api('DELETE', `${base}/templates/${template.name}`, { expect: [...noApi, 409] });
  return others > 0;
}

/** @returns how many rules in the folder are not ours */
async function removeRules(api: GrafanaApi, isGone: (uid: string) => boolean): Promise<number> {
  const all = await api('GET', `${base}/alert-rules`, { expect: noApi });
  const uids = listOf(all.body)
    .filter(({ folderUID }) => folderUID === folder.uid)
    .map(({ uid }) => String(uid));
  for (const uid of uids)
    if (uid.startsWith(rulePrefix) && isGone(uid))
      await api('DELETE', `${base}/alert-rules/${uid}`, { expect: [404] });
  return uids.filter((uid) => !uid.startsWith(rulePrefix)).length;
}

async function putContactPoints(
  api: GrafanaApi,
  { topicArn, watchdogTopicArn, region }: Alerting,
  there: readonly JsonObject[],
): Promise<void> {
  const settingsOf = await snsForm(api);
  const { alerts, watchdog } = contactPoints;
  const wanted = [
    { ...alerts, disableResolveMessage: false, settings: settingsOf(topicArn, region) },
    // its end is silence
    { ...watchdog, disableResolveMessage: true, settings: settingsOf(watchdogTopicArn, region) },
  ];
  for (const point of wanted) {
    const body = { ...point, type: 'sns' };
    if (!there.some(({ uid }) => uid === point.uid)) {
      // 409: an answer got lost, and it is there by now
      const { status } = await api('POST', `${base}/contact-points`, { body, expect: [409] });
      if (status !== 409) continue;
    }
    await api('PUT', `${base}/contact-points/${point.uid}`, { body });
  }
}

const subject = '{{ template "tidemark.subject" . }}';
const message = '{{ template "tidemark.message" . }}';

/**
 * Managed Grafana had contact points for SNS before Grafana did, with other fields: the workspace says which it knows.
 *
 * @see https://docs.aws.amazon.com/grafana/latest/userguide/v13-Grafana-API-AlertingNotificationChannels.html
 */
async function snsForm(api: GrafanaApi): Promise<(topicArn: string, region: string) => JsonObject> {
  const { body } = await api('GET', '/api/alert-notifiers', { expect: noApi });
  const options = listOf(body).find(({ type }) => type === 'sns')?.options;
  if (listOf(options).some(({ propertyName }) => propertyName === 'topic'))
    // `default`: as the role of the workspace
    return (topic) => ({ topic, authProvider: 'default', messageFormat: 'text', subject, body: message });
  return (topic_arn, region) => ({ topic_arn, sigv4: { region }, subject, message });
}

/** Links lead to the deployment's own pages; a runbook that is no address of the web is named by its path. */
function withLinks(rule: JsonObject, { consoleUrl, runbooksUrl }: Alerting): JsonObject {
  const filled = Object.entries(rule.annotations as Readonly<Record<string, string>>).map(([name, text]) => [
    name,
    text.replaceAll(placeholders.console, consoleUrl).replaceAll(placeholders.runbooks, runbooksUrl),
  ]);
  return { ...rule, annotations: Object.fromEntries(filled) as JsonObject };
}

const listOf = (body: unknown): readonly JsonObject[] =>
  Array.isArray(body) ? (body as readonly Json[]).filter((one) => isObject(one)) : [];

const isObject = (one: Json): one is JsonObject =>
  typeof one === 'object' && one !== null && !Array.isArray(one);
