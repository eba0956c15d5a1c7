/** Stored reports: the whole one as an object, its outcome as an index item that the next windows and the API read. */
import type { Deps } from '../deps.ts';
import type { Json } from '../json.ts';
import { objectKeys, stateKeys } from '../registry/keys.ts';
import type { WindowOutcome } from '../verdict/outcome.ts';
import type { Report } from './report.ts';

export interface ReportEntry {
  readonly id: string;
  readonly version: string;
  readonly window: Report['window'];
  readonly rows: number;
  readonly labels: number;
  readonly quietMs: number;
  readonly outcome: WindowOutcome;
  readonly worst: { readonly name: string; readonly psi: number } | null;
  readonly reasons: readonly string[];
}

const maxReasons = 20;

/** Idempotent: the first report of a window and version stands. */
export async function storeReport(
  deps: Pick<Deps, 'state' | 'objects'>,
  report: Report,
): Promise<ReportEntry> {
  await deps.objects.putIfAbsent(
    objectKeys.report(report.model, report.id),
    Buffer.from(JSON.stringify(report)),
  );
  const { verdict } = report;
  const { worst, reasons, ...outcome } = verdict;
  const entry: ReportEntry = {
    id: report.id,
    version: report.version,
    window: report.window,
    rows: report.rows,
    labels: report.labels,
    quietMs: report.quietMs,
    outcome,
    worst: worst ?? null,
    reasons: reasons.slice(0, maxReasons),
  };
  const key = stateKeys.report(report.model, Date.parse(report.window.start), report.version);
  const put = await deps.state.putIfAbsent(key, entry as unknown as Json);
  return put.stored ? entry : (put.existing!.value as unknown as ReportEntry);
}

/** Newest first. */
export async function listReports(
  deps: Pick<Deps, 'state'>,
  model: string,
  options: { readonly limit: number; readonly before?: number },
): Promise<readonly ReportEntry[]> {
  const before =
    options.before === undefined ? 'report$' : `report#${String(options.before).padStart(13, '0')}`;
  const page = await deps.state.query(stateKeys.of(model), {
    from: 'report#',
    before,
    reverse: true,
    limit: options.limit,
  });
  return page.items.map((item) => item.value as unknown as ReportEntry);
}

/** A version's reports of windows before one, oldest first: m-of-n, hysteresis and what is usual are computed from them. */
export async function earlierReports(
  deps: Pick<Deps, 'state'>,
  model: string,
  version: string,
  before: number,
  windows: number,
): Promise<readonly ReportEntry[]> {
  // at most a champion, its predecessor and a straggler share a window
  const entries = await listReports(deps, model, { limit: windows * 3, before });
  return entries
    .filter((entry) => entry.version === version)
    .slice(0, windows)
    .reverse();
}
