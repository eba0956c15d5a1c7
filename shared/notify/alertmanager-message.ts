/** What an Alertmanager sends: its webhook's JSON, over HTTP or, by the template of Amazon Managed Prometheus, over a topic. */
import * as z from 'zod';
import { type Notice, noticeOf } from './notice.ts';

const pairs = z.record(z.string(), z.string());
const alertSchema = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: pairs,
  annotations: pairs.default({}),
  startsAt: z.iso.datetime({ offset: true }),
  generatorURL: z.string().catch(''),
});

/** Of a rule, which may stand anywhere under the address of a Grafana. */
const grafanaRule = /\/alerting\/grafana\//;
/** Grafana ends what fires when its rule is paused or taken away: the alert manager speaks from then on, and knows whether it is over. */
const silenced = ['Paused', 'RuleDeleted'];
const isSilenced = ({ status, annotations }: z.infer<typeof alertSchema>): boolean =>
  status === 'resolved' && silenced.includes(annotations.grafana_state_reason ?? '');

/** What one invocation has time for; of more the criticals come first, and the rest is told as left out. */
const maxAlerts = 1000;
/** Reasons that are told one by one. */
const maxReasons = 20;

const messageSchema = z.object({
  alerts: z.array(z.unknown()),
  truncatedAlerts: z.number().int().nonnegative().default(0),
});

export interface ReadMessage {
  readonly notices: readonly Notice[];
  /** Why a part was not read: one bad alert does not silence its neighbours. */
  readonly refused: readonly string[];
}

/**
 * @returns undefined where it is no message of an Alertmanager at all
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export function readAlertmanager(message: unknown): ReadMessage | undefined {
  const parsed = messageSchema.safeParse(message);
  if (!parsed.success) return undefined;
  const { alerts, truncatedAlerts } = parsed.data;
  const notices: Notice[] = [];
  const faults: string[] = [];
  for (const [at, one] of alerts.entries()) {
    const alert = alertSchema.safeParse(one);
    if (!alert.success) faults.push(`alert ${at}: ${faultOf(alert.error)}`);
    // the dead-man's switch: heard elsewhere, told to nobody
    else if (alert.data.labels.severity !== 'none' && !isSilenced(alert.data)) {
      const { generatorURL, startsAt, ...said } = alert.data;
      notices.push(
        noticeOf({
          ...said,
          source: 'alertmanager',
          startsAt: Date.parse(startsAt),
          ...(grafanaRule.test(generatorURL) && { by: 'grafana' }),
        }),
      );
    }
  }
  const isCritical = ({ severity }: Notice) => Number(severity === 'critical');
  const kept = notices.sort((one, other) => isCritical(other) - isCritical(one)).slice(0, maxAlerts);
  const refused = [
    ...(truncatedAlerts === 0 ? [] : [`the sender left out ${truncatedAlerts} alerts`]),
    ...(kept.length === notices.length
      ? []
      : [`${notices.length - kept.length} of ${notices.length} alerts of one message are left out`]),
    ...faults.slice(0, maxReasons),
    ...(faults.length > maxReasons ? [`${faults.length - maxReasons} more alerts could not be read`] : []),
  ];
  return { notices: kept, refused };
}

function faultOf(error: z.ZodError): string {
  const [{ path, message } = { path: [], message: 'not an alert' }] = error.issues;
  return `${path.map(String).join('.') || 'it'}: ${message}`.slice(0, 200);
}
