/** What people do about an alert, and what happens when nobody does anything. */
import type { Deps } from '../deps.ts';
import { ProblemError } from '../errors.ts';
import {
  type AlertAction,
  type AlertRecord,
  changeAlert,
  countAlerts,
  findAlert,
  openAlerts,
} from '../registry/alert-log.ts';
import { respondMs, withEvent } from './routing.ts';

type AnswerDeps = Pick<Deps, 'state' | 'now' | 'log'>;
type By = Omit<AlertAction, 'at'>;

/**
 * Somebody is on it: it does not escalate and is not repeated. The first acknowledgement stands.
 *
 * @throws ProblemError 404, 409 for an alert that is over
 */
export async function acknowledge(deps: AnswerDeps, id: string, by: By): Promise<AlertRecord> {
  const alert = await changeAlert(deps, id, (current) => {
    if (current.status !== 'firing') return undefined;
    const at = deps.now();
    return {
      ...current,
      status: 'acknowledged',
      acknowledged: { ...by, at },
      deliveries: withEvent('acknowledged', current, at),
    };
  });
  const found = alert ?? (await findAlert(deps, id));
  if (!found) throw new ProblemError(404, `there is no alert "${id}"`);
  if (found.status === 'resolved')
    throw new ProblemError(
      409,
      `alert "${id}" was resolved at ${new Date(found.resolved!.at).toISOString()}`,
    );
  return found;
}

/**
 * Ends this occurrence for good: it is not told again even while its condition holds, until it ends and begins anew.
 *
 * @throws ProblemError 404
 */
export async function resolve(deps: AnswerDeps, id: string, by: By): Promise<AlertRecord> {
  const alert = await changeAlert(deps, id, (current) => {
    if (current.status === 'resolved') return undefined;
    const at = deps.now();
    return {
      ...current,
      status: 'resolved',
      resolved: { ...by, at },
      deliveries: withEvent('resolved', current, at),
    };
  });
  const found = alert ?? (await findAlert(deps, id));
  if (!found) throw new ProblemError(404, `there is no alert "${id}"`);
  return found;
}

/**
 * Those that nobody acknowledged in time: each once. Where the clock was set back, an alert would be awaited for as much longer: it is
 * awaited anew, from now.
 *
 * @returns how many
 */
export async function escalateOverdue(deps: AnswerDeps): Promise<number> {
  let escalated = 0;
  const concerns = (alert: AlertRecord) => isOverdue(alert, deps.now()) || isFromAhead(alert, deps.now());
  for (const { id } of (await openAlerts(deps)).filter(concerns)) {
    let isMine = false;
    await changeAlert(deps, id, (alert) => {
      const now = deps.now();
      isMine = isOverdue(alert, now);
      if (isMine)
        return { ...alert, escalatedAt: now, toldAt: now, deliveries: withEvent('escalated', alert, now) };
      return isFromAhead(alert, now)
        ? { ...alert, respondBy: now + respondMs(alert), toldAt: Math.min(alert.toldAt, now) }
        : undefined;
    });
    if (!isMine) continue;
    escalated += 1;
    deps.log('warn', 'an alert escalates: nobody acknowledged it in time', { alert: id });
  }
  await countAlerts(deps, { escalated });
  return escalated;
}

const isAwaited = ({ status, escalatedAt }: AlertRecord): boolean =>
  status === 'firing' && escalatedAt === undefined;

const isOverdue = (alert: AlertRecord, now: number): boolean => isAwaited(alert) && now >= alert.respondBy;

/** Nobody is given longer than the alert's own time to answer. */
const isFromAhead = (alert: AlertRecord, now: number): boolean =>
  isAwaited(alert) && alert.respondBy > now + respondMs(alert);
