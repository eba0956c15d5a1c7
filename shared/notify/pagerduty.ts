/** PagerDuty, by Events API v2: the alert's id is the key of the incident, so that sending twice is one page. */
import type { Deps } from '../deps.ts';
import type { AlertEvent } from '../registry/alert-log.ts';
import {
  type Channel,
  firstStepsOf,
  isWebAddress,
  linksOf,
  openedBy,
  statusLine,
  summaryOf,
  type Told,
  titleOf,
} from './channel.ts';
import { shortened } from './notice.ts';
import { type PostLimits, post } from './post.ts';

const secretName = 'pagerduty-routing-key';

export function createPagerDuty(
  { secret, settings }: Pick<Deps, 'secret' | 'settings'>,
  limits: PostLimits,
): Channel {
  return {
    name: 'pagerduty',
    send: async (told) => {
      const key = (await secret(secretName))?.trim();
      if (!key) return { kind: 'not_configured', reason: `there is no secret ${secretName}` };
      const url = settings.PAGERDUTY_EVENTS_URL;
      const headers = { 'content-type': 'application/json' };
      for (const event of pagerDutyEvents(told)) {
        const body = JSON.stringify({ routing_key: key, ...event });
        const sent = await post({ url, headers, body, secrets: [key] }, limits);
        if (sent.kind !== 'sent') return sent;
      }
      return { kind: 'sent' };
    },
  };
}

const actions: Readonly<Record<AlertEvent, 'trigger' | 'acknowledge' | 'resolve'>> = {
  firing: 'trigger',
  reminder: 'trigger',
  escalated: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
};

/**
 * One event, but for the end of what escalated: that had an incident of its own, since a second trigger under a key that is open
 * would wake nobody.
 *
 * @see https://developer.pagerduty.com/docs/send-alert-event
 */
function pagerDutyEvents(told: Told): readonly Record<string, unknown>[] {
  const { event, alert, env } = told;
  const key = `tidemark/${env}/${alert.id}`;
  const escalation = `${key}/escalated`;
  const action = actions[event];
  if (action !== 'trigger') {
    const wasPaged = alert.deliveries['pagerduty:firing'] !== undefined;
    const keys = [...(wasPaged ? [key] : []), ...(alert.escalatedAt === undefined ? [] : [escalation])];
    return keys.map((dedup_key) => ({ event_action: action, dedup_key }));
  }
  const links = linksOf(alert).filter(({ href }) => isWebAddress(href));
  const linksOpen = openedBy(told);
  const consoleUrl = links.find(({ text }) => text === 'Console')?.href;
  return [
    {
      event_action: action,
      dedup_key: event === 'escalated' ? escalation : key,
      client: 'Tidemark',
      ...(consoleUrl === undefined ? {} : { client_url: consoleUrl }),
      links,
      payload: {
        summary: shortened(`${titleOf(told)}: ${summaryOf(alert)}`, 1024),
        source: alert.labels.model ?? `tidemark-${env}`,
        severity: alert.severity,
        timestamp: new Date(alert.startsAt).toISOString(),
        component: alert.labels.model ?? 'tidemark',
        group: alert.labels.env ?? env,
        class: alert.labels.alertname ?? 'alert',
        custom_details: {
          status: statusLine(told),
          impact: alert.annotations.impact ?? '',
          first_steps: firstStepsOf(alert),
          runbook: alert.annotations.runbook_url ?? '',
          ...(linksOpen !== undefined && { links: linksOpen }),
          alert: alert.id,
          labels: alert.labels,
        },
      },
    },
  ];
}
