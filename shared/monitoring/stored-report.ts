/** A report as it is read back: an older one lacks what reports got later. */
import type { Deps } from '../deps.ts';
import { objectKeys } from '../registry/keys.ts';
import type { Report } from './report.ts';

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

export type StoredReport = Omit<Report, Later> & Partial<Pick<Report, Later>>;

/** Undefined where there is no such report, and for what cannot be an id of one. */
export async function readReport(
  deps: Pick<Deps, 'objects'>,
  model: string,
  id: string,
): Promise<StoredReport | undefined> {
  const bytes = /^[A-Za-z0-9-]+$/.test(id) ? await deps.objects.get(objectKeys.report(model, id)) : undefined;
  return bytes && (JSON.parse(Buffer.from(bytes).toString('utf8')) as StoredReport);
}
