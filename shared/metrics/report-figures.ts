/** The figures of a model's newest judged window. A report never changes, so a process reads each once. */
import type { Deps } from '../deps.ts';
import type { Report } from '../monitoring/report.ts';
import { listReports } from '../monitoring/report-index.ts';
import type { StoredReport } from '../monitoring/stored-report.ts';
import { objectKeys } from '../registry/keys.ts';
import type { LastReport, ModelFigures } from './figures.ts';

type ReportFigures = Pick<ModelFigures, 'lastReport' | 'lastDriftAt'>;

export type ReadReportFigures = (model: string, champion: string | undefined) => Promise<ReportFigures>;

/** Of this many reports, the newest that confirmed drift is looked for. */
const REPORTS_SEARCHED = 100;
/** A champion, its predecessor and a straggler share a window at most. */
const NEWEST = 3;

const none: ReportFigures = { lastReport: null, lastDriftAt: null };

export function createReportFigures(deps: Pick<Deps, 'state' | 'objects' | 'log'>): ReadReportFigures {
  const known = new Map<string, { readonly newest: string; readonly figures: ReportFigures }>();
  return async (model, champion) => {
    if (champion === undefined) return none;
    const page = await listReports(deps, model, { limit: NEWEST });
    const newest = JSON.stringify([champion, ...page.map(({ id }) => id)]);
    const before = known.get(model);
    if (before?.newest === newest) return before.figures;
    const figures = await read(model, champion);
    known.set(model, { newest, figures });
    return figures;
  };

  async function read(model: string, champion: string): Promise<ReportFigures> {
    const reports = (await listReports(deps, model, { limit: REPORTS_SEARCHED })).filter(
      ({ version }) => version === champion,
    );
    const drifted = reports.find(({ outcome }) => outcome.confirmed && outcome.kind === 'drift');
    return {
      lastReport: reports[0] ? await readReport(model, reports[0].id) : null,
      lastDriftAt: drifted ? Date.parse(drifted.window.end) : null,
    };
  }

  async function readReport(model: string, id: string): Promise<LastReport | null> {
    const bytes = await deps.objects.get(objectKeys.report(model, id));
    if (!bytes) return null;
    try {
      return figuresOf(JSON.parse(Buffer.from(bytes).toString('utf8')) as Report);
    } catch (error) {
      // one damaged report must not take the figures of all models away
      deps.log('error', 'a stored report cannot be read', { model, id, error: String(error) });
      return null;
    }
  }
}

function figuresOf(report: Report): LastReport {
  const { performance } = report;
  return {
    id: report.id,
    windowEnd: Date.parse(report.window.end),
    rows: report.rows,
    labels: report.labels,
    referenceRows: report.features.reduce((most, { nReference }) => Math.max(most, nReference), 0),
    level: report.verdict.level,
    kind: report.verdict.kind,
    confirmed: report.verdict.confirmed,
    hardFailures: report.quality.filter((finding) => finding.severity === 'hard').length,
    softFailures: report.quality.filter((finding) => finding.severity === 'soft').length,
    findings: report.quality.map(({ check, severity, column, observed }) => ({
      check,
      severity,
      observed,
      ...(column === undefined ? {} : { column }),
    })),
    features: report.features.map((feature) => ({
      name: feature.name,
      channel: feature.channel,
      level: feature.level,
      psi: feature.psi ?? null,
      jsDistance: feature.evidence.computable ? feature.evidence.jsDistance : null,
      pValue: feature.pValue ?? null,
      missing: feature.evidence.missing.current,
    })),
    lossChange: performance.computable ? performance.relativeChange : null,
    loss: performance.computable ? { baseline: performance.meanReference, window: performance.mean } : null,
    estimatedLoss: estimatedLossOf(report.performance),
    attribution: attributionOf(report),
  };
}

function estimatedLossOf({ estimated }: StoredReport['performance']): LastReport['estimatedLoss'] {
  if (!estimated?.computable) return null;
  const { value, standardError, heldOut } = estimated;
  return { value, standardError, heldOut: heldOut.mean };
}

/** A report from before rows were explained has none. */
function attributionOf({ attribution }: Partial<Pick<Report, 'attribution'>>): LastReport['attribution'] {
  if (!attribution?.computable) return null;
  const { ndcg, moved, features } = attribution;
  const shares = features.map(({ feature, currentShare }) => ({ feature, share: currentShare }));
  return { ndcg, moved, shares };
}
