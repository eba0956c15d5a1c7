/** Alerts: what fires and who is on it; one of them, with the form that says "I am on it" or "it is dealt with". */
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { acknowledge, resolve } from '#shared/notify/answer.ts';
import { type AlertRecord, closedAlerts, findAlert, openAlerts } from '#shared/registry/alert-log.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { askingPage, type Form, readOrder, seeOther } from './form.ts';
import { baseOf, page, shortTime } from './page.ts';
import { alertHref, modelHref, table, text } from './table.ts';

const MOST_OPEN = 200;
const MOST_CLOSED = 20;

export async function alertsPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const [open, over] = await Promise.all([openAlerts(deps), closedAlerts(deps, MOST_CLOSED)]);
  const base = baseOf(event);
  const newest = [...open].reverse().slice(0, MOST_OPEN);
  const body = html`<h2>Open</h2>${listed(base, newest, 'Nothing fires, and nothing waits to be told.')}
<h2>Over</h2>${listed(base, over, 'None yet.')}`;
  return page(event, { title: 'Alerts', up: { href: `${base}/console`, text: 'Models' }, body });
}

/** @throws {ProblemError} 404 where there is no such alert */
export async function alertPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const id = event.pathParameters?.id ?? '';
  const alert = await findAlert(deps, id);
  if (!alert) throw new ProblemError(404, `there is no alert "${id}"`);
  const { labels, annotations, severity, startsAt } = alert;
  const base = baseOf(event);
  const model = labels.model;
  const body = html`<p>${severity}, since ${shortTime(startsAt)}. ${standing(alert)}</p>
${model === undefined ? undefined : html`<p>Model <a href="${modelHref(base, model)}">${model}</a></p>`}
${Object.entries(annotations).map(annotation)}`;
  return askingPage(event, {
    title: labels.alertname ?? 'alert',
    up: { href: `${base}/console/alerts`, text: 'Alerts' },
    body,
    ...(alert.status === 'resolved' ? {} : { form: formOf(base, alert) }),
  });
}

/** 303 to the alert. Whoever is told of it is told within a minute. */
export async function answerAlert(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { actor, reason, fields } = readOrder(event);
  const answer = fields.get('answer');
  if (answer !== 'acknowledge' && answer !== 'resolve')
    throw new ProblemError(400, `answer ${JSON.stringify(answer ?? '')} is not acknowledge or resolve`);
  const act = answer === 'acknowledge' ? acknowledge : resolve;
  const { id } = await act(deps, event.pathParameters?.id ?? '', { actor, reason });
  return seeOther(alertHref(baseOf(event), id));
}

function formOf(base: string, { id, status }: AlertRecord): Form {
  const isFiring = status === 'firing';
  return {
    action: alertHref(base, id),
    buttons: html`${
      isFiring ? html`<button class="main" name="answer" value="acknowledge">I am on it</button>` : undefined
    }<button name="answer" value="resolve">It is dealt with</button>`,
  };
}

function listed(base: string, alerts: readonly AlertRecord[], none: string): Markup {
  if (alerts.length === 0) return html`<p class="soft">${none}</p>`;
  return table(
    ['Alert', 'Model', 'Severity', 'Since', 'Standing'],
    alerts.map((alert) => [
      html`<a href="${alertHref(base, alert.id)}">${alert.labels.alertname ?? 'alert'}</a>`,
      text(alert.labels.model ?? '–'),
      text(alert.severity),
      text(shortTime(alert.startsAt)),
      text(standing(alert)),
    ]),
  );
}

/** What has become of it, in words. */
function standing({ status, acknowledged, resolved, escalatedAt, respondBy }: AlertRecord): string {
  if (status === 'resolved' && resolved)
    return `Over since ${shortTime(resolved.at)}${resolved.actor === undefined ? '' : `, by ${resolved.actor}: ${resolved.reason}`}`;
  if (status === 'acknowledged' && acknowledged)
    return `${acknowledged.actor} is on it since ${shortTime(acknowledged.at)}: ${acknowledged.reason}`;
  return escalatedAt === undefined
    ? `Nobody is on it yet; it escalates at ${shortTime(respondBy)}`
    : `Nobody is on it; it escalated at ${shortTime(escalatedAt)}`;
}

/** Addresses as links where a browser may follow them; anything else is text. */
function annotation([name, value]: readonly [string, string]): Markup {
  const isAddress = /^https?:\/\/\S+$/.test(value);
  const lines = value.split('\n').map((line) => html`${line}<br>`);
  const shown = isAddress ? html`<a href="${value}">${value}</a>` : html`${lines}`;
  return html`<p><b>${name.replaceAll('_', ' ')}</b><br>${shown}</p>`;
}
