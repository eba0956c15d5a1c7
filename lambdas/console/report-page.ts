/** What one window said: the page that was written with its report, with the ways on that this console has. */
import { callerOf } from '#shared/api/caller.ts';
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { findReport, type StoredReport } from '#shared/monitoring/stored-report.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { storedPage } from '../../observability/reports/stored-page.ts';
import { baseOf } from './page.ts';
import { modelHref } from './table.ts';

/** @throws {ProblemError} 404 where there is no such model or report, and for `latest` where there is none yet */
export async function reportPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const report = await findReport(deps, name, event.pathParameters?.id ?? '');
  return storedPage(deps, report, waysOn(event, report));
}

function waysOn(event: HttpEvent, { model, id }: StoredReport): Markup {
  const base = baseOf(event);
  const href = modelHref(base, model);
  // a route of programs: a session of the console does not open it
  const asJson =
    callerOf(event)?.session === undefined
      ? html` <a href="${base}/models/${encodeURIComponent(model)}/reports/${encodeURIComponent(id)}?format=json">This report as JSON</a>`
      : undefined;
  return html`<a href="${href}">${model}: all windows, versions and runs</a> <a href="${href}/retrain?from=report">Retrain …</a>${asJson}`;
}
