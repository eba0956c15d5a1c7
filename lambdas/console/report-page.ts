/** What one window said: the verdict, the reasons, the features gravest first. The whole of it is the report itself. */
import { callerOf } from '#shared/api/caller.ts';
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import type { Report } from '#shared/monitoring/report.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { psi } from '../../observability/reports/format.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { LEVELS } from '../../observability/reports/words.ts';
import { baseOf, page, shortTime } from './page.ts';
import { table, text, verdictOf } from './table.ts';

const MOST = 50;

/** @throws {ProblemError} 404 where there is no such model or report */
export async function reportPage(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const id = event.pathParameters?.id ?? '';
  const bytes = /^[A-Za-z0-9-]+$/.test(id) ? await deps.objects.get(objectKeys.report(name, id)) : undefined;
  if (!bytes) throw new ProblemError(404, `model "${name}" has no report "${id}"`);
  const report = JSON.parse(Buffer.from(bytes).toString('utf8')) as Report;
  const base = baseOf(event);
  const model = encodeURIComponent(name);
  const { verdict, window, rows, labels, version } = report;
  const body = html`<p>${verdictOf(verdict.level)}</p>
<p class="soft">${shortTime(window.start)} to ${shortTime(window.end)}, version ${version}: ${String(rows)} predictions, ${String(labels)} labels.</p>
<ul>${verdict.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>
<h2>Features</h2>${features(report)}
${wholeReport(event, `${base}/models/${model}/reports/${encodeURIComponent(id)}`)}`;
  return page(event, {
    title: `${name}, ${shortTime(window.start)}`,
    up: { href: `${base}/console/models/${model}`, text: name },
    body,
  });
}

function features({ features: all }: Report): Markup {
  const sorted = [...all].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const rows = sorted
    .slice(0, MOST)
    .map((one) => [text(one.name), verdictOf(one.level), text(psi(one.psiDebiased))]);
  return rows.length === 0
    ? html`<p class="soft">None could be compared.</p>`
    : table(['Feature', 'Verdict', 'PSI'], rows);
}

/** A route of programs: a session of the console does not open it. */
function wholeReport(event: HttpEvent, href: string): Markup | undefined {
  return callerOf(event)?.session === undefined
    ? html`<p><a href="${href}">The whole report as JSON</a></p>`
    : undefined;
}
