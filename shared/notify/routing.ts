/** Who is told what: channels by severity, how soon somebody has to answer, and what a new event makes pointless. */
import {
  type AlertEvent,
  type AlertRecord,
  type ChannelName,
  channelNames,
  type Delivery,
} from '../registry/alert-log.ts';
import type { AlertSeverity, Notice } from './notice.ts';

/** Where the alert itself does not say it (annotation `respond_within`), minutes. */
const respondWithinMinutes: Readonly<Record<AlertSeverity, number>> = { critical: 15, warning: 240 };

/**
 * Word of an alert that was told more recently than this is a copy. A little less than what our Alertmanager repeats after (1 h, 4 h),
 * since it counts from its own clock.
 */
export const repeatMs: Readonly<Record<AlertSeverity, number>> = {
  critical: 50 * 60_000,
  warning: 220 * 60_000,
};

export function respondMs({ annotations, severity }: Pick<Notice, 'annotations' | 'severity'>): number {
  const minutes = /^([1-9]\d{0,4})m$/.exec(annotations.respond_within ?? '')?.[1];
  return 60_000 * Number(minutes ?? respondWithinMinutes[severity]);
}

/** PagerDuty wakes people: criticals, and what nobody answered in time. It hears of the end only of what it was told. */
function channelsOf(event: AlertEvent, told: Told): readonly ChannelName[] {
  const { source, severity, deliveries, lease } = told;
  const toldPager = (['firing', 'escalated'] as const).some((told) => {
    const { state, attempts } = deliveries[`pagerduty:${told}`] ?? {};
    return state === 'sent' || (state !== undefined && ((attempts ?? 0) > 0 || lease !== undefined));
  });
  const wanted: Readonly<Record<AlertEvent, readonly ChannelName[]>> = {
    firing: severity === 'critical' ? channelNames : ['slack', 'webhook', 'email'],
    reminder: ['slack', 'webhook', 'email'],
    escalated: channelNames,
    acknowledged: toldPager ? ['pagerduty', 'slack', 'webhook'] : ['slack', 'webhook'],
    resolved: toldPager ? channelNames : ['slack', 'webhook', 'email'],
  };
  // alarms of CloudWatch are mailed by their topic, whatever becomes of us
  return wanted[event].filter((name) => name !== 'email' || source !== 'cloudwatch');
}

type Told = Pick<AlertRecord, 'source' | 'severity' | 'deliveries' | 'lease'>;

/** Of what has not been sent yet, what an event makes pointless. */
const supersededBy: Readonly<Partial<Record<AlertEvent, readonly string[]>>> = {
  acknowledged: [
    'pagerduty:firing',
    'pagerduty:escalated',
    ...channelNames.map((name) => `${name}:reminder`),
  ],
  resolved: channelNames.flatMap((name) =>
    (['firing', 'reminder', 'escalated', 'acknowledged'] as const).map((event) => `${name}:${event}`),
  ),
};

/**
 * The deliveries of an alert once something has happened to it: those of before, and one for each channel that is to hear of it.
 *
 * @param now Unix milliseconds
 */
export function withEvent(event: AlertEvent, alert: Told, now: number): AlertRecord['deliveries'] {
  const next: Record<string, Delivery> = { ...alert.deliveries };
  for (const key of supersededBy[event] ?? [])
    if (next[key]?.state === 'pending') next[key] = { ...next[key], state: 'superseded' };
  for (const channel of channelsOf(event, alert))
    next[`${channel}:${event}`] = { channel, event, state: 'pending', attempts: 0, nextAt: now };
  return next;
}
