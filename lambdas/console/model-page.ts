/** One model: its versions, its last windows, its last runs. */
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { listReports, type ReportEntry } from '#shared/monitoring/report-index.ts';
import type { VersionRecord } from '#shared/registry/model.ts';
import { type Pause, readPause } from '#shared/registry/pause.ts';
import { listVersions, type Pointer, readPointer, resolveModel } from '#shared/registry/registry.ts';
import { leasedRun, listRuns, type RunRecord, reasonOf } from '#shared/registry/run.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { baseOf, page, shortTime } from './page.ts';
import { modelHref, reportLink, runHref, table, text } from './table.ts';

const VERSIONS = 10;
const WINDOWS = 20;
const RUNS = 10;

export async function modelPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name, task } = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const base = baseOf(event);
  const [pointer, versions, reports, runs, running, pause] = await Promise.all([
    readPointer(deps, name),
    listVersions(deps, name, VERSIONS),
    listReports(deps, name, { limit: WINDOWS }),
    listRuns(deps, name, RUNS),
    leasedRun(deps, name),
    readPause(deps, name),
  ]);
  const body = html`<p class="soft">${task}. ${servingOf(pointer)}</p>
${actions(modelHref(base, name), pointer, pause)}
<h2>Windows</h2>${listed(
    reports,
    ['Verdict', 'From', 'Until', 'Predictions', 'Labels', 'Why'],
    (one) => windowRow(base, name, one),
    'No window has been judged yet.',
  )}
<h2>Versions</h2>${listed(
    versions,
    ['Version', 'State', 'Made'],
    (one) => versionRow(one, pointer),
    'There is no version yet.',
  )}
<h2>Runs</h2>${running && html`<p><a href="${runHref(base, name, running.execution)}">One</a> is under way since ${shortTime(running.startedAt)}.</p>`}${listed(
    runs,
    ['Ended', 'Outcome', 'Why'],
    (one) => runRow(base, name, one),
    'None has ended yet.',
  )}`;
  return page(event, { title: name, up: { href: `${base}/console`, text: 'Models' }, body });
}

function servingOf(pointer: Pointer | undefined): string {
  if (!pointer) return 'No version serves.';
  const { action, actor, at } = pointer.change;
  return `${pointer.champion} serves since ${shortTime(at)} (${action} by ${actor}).`;
}

/** What a person may do about it; each leads to a page that asks first. */
function actions(href: string, pointer: Pointer | undefined, pause: Pause | undefined): Markup {
  const canGoBack = pointer?.previous && pointer.change.action !== 'rollback';
  const links = [
    html`<li><a href="${href}/retrain">Retrain</a></li>`,
    pause?.paused
      ? html`<li><a href="${href}/resume">Resume batches</a></li>`
      : html`<li><a href="${href}/pause">Pause batches</a></li>`,
    ...(canGoBack ? [html`<li><a href="${href}/rollback">Roll back</a></li>`] : []),
  ];
  return html`${pause?.paused ? paused(pause) : undefined}<ul class="actions">${links}</ul>`;
}

function paused({ change: { at, actor, reason } }: Pause): Markup {
  return html`<p class="note">Batch predictions are paused since ${shortTime(at)} by ${actor}: ${reason}</p>`;
}

function listed<Item>(
  items: readonly Item[],
  columns: readonly string[],
  row: (item: Item) => readonly Markup[],
  none: string,
): Markup {
  return items.length === 0 ? html`<p class="soft">${none}</p>` : table(columns, items.map(row));
}

function windowRow(base: string, model: string, entry: ReportEntry): Markup[] {
  const { start, end } = entry.window;
  const wholeMinutes = [start, end].every((at) => Date.parse(at) % 60_000 === 0);
  const to = wholeMinutes ? 'minute' : 'second';
  return [
    reportLink(base, model, entry),
    text(shortTime(start, to)),
    text(shortTime(end, to)),
    text(String(entry.rows)),
    text(String(entry.labels)),
    text(entry.reasons[0] ?? '–'),
  ];
}

function versionRow({ version, status, reason, created_at }: VersionRecord, pointer?: Pointer): Markup[] {
  const isChampion = version === pointer?.champion;
  const state = isChampion ? `${status}, serves` : status;
  return [
    text(version),
    text(reason === undefined ? state : `${state}: ${reason}`),
    text(Number.isNaN(Date.parse(created_at)) ? '–' : shortTime(created_at)),
  ];
}

function runRow(base: string, model: string, { execution, endedAt, outcome, detail }: RunRecord): Markup[] {
  const href = runHref(base, model, execution);
  return [
    html`<a href="${href}">${shortTime(endedAt)}</a>`,
    text(outcome.replaceAll('_', ' ')),
    text(reasonOf(detail)),
  ];
}
