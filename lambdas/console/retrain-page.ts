/** Retrain from a link: a page that says what would happen and asks, and the order that its form sends. */
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { listReports, type ReportEntry } from '#shared/monitoring/report-index.ts';
import { startRetrain } from '#shared/operations/start-retrain.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { readPointer, resolveModel } from '#shared/registry/registry.ts';
import { type Lease, leasedRun, wouldRefuse } from '#shared/registry/run.ts';
import { monitoredColumns } from '#shared/schema/feature-schema.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { askingPage, fieldOf, keyField, readOrder, seeOther } from './form.ts';
import { baseOf, shortTime } from './page.ts';
import { modelHref, reportLink, runHref } from './table.ts';

/** Has no effect: browsers, mail programs and chats open links before anybody clicks. */
export async function retrainPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const model = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const base = baseOf(event);
  const href = modelHref(base, model.name);
  const [pointer, [last], running, refusal] = await Promise.all([
    readPointer(deps, model.name),
    listReports(deps, model.name, { limit: 1 }),
    leasedRun(deps, model.name),
    wouldRefuse(deps, model),
  ]);
  const from = placeOf(event.queryStringParameters?.from);
  const feature = featureOf(model, event.queryStringParameters?.feature);
  const champion = pointer ? `${pointer.champion}, since ${shortTime(pointer.change.at)}` : 'none yet';
  const body = html`<p>A run reads the newest labelled rows, trains candidates, and compares the best of them with the champion on rows
that neither has seen. ${afterwards(model)} Until then the champion serves on.</p>
${led(from, feature)}
<table><tbody><tr><th scope="row">Champion</th><td>${champion}</td></tr>
<tr><th scope="row">Last window</th><td>${windowOf(base, model.name, last)}</td></tr>
<tr><th scope="row">May it start?</th><td>${standing(base, model.name, { running, refusal, now: deps.now() })}</td></tr></tbody></table>`;
  return askingPage(event, {
    title: `Retrain ${model.name}?`,
    up: { href, text: model.name },
    body,
    form: {
      action: `${href}/retrain`,
      hidden: { from, feature },
      reason: reasonSoFar(from, feature),
      more: html`<label class="tick"><input type="checkbox" name="force" value="yes"> <span>Start in spite of the cooldown and the daily cap.
<span class="soft">The gates hold all the same; each run looks once more at the same held-out rows, and proves less.</span></span></label>`,
      buttons: html`<button class="main">Start the run</button>`,
    },
  });
}

/** 303 to the run. The same form again, also after a crash, is the same run. */
export async function startRun(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const order = readOrder(event);
  const model = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const run = await startRetrain(deps, {
    model: model.name,
    actor: order.actor,
    reason: order.reason,
    force: order.fields.get('force') === 'yes',
    from: placeOf(order.fields.get('from')) ?? 'console',
    feature: featureOf(model, order.fields.get('feature')),
    key: fieldOf(order, keyField),
  });
  return seeOther(runHref(baseOf(event), model.name, run));
}

/** Where links to this page stand, in words. Anybody may have written the link: what is not here is dropped. */
const places = { grafana: 'Grafana', report: 'a report' } as const;
type Place = keyof typeof places;

function placeOf(given: string | null | undefined): Place | undefined {
  return given !== null && given !== undefined && Object.hasOwn(places, given) ? (given as Place) : undefined;
}

/** Only what the model has is noted in its ledger. */
function featureOf({ schema }: ModelRecord, given: string | null | undefined): string | undefined {
  return [...schema.features, ...monitoredColumns(schema)].find(({ name }) => name === given)?.name;
}

/** For the person to finish or to replace. @example reasonSoFar('grafana', 'width') // 'seen in Grafana, feature "width": ' */
function reasonSoFar(from: Place | undefined, feature: string | undefined): string | undefined {
  const parts = [
    ...(from === undefined ? [] : [`seen in ${places[from]}`]),
    ...(feature === undefined ? [] : [`feature "${feature}"`]),
  ];
  return parts.length === 0 ? undefined : `${parts.join(', ')}: `;
}

function afterwards({ retrain }: ModelRecord): string {
  return retrain.auto_promote
    ? 'A candidate that passes every gate becomes the champion by itself.'
    : `A candidate that passes every gate waits up to ${retrain.approval_hours} hours for a person's approval.`;
}

function led(from: Place | undefined, feature: string | undefined): Markup | undefined {
  if (from === undefined && feature === undefined) return undefined;
  const about = feature === undefined ? '' : ` about "${feature}"`;
  return html`<p class="soft">You came from ${from === undefined ? 'a link' : places[from]}${about}; that is noted with the run.</p>`;
}

function windowOf(base: string, model: string, last: ReportEntry | undefined): Markup {
  if (!last) return html`None has been judged yet.`;
  const [reason] = last.reasons;
  return html`${reportLink(base, model, last)} ${reason ?? ''} <span class="soft">until ${shortTime(last.window.end)}</span>`;
}

interface Standing {
  readonly running: Lease | undefined;
  readonly refusal: { readonly reason: string; readonly until?: number } | undefined;
  readonly now: number;
}

/** What the run's first step would say now; it decides when the run begins. */
function standing(base: string, model: string, { running, refusal, now }: Standing): Markup {
  if (running)
    return html`No: <a href="${runHref(base, model, running.execution)}">a run</a> is under way since ${shortTime(running.startedAt)}, and a second one is refused.`;
  if (refusal === undefined) return html`Yes.`;
  const { reason, until } = refusal;
  const left = until === undefined ? '' : `, ${timeLeft(until - now)} left, until ${shortTime(until)}`;
  return html`Not without force: ${reason}${left}.`;
}

/** Rounded up to minutes. @example timeLeft(11_460_000) // '3 h 11 min' */
function timeLeft(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
