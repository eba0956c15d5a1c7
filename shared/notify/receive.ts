/** Notices → the alert log: a new alert, a copy, a reminder or an end. Nothing is sent here; what is to be sent is written down. */
import type { Deps } from '../deps.ts';
import {
  type AlertRecord,
  addAlert,
  alertId,
  changeAlert,
  countAlerts,
  openAlerts,
} from '../registry/alert-log.ts';
import type { ReadMessage } from './alertmanager-message.ts';
import type { Notice } from './notice.ts';
import { repeatMs, respondMs, withEvent } from './routing.ts';

type ReceiveDeps = Pick<Deps, 'state' | 'now' | 'log'>;

/**
 * Idempotent: messages of a topic come twice, an Alertmanager repeats itself, and two functions may hold the same message.
 *
 * @returns ids of the alerts that something is to be sent about
 */
export async function receive(
  deps: ReceiveDeps,
  { notices, refused }: ReadMessage,
): Promise<readonly string[]> {
  for (const reason of refused) deps.log('error', 'a part of an alert message was refused', { reason });
  await countAlerts(deps, { received: notices.length, refused: refused.length });
  const changed = new Set<string>();
  for (const notice of notices) {
    const ids = notice.status === 'firing' ? await fires(deps, notice) : await ends(deps, notice);
    for (const id of ids) changed.add(id);
  }
  return [...changed];
}

async function fires(deps: ReceiveDeps, notice: Notice): Promise<readonly string[]> {
  const id = (await stillOpen(deps, notice)) ?? alertId(notice);
  if (await addAlert(deps, newAlert(id, notice, deps.now()))) return [id];
  let isReminder = false;
  await changeAlert(deps, id, (alert) => {
    const now = deps.now();
    isReminder = alert.status === 'firing' && now - alert.toldAt >= repeatMs[alert.severity];
    const seen = { ...alert, lastSeen: Math.max(now, alert.lastSeen) };
    return isReminder ? { ...seen, toldAt: now, deliveries: withEvent('reminder', alert, now) } : seen;
  });
  return isReminder ? [id] : [];
}

/** An alarm of CloudWatch that fires again before its end was told is the same alert; an Alertmanager says itself when one began. */
async function stillOpen(deps: ReceiveDeps, notice: Notice): Promise<string | undefined> {
  if (notice.source === 'alertmanager') return undefined;
  const open = await openAlerts(deps);
  return open.find(({ fingerprint, status }) => fingerprint === notice.fingerprint && status !== 'resolved')
    ?.id;
}

function newAlert(id: string, notice: Notice, now: number): AlertRecord {
  const { fingerprint, source, severity, labels, annotations, startsAt } = notice;
  return {
    id,
    fingerprint,
    source,
    status: 'firing',
    severity,
    labels,
    annotations,
    startsAt,
    firstSeen: now,
    lastSeen: now,
    respondBy: now + respondMs(notice),
    toldAt: now,
    deliveries: withEvent('firing', { source, severity, deliveries: {} }, now),
  };
}

/** Ends all of the same labels that began no later: of an earlier one the end was never heard. */
async function ends(deps: ReceiveDeps, { fingerprint, startsAt }: Notice): Promise<readonly string[]> {
  const ended: string[] = [];
  for (const one of await openAlerts(deps)) {
    if (one.fingerprint !== fingerprint || one.startsAt > startsAt) continue;
    await changeAlert(deps, one.id, (alert) => {
      if (alert.status === 'resolved') return undefined;
      const now = deps.now();
      ended.push(one.id);
      return {
        ...alert,
        status: 'resolved',
        lastSeen: now,
        resolved: { at: now },
        deliveries: withEvent('resolved', alert, now),
      };
    });
  }
  return [...new Set(ended)];
}
