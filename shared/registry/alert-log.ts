/** The alert log: one item per alert that was ever told, those that still have something to do apart from those that are over. */
import type { Deps } from '../deps.ts';
import type { Json } from '../json.ts';
import type { AlertSeverity, Notice } from '../notify/notice.ts';
import { queryAll } from '../ports/query-all.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys, timeKey } from './keys.ts';

type State = Pick<Deps, 'state'>;

export const channelNames = ['pagerduty', 'slack', 'webhook', 'email'] as const;
export type ChannelName = (typeof channelNames)[number];

/** In the order in which one channel is told of them. */
export const alertEvents = ['firing', 'reminder', 'escalated', 'acknowledged', 'resolved'] as const;
export type AlertEvent = (typeof alertEvents)[number];

export interface Delivery {
  readonly channel: ChannelName;
  readonly event: AlertEvent;
  /** `superseded`: what came after it made it pointless. */
  readonly state: 'pending' | 'sent' | 'not_configured' | 'gave_up' | 'superseded';
  /** Rounds that failed. */
  readonly attempts: number;
  /** Of the next round, Unix milliseconds. */
  readonly nextAt: number;
  readonly sentAt?: number;
  /** Of the last round, without secrets. */
  readonly error?: string;
}

/** By whom, when, why. */
export interface AlertAction {
  readonly actor: string;
  readonly on_behalf_of?: string;
  readonly reason: string;
  readonly at: number;
}

export interface AlertRecord {
  /** Sorts by the time it began. */
  readonly id: string;
  readonly fingerprint: string;
  readonly source: Notice['source'];
  /** Who told of it last; absent for an Alertmanager. */
  readonly by?: NonNullable<Notice['by']>;
  /** When it began as the one in `by` has it, where another opened it. */
  readonly alsoSince?: number;
  readonly status: 'firing' | 'acknowledged' | 'resolved';
  readonly severity: AlertSeverity;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Unix milliseconds, as all times here. */
  readonly startsAt: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Unless somebody acknowledges it by then, it escalates. */
  readonly respondBy: number;
  /** When the channels were last given word that it fires. */
  readonly toldAt: number;
  readonly acknowledged?: AlertAction;
  readonly escalatedAt?: number;
  /** Without an actor: its sender said so. */
  readonly resolved?: Partial<AlertAction> & { readonly at: number };
  /** By `channel:event`. */
  readonly deliveries: Readonly<Record<string, Delivery>>;
  /** Who is sending just now; nobody else does until then. */
  readonly lease?: { readonly by: string; readonly until: number };
}

/** What is over is kept this long. */
const keptSeconds = 90 * 86_400;

/** @example alertId({ startsAt: 1795262400000, fingerprint: '6f3c0a52b1de77aa' }) // '1795262400000-6f3c0a52b1de77aa' */
export const alertId = ({ startsAt, fingerprint }: Pick<Notice, 'startsAt' | 'fingerprint'>): string =>
  `${timeKey(startsAt)}-${fingerprint}`;

/** What else comes over HTTP names no alert, and may be no key of the table. */
const isAlertId = (id: string): boolean => /^\d{13,15}-[0-9a-f]{16}$/.test(id);

/** Those that fire, wait for somebody or have something left to send; oldest first. */
export async function openAlerts({ state }: State): Promise<readonly AlertRecord[]> {
  const found: AlertRecord[] = [];
  for await (const { value } of queryAll(state, stateKeys.alerts))
    found.push(value as unknown as AlertRecord);
  return found;
}

/** Those that are over, newest first. */
export async function closedAlerts({ state }: State, limit: number): Promise<readonly AlertRecord[]> {
  const { items } = await state.query(stateKeys.closedAlerts, { reverse: true, limit });
  return items.map(({ value }) => value as unknown as AlertRecord);
}

export async function findAlert({ state }: State, id: string): Promise<AlertRecord | undefined> {
  if (!isAlertId(id)) return undefined;
  const item = (await state.get(stateKeys.alert(id))) ?? (await state.get(stateKeys.closedAlert(id)));
  return item ? (item.value as unknown as AlertRecord) : undefined;
}

/** @returns false where it is there already, open or over */
export async function addAlert({ state }: State, alert: AlertRecord): Promise<boolean> {
  if (await findAlert({ state }, alert.id)) return false;
  return (await state.putIfAbsent(stateKeys.alert(alert.id), alert as unknown as Json)).stored;
}

/**
 * Changes an open alert.
 *
 * @param change undefined leaves it as it is
 * @returns what stands; undefined where none is open under that id
 */
export async function changeAlert(
  { state }: State,
  id: string,
  change: (current: AlertRecord) => AlertRecord | undefined,
): Promise<AlertRecord | undefined> {
  if (!isAlertId(id)) return undefined;
  return updateItem<AlertRecord>(state, stateKeys.alert(id), (current) =>
    current ? change(current) : undefined,
  );
}

/** Puts it with those that are over, unless it changed in between; may be repeated. */
export async function closeAlert({ state }: Pick<Deps, 'state'>, id: string, now: number): Promise<void> {
  const item = await state.get(stateKeys.alert(id));
  if (!item || !isOver(item.value as unknown as AlertRecord)) return;
  const expiresAt = Math.floor(now / 1000) + keptSeconds;
  await updateItem<Json>(state, stateKeys.closedAlert(id), () => item.value, { expiresAt });
  await state.delete(stateKeys.alert(id), item.revision);
}

const isOver = ({ status, deliveries }: AlertRecord): boolean =>
  status === 'resolved' && Object.values(deliveries).every(({ state }) => state !== 'pending');

const alertCounters = ['received', 'refused', 'sent', 'failed', 'gave_up', 'escalated'] as const;
type AlertCounter = (typeof alertCounters)[number];
type AlertCounters = Readonly<Partial<Record<AlertCounter, number>>>;
export type AlertTotals = Readonly<Record<AlertCounter, number>>;

export async function countAlerts({ state }: State, counted: AlertCounters): Promise<void> {
  if (Object.values(counted).every((count) => !count)) return;
  await updateItem<AlertCounters>(state, stateKeys.alertCounters, (before = {}) => {
    const sums: Partial<Record<AlertCounter, number>> = { ...before };
    for (const [name, count] of Object.entries(counted) as [AlertCounter, number][])
      sums[name] = (sums[name] ?? 0) + count;
    return sums;
  });
}

/** Since the deployment began; 0 of what has not happened. */
export async function readAlertCounters({ state }: State): Promise<AlertTotals> {
  const counted = ((await state.get(stateKeys.alertCounters))?.value ?? {}) as AlertCounters;
  const totals = alertCounters.map((name) => [name, counted[name] ?? 0] as const);
  return Object.fromEntries(totals) as Record<AlertCounter, number>;
}
