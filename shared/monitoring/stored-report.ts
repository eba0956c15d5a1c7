/** A report as it is read back: an older one lacks what reports got later. */
import type { Deps } from '../deps.ts';
import { ProblemError } from '../errors.ts';
import type { EstimatedLoss } from '../performance/estimated-loss.ts';
import type { PerformanceResult } from '../performance/loss-change.ts';
import { objectKeys } from '../registry/keys.ts';
import type { Report } from './report.ts';
import { listReports } from './report-index.ts';

type Later =
  | 'quietMs'
  | 'multivariate'
  | 'attribution'
  | 'segments'
  | 'diagnosis'
  | 'baseline'
  | 'seasonal'
  | 'policy'
  | 'environment';

export type StoredReport = Omit<Report, Later | 'performance'> &
  Partial<Pick<Report, Later>> & {
    readonly performance: PerformanceResult & { readonly estimated?: EstimatedLoss };
  };

/** Undefined where there is no such report, and for what cannot be an id of one. */
export async function readReport(
  deps: Pick<Deps, 'objects'>,
  model: string,
  id: string,
): Promise<StoredReport | undefined> {
  const bytes = /^[A-Za-z0-9-]+$/.test(id) ? await deps.objects.get(objectKeys.report(model, id)) : undefined;
  return bytes && (JSON.parse(Buffer.from(bytes).toString('utf8')) as StoredReport);
}

/** In the place of an id, which begins with a time: the newest report. Alerts lead to it, since they know of no id. */
const LATEST = 'latest';

/**
 * A report as an address names it.
 *
 * @param id of a report, or `latest`
 * @throws {ProblemError} 404 where there is no such report, or none yet
 */
export async function findReport(
  deps: Pick<Deps, 'state' | 'objects'>,
  model: string,
  id: string,
): Promise<StoredReport> {
  const named = id === LATEST ? (await listReports(deps, model, { limit: 1 }))[0]?.id : id;
  if (named === undefined)
    throw new ProblemError(404, `model "${model}" has no report yet: no window has been judged`);
  const report = await readReport(deps, model, named);
  if (!report) throw new ProblemError(404, `model "${model}" has no report "${named}"`);
  return report;
}
