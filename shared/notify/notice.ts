/** First stop of an alert on its way to people: what any sender said, in one form, cut to sizes that every channel can carry. */
import { createHash } from 'node:crypto';

export type AlertSeverity = 'critical' | 'warning';

export interface Notice {
  readonly source: 'alertmanager' | 'cloudwatch' | 'budget' | 'tidemark';
  /** Where Grafana says it of an alert that an Alertmanager would call the same, and says of another time that it began then. */
  readonly by?: 'grafana';
  readonly status: 'firing' | 'resolved';
  readonly severity: AlertSeverity;
  /** Values of at most {@link maxLabelCharacters}. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of all labels, uncut: 16 hex digits. */
  readonly fingerprint: string;
  /** Unix milliseconds. */
  readonly startsAt: number;
}

const maxLabelCharacters = 300;
const maxAnnotationCharacters = 2000;
const maxLabels = 64;
/** All of them with all labels fit into an item of the table and into what PagerDuty takes. */
const maxAnnotations = 32;
/** The end of the year 9999: what comes later has no ISO 8601 that receivers know. */
const maxTime = 253_402_300_799_999;

type Pairs = Readonly<Record<string, string>>;

/** The same alert is the same labels, in any order. */
function fingerprintOf(labels: Pairs): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
}

/**
 * @param given labels and annotations as they came; `severity` other than critical is a warning: an alert with a mistake in it is told
 * @example noticeOf({ source: 'alertmanager', status: 'firing', labels: { alertname: 'PsiCritical', severity: 'critical' }, annotations: {}, startsAt: 0 }).severity // 'critical'
 */
export function noticeOf(
  given: Pick<Notice, 'source' | 'by' | 'status' | 'labels' | 'annotations' | 'startsAt'>,
): Notice {
  return {
    ...given,
    severity: given.labels.severity === 'critical' ? 'critical' : 'warning',
    fingerprint: fingerprintOf(given.labels),
    labels: cut(given.labels, maxLabels, maxLabelCharacters),
    annotations: cut(given.annotations, maxAnnotations, maxAnnotationCharacters),
    startsAt: Math.min(Math.max(0, given.startsAt), maxTime),
  };
}

function cut(pairs: Pairs, maxPairs: number, maxCharacters: number): Pairs {
  return Object.fromEntries(
    Object.entries(pairs)
      .slice(0, maxPairs)
      .map(([name, value]) => [shortened(name, 128), shortened(printable(value), maxCharacters)]),
  );
}

/** Line ends stay; other control characters break terminals, headers and some receivers. */
const printable = (text: string): string => text.replace(/[^\P{Cc}\n]/gu, ' ').replace(/\p{Cs}/gu, '\ufffd');

/**
 * @returns at most `max` UTF-16 units, and never half a character
 * @example shortened('abcdef', 4) // 'abc…'
 */
export function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = max - 1;
  const splitsPair = /[\uD800-\uDBFF]/.test(text[end - 1] ?? '');
  return `${text.slice(0, splitsPair ? end - 1 : end)}…`;
}
