/** One report: for machines as JSON, for people as the page that was written beside it. */
import { prefersHtml } from '#shared/api/accept.ts';
import { type HttpEvent, type HttpResult, header, json } from '#shared/api/http.ts';
import { snakeCaseKeys } from '#shared/api/snake-case.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import type { Json } from '#shared/json.ts';
import { findReport } from '#shared/monitoring/stored-report.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { storedPage } from '../../observability/reports/stored-page.ts';

/** Who asks for the other form must not be given this one by a cache, nor an older one where the newest is asked for. */
const either = { vary: 'accept', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/**
 * JSON, or a page with `?format=html` and for who would rather have HTML.
 *
 * @throws {ProblemError} 404 where there is no such report, and for `latest` where there is none yet
 */
export async function report(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const isPage = isPageWanted(event);
  const stored = await findReport(deps, name, event.pathParameters?.id ?? '');
  if (!isPage) return json(200, snakeCaseKeys(stored as unknown as Json), either);
  const page = await storedPage(deps, stored);
  return { ...page, headers: { ...page.headers, ...either } };
}

function isPageWanted(event: HttpEvent): boolean {
  const format = event.queryStringParameters?.format;
  if (format === undefined || format === null) return prefersHtml(header(event, 'accept'));
  if (format !== 'html' && format !== 'json')
    throw new ProblemError(400, `format=${format} is not allowed: html or json is expected`);
  return format === 'html';
}
