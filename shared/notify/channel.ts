/** What every channel is given and what it answers, and the words that all of them share. */
import type { AlertEvent, AlertRecord, ChannelName } from '../registry/alert-log.ts';
import { shortened } from './notice.ts';
import type { Sent } from './post.ts';

export interface Told {
  readonly event: AlertEvent;
  readonly alert: AlertRecord;
  /** Of this deployment. */
  readonly env: string;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface Channel {
  readonly name: ChannelName;
  /** Never throws for what a receiver does; an error is our own. */
  readonly send: (told: Told) => Promise<Sent>;
}

/** `CRITICAL PsiCritical of stones`, `RESOLVED …`: what a phone shows. */
export function titleOf({ event, alert: { severity, labels } }: Pick<Told, 'event' | 'alert'>): string {
  const word = event === 'firing' ? severity.toUpperCase() : `${event.toUpperCase()} (${severity})`;
  const { alertname = 'alert', model } = labels;
  return oneLine(`${word} ${alertname}${model === undefined ? '' : ` of ${model}`}`);
}

export const summaryOf = ({ annotations, labels }: AlertRecord): string =>
  oneLine(annotations.summary || annotations.description || labels.alertname || 'an alert without a summary');

/** What became of it: who acknowledged or ended it, or until when somebody is awaited. */
export function statusLine({ event, alert, now }: Told): string {
  const { acknowledged, resolved, startsAt, respondBy } = alert;
  const since = `since ${isoMinute(startsAt)}`;
  if (event === 'resolved') {
    const by = resolved?.actor === undefined ? '' : ` by ${resolved.actor}: ${resolved.reason ?? ''}`;
    return `Over${by}. It lasted from ${isoMinute(startsAt)} to ${isoMinute(resolved?.at ?? now)}.`;
  }
  if (event === 'acknowledged')
    return `Acknowledged by ${acknowledged?.actor ?? 'nobody'}: ${acknowledged?.reason ?? ''} (firing ${since})`;
  if (event === 'escalated') return `Nobody acknowledged it by ${isoMinute(respondBy)}. Firing ${since}.`;
  return `Firing ${since}. Acknowledge it by ${isoMinute(respondBy)}, or it escalates.`;
}

/** Pages that help, in the order in which one wants them. */
export function linksOf({
  annotations,
}: AlertRecord): readonly { readonly text: string; readonly href: string }[] {
  return (
    [
      ['Report', annotations.report_url],
      ['Runbook', annotations.runbook_url],
      ['Console', annotations.console_url],
    ] as const
  ).flatMap(([text, href]) => (href ? [{ text, href }] : []));
}

/** Receivers refuse a whole message for a link that is a path, or not for the web. */
export const isWebAddress = (href: string): boolean =>
  URL.canParse(href) && ['http:', 'https:'].includes(new URL(href).protocol);

/**
 * What makes the links open: without a sign-in for browsers they lead to the console's proxy on the reader's own computer.
 *
 * @returns undefined where they open as they are: another host, or no stage but this computer
 * @example openedBy({ alert, env: 'dev' }) // 'opens after: npx tidemark console --stage dev'
 */
export function openedBy({ alert, env }: Pick<Told, 'alert' | 'env'>): string | undefined {
  const isLocal = env === 'local' || !linksOf(alert).some(({ href }) => isLoopback(href));
  return isLocal ? undefined : `opens after: npx tidemark console --stage ${env}`;
}

const isLoopback = (href: string): boolean =>
  isWebAddress(href) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(href).hostname);

export const firstStepsOf = ({ annotations }: AlertRecord): string =>
  (annotations.first_steps ?? '').trim().split('\n').slice(0, 3).join('\n');

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const isoMinute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** All of it as plain text, for those who read mail. */
export function plainText(told: Told): string {
  const { alert } = told;
  const { impact } = alert.annotations;
  const steps = firstStepsOf(alert);
  return [
    summaryOf(alert),
    statusLine(told),
    impact && `Impact: ${impact}`,
    steps && `First steps:\n${steps}`,
    [...linksOf(alert).map(({ text, href }) => `${text}: ${href}`), openedBy(told)]
      .filter(Boolean)
      .join('\n'),
    `Alert ${alert.id}, environment ${alert.labels.env ?? told.env}`,
  ]
    .filter(Boolean)
    .map((part) => shortened(String(part), 4000))
    .join('\n\n');
}
