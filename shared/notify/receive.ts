/** Notices → the alert log: a new alert, a copy, a reminder or an end. Nothing is sent here; what is to be sent is written down. */
import { heedCanary } from '../canary/heed.ts';
import { canaryMissed } from '../canary/names.ts';
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

type ReceiveDeps = Pick<Deps, 'state' | 'now' | 'log' | 'measure'>;

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
  if (refused.length > 0) deps.measure('RefusedAlertMessages', refused.length);
  await countAlerts(deps, { received: notices.length, refused: refused.length });
  const changed = new Set<string>();
  const failures: unknown[] = [];
  const told = await heedCanary(deps, notices);
  // beginnings first: what ends is then looked for in one reading of the log
  let open: readonly AlertRecord[] | undefined;
  let before: ReturnType<typeof openAlerts> | undefined;
  const openBefore = () => {
    before ??= openAlerts(deps);
    return before;
  };
  for (const notice of [...told.filter(isBeginning), ...told.filter((one) => !isBeginning(one))]) {
    try {
      if (!isBeginning(notice)) open ??= await openAlerts(deps);
      const ids = open === undefined ? await fires(deps, notice, openBefore) : await ends(deps, notice, open);
      for (const id of ids) changed.add(id);
    } catch (error) {
      // one that the table does not take must not silence its neighbours; where it takes none, trying all of them is in vain
      if (failures.push(error) >= maxFailures) break;
    }
  }
  if (failures.length > 0) throw failures[0];
  return [...changed];
}

const isBeginning = ({ status }: Notice): boolean => status === 'firing';

const maxFailures = 3;

/** The log as it was before this message: reading it anew for each of a thousand alerts would take too long. */
type OpenBefore = () => Promise<readonly AlertRecord[]>;

async function fires(deps: ReceiveDeps, notice: Notice, openBefore: OpenBefore): Promise<readonly string[]> {
  const id = (await stillOpen(deps, notice, openBefore)) ?? alertId(notice);
  if (await addAlert(deps, newAlert(id, notice, deps.now()))) return [id];
  let isReminder = false;
  await changeAlert(deps, id, (alert) => {
    const now = deps.now();
    isReminder = alert.status === 'firing' && now - alert.toldAt >= repeatMs[alert.severity];
    const seen = { ...asToldBy(notice, alert), lastSeen: Math.max(now, alert.lastSeen) };
    return isReminder ? { ...seen, toldAt: now, deliveries: withEvent('reminder', alert, now) } : seen;
  });
  return isReminder ? [id] : [];
}

/** Whoever takes over has a time of its own at which it began, and repeats that. */
function asToldBy({ source, by, startsAt }: Notice, alert: AlertRecord): AlertRecord {
  if (source !== 'alertmanager' || alert.by === by) return alert;
  const { by: _, ...rest } = alert;
  return { ...rest, ...(by && { by }), alsoSince: startsAt };
}

/**
 * An alarm of CloudWatch that fires again before its end was told is the same alert; an Alertmanager says itself when one began, and so
 * does Grafana, so that what either says of an alert of the other is about the same one. A missed canary is told by two that do not know
 * of each other, nor of each other's labels.
 */
async function stillOpen(
  deps: ReceiveDeps,
  notice: Notice,
  openBefore: OpenBefore,
): Promise<string | undefined> {
  const isMissedCanary = notice.labels.alertname === canaryMissed;
  if (notice.source === 'alertmanager' && !isMissedCanary) {
    const { fingerprint, by, startsAt } = notice;
    return (await openBefore()).find(
      (alert) =>
        alert.fingerprint === fingerprint &&
        alert.status !== 'resolved' &&
        (alert.by !== by || alert.alsoSince === startsAt),
    )?.id;
  }
  const isSame = ({ fingerprint, labels }: AlertRecord) =>
    isMissedCanary ? labels.alertname === canaryMissed : fingerprint === notice.fingerprint;
  return (await openAlerts(deps)).find((alert) => isSame(alert) && alert.status !== 'resolved')?.id;
}

function newAlert(id: string, notice: Notice, now: number): AlertRecord {
  const { fingerprint, source, by, severity, labels, annotations, startsAt } = notice;
  return {
    id,
    fingerprint,
    source,
    ...(by && { by }),
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

/**
 * Ends all of the same labels that began no later: of an earlier one the end was never heard. Grafana's clock begins after the rules': what
 * it opened began, for the alert manager that ends it, before it did.
 */
async function ends(
  deps: ReceiveDeps,
  { fingerprint, by, startsAt }: Notice,
  open: readonly AlertRecord[],
): Promise<readonly string[]> {
  const ended: string[] = [];
  for (const one of open) {
    const isOfRules = by === undefined && (one.by === 'grafana' || one.alsoSince === startsAt);
    if (one.fingerprint !== fingerprint || (one.startsAt > startsAt && !isOfRules)) continue;
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
