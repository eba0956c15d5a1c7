/** First page: every model, what serves, what its last window said, and what waits for a person. */
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { listReports } from '#shared/monitoring/report-index.ts';
import { type AlertRecord, openAlerts } from '#shared/registry/alert-log.ts';
import { type Approval, openApprovals } from '#shared/registry/approval.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { listModels, readPointer } from '#shared/registry/registry.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { baseOf, page, shortTime } from './page.ts';
import { approvalHref, modelHref, reportLink, table, text } from './table.ts';

/** More are counted, not shown: each is two reads. */
const MOST = 100;

export async function modelsPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const base = baseOf(event);
  const [models, approvals, alerts] = await Promise.all([
    listModels(deps),
    openApprovals(deps),
    openAlerts(deps),
  ]);
  const rows = await Promise.all(models.slice(0, MOST).map((model) => rowOf(deps, base, model)));
  const body =
    rows.length === 0
      ? html`<p>There is no model yet. <code>tidemark models register</code> brings one.</p>`
      : html`${table(['Model', 'Champion', 'Since', 'Last window', 'Until'], rows)}${
          models.length > MOST
            ? html`<p class="soft">${String(models.length - MOST)} more are not shown.</p>`
            : undefined
        }`;
  return page(event, {
    title: `Models in ${deps.settings.ENVIRONMENT}`,
    body: html`${alertsLine(base, alerts)}${waiting(base, approvals)}${body}`,
  });
}

function alertsLine(base: string, alerts: readonly AlertRecord[]): Markup {
  const firing = alerts.filter(({ status }) => status === 'firing').length;
  const what = firing === 0 ? 'nothing fires unattended' : `${firing} fire and nobody is on them yet`;
  return html`<p><a href="${base}/console/alerts">Alerts</a> <span class="soft">${what}</span></p>`;
}

function waiting(base: string, approvals: readonly Approval[]): Markup | undefined {
  if (approvals.length === 0) return undefined;
  const rows = approvals
    .slice(0, MOST)
    .map(({ id, model, version, reason, expiresAt }) => [
      html`<a href="${modelHref(base, model)}">${model}</a>`,
      html`<a href="${approvalHref(base, id)}">${version}</a>`,
      text(reason),
      text(shortTime(expiresAt)),
    ]);
  return html`<h2>Waiting for a person</h2>${table(['Model', 'Candidate', 'Why', 'Until'], rows)}<h2>All models</h2>`;
}

async function rowOf(deps: Deps, base: string, { name, task }: ModelRecord): Promise<Markup[]> {
  const [pointer, [last]] = await Promise.all([
    readPointer(deps, name),
    listReports(deps, name, { limit: 1 }),
  ]);
  const href = `${base}/console/models/${encodeURIComponent(name)}`;
  return [
    html`<a href="${href}">${name}</a> <span class="soft">${task}</span>`,
    text(pointer?.champion ?? 'none yet'),
    text(pointer ? shortTime(pointer.change.at) : '–'),
    last ? reportLink(base, name, last) : text('none yet'),
    text(last ? shortTime(last.window.end) : '–'),
  ];
}
