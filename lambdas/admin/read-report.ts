/** One report: for machines as JSON, for people as the page that was written beside it. */
import { prefersHtml } from '#shared/api/accept.ts';
import { type HttpEvent, type HttpResult, header, json } from '#shared/api/http.ts';
import { snakeCaseKeys } from '#shared/api/snake-case.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import type { Json } from '#shared/json.ts';
import { readReport } from '#shared/monitoring/stored-report.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { renderReportHtml } from '../../observability/reports/report-html.ts';

/** Who asks for the other form must not be given this one by a cache. */
const either = { vary: 'accept', 'x-content-type-options': 'nosniff' } as const;

/** The page allows itself one style by its hash; an older page another, so that here any style is allowed, and nothing else. */
const page = {
  ...either,
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
} as const;

/** JSON, or a page with `?format=html` and for who would rather have HTML. @throws {ProblemError} 404 where there is no such report */
export async function report(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const id = event.pathParameters?.id ?? '';
  const stored = await readReport(deps, name, id);
  if (!stored) throw new ProblemError(404, `model "${name}" has no report "${id}"`);
  if (!isPageWanted(event)) return json(200, snakeCaseKeys(stored as unknown as Json), either);
  const written = await deps.objects.get(objectKeys.reportPage(name, id));
  const body = written ? Buffer.from(written).toString('utf8') : renderReportHtml(stored);
  return { statusCode: 200, headers: page, body };
}

function isPageWanted(event: HttpEvent): boolean {
  const format = event.queryStringParameters?.format;
  if (format === undefined || format === null) return prefersHtml(header(event, 'accept'));
  if (format !== 'html' && format !== 'json')
    throw new ProblemError(400, `format=${format} is not allowed: html or json is expected`);
  return format === 'html';
}
