/** The report for people, beside the one for machines. See docs/decisions/0037. */
import type { Deps } from '#shared/deps.ts';
import { readReport } from '#shared/monitoring/stored-report.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { renderReportHtml } from '../../observability/reports/report-html.ts';

/**
 * Of what is stored, which after a repetition need not be what was judged just now. Last, and its failure is logged only: the
 * page must cost no verdict its event, and whoever asks for it gets it made then.
 */
export async function storePage(
  deps: Pick<Deps, 'objects' | 'log'>,
  model: string,
  id: string,
): Promise<void> {
  try {
    const report = await readReport(deps, model, id);
    if (report)
      await deps.objects.putIfAbsent(objectKeys.reportPage(model, id), Buffer.from(renderReportHtml(report)));
  } catch (error) {
    deps.log('warn', 'the page of a report could not be written', {
      model,
      report: id,
      error: String(error),
    });
  }
}
