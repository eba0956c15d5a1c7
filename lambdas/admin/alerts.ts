/** The alert log over HTTP, what people do about an alert, and the way in for an Alertmanager. Sending is the function notify's. */
import * as z from 'zod';
import { type HttpEvent, type HttpResult, integerQuery, json, parseObject } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { alertView } from '#shared/notify/alert-view.ts';
import { readAlertmanager } from '#shared/notify/alertmanager-message.ts';
import { acknowledge, resolve } from '#shared/notify/answer.ts';
import { receive } from '#shared/notify/receive.ts';
import {
  type AlertRecord,
  closedAlerts,
  countAlerts,
  openAlerts,
  readAlertCounters,
} from '#shared/registry/alert-log.ts';
import { actor, claimOf, readBody, reason } from './operator-body.ts';

const answerBody = z.strictObject({ ...actor, reason });

const statuses = ['firing', 'acknowledged', 'resolved'] as const;

/** Newest first; `?status=`, `?model=` and `?limit=` (1 to 500, 100 unless told) choose. */
export async function alerts(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const limit = integerQuery(event, 'limit', 100, 1, 500);
  const { status, model } = event.queryStringParameters ?? {};
  if (status && !statuses.some((one) => one === status))
    throw new ProblemError(400, `status=${status} is not allowed: want ${statuses.join(', ')}`);
  const open = [...(await openAlerts(deps))].reverse();
  const ids = new Set(open.map(({ id }) => id));
  const over = status === 'firing' || status === 'acknowledged' ? [] : await closedAlerts(deps, 500);
  const found = [...open, ...over.filter(({ id }) => !ids.has(id))].filter(
    (one) => (!status || one.status === status) && (!model || one.labels.model === model),
  );
  return json(200, { alerts: found.slice(0, limit).map(alertView), counters: await readAlertCounters(deps) });
}

/** Somebody is on it. The same again answers the same. */
export const acknowledgeAlert = (deps: Deps, event: HttpEvent) => answered(deps, event, acknowledge);

/** This occurrence is dealt with. */
export const resolveAlert = (deps: Deps, event: HttpEvent) => answered(deps, event, resolve);

async function answered(deps: Deps, event: HttpEvent, act: typeof acknowledge): Promise<HttpResult> {
  const body = readBody(deps, event, answerBody);
  const by = { actor: body.actor, ...claimOf(body), reason: body.reason };
  const alert: AlertRecord = await act(deps, event.pathParameters?.id ?? '', by);
  await announce(deps, [alert.id]);
  return json(200, alertView(alert));
}

/** 202: written down; what is to be sent is sent at once or within a minute. */
export async function takeAlerts(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const message = readAlertmanager(parseObject(event, deps.settings.MAX_BODY_BYTES));
  if (!message) {
    await countAlerts(deps, { refused: 1 });
    throw new ProblemError(400, 'the body is not a webhook message of an Alertmanager: want {"alerts": […]}');
  }
  const changed = await receive(deps, message);
  if (changed.length > 0) await announce(deps, changed);
  return json(202, { received: message.notices.length, changed, refused: message.refused });
}

/** Without the event it takes until the next minute. */
async function announce(deps: Deps, ids: readonly string[]): Promise<void> {
  try {
    await deps.events.publish({ type: 'AlertsChanged', detail: { alerts: ids.slice(0, 100) } });
  } catch (error) {
    deps.log('warn', 'alerts are told with the next minute: the bus did not take the event', {
      error: String(error),
    });
  }
}
