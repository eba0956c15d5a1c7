/** The page of a report as it is answered, by the API and by the console: the one that was written with the report. */
import type { HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import type { Markup } from './html.ts';
import { renderReportHtml } from './report-html.ts';

/** The page allows itself one style by its hash; an older page another, so that here any style is allowed, and nothing else. */
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Data is escaped, so that only the page's own paragraph can look like this. */
const linksOfPage = /<p class="links">.*?<\/p>/s;

/**
 * 200 with the page; one that could not be written, or is from before there were any, is made now.
 *
 * @param links where the page is served from another address than the API's: the ways on from there, instead of its own
 */
export async function storedPage(
  deps: Pick<Deps, 'objects'>,
  report: StoredReport,
  links?: Markup,
): Promise<HttpResult> {
  const written = await deps.objects.get(objectKeys.reportPage(report.model, report.id));
  const page = written ? Buffer.from(written).toString('utf8') : renderReportHtml(report);
  const body =
    links === undefined ? page : page.replace(linksOfPage, () => `<p class="links">${links.markup}</p>`);
  return { statusCode: 200, headers, body };
}
