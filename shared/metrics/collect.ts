/** The state of every model as plain figures: what /metrics, /metrics/summary and the publisher show. */
import { type Counters, readCounters } from '../capture/rollup.ts';
import type { Deps } from '../deps.ts';
import type { Report } from '../monitoring/report.ts';
import { listReports } from '../monitoring/report-index.ts';
import { objectKeys } from '../registry/keys.ts';
import { findVersion, listModels, readPointer } from '../registry/registry.ts';
import { listRuns } from '../registry/run.ts';

export interface ModelFigures {
  readonly model: string;
  readonly environment: string;
  readonly champion: string | null;
  /** Unix milliseconds. */
  readonly deployedAt: number | null;
  readonly heldOut: Readonly<Record<string, number>>;
  readonly counters: Counters;
  readonly lastReport: LastReport | null;
  /** End of the newest window that confirmed drift of the champion, Unix milliseconds. */
  readonly lastDriftAt: number | null;
  readonly runs: Readonly<Record<string, number>>;
}

export interface LastReport {
  readonly id: string;
  readonly windowEnd: number;
  readonly rows: number;
  readonly level: string;
  readonly kind: string;
  readonly confirmed: boolean;
  readonly hardFailures: number;
  readonly softFailures: number;
  readonly features: readonly {
    readonly name: string;
    readonly channel: string;
    readonly level: string;
    readonly psi: number | null;
    readonly jsDistance: number | null;
    readonly pValue: number | null;
    readonly missing: number;
  }[];
  /** Relative change of the loss; null when it could not be computed. */
  readonly lossChange: number | null;
  /** Of the window's explained rows; null when there were too few. */
  readonly attribution: {
    readonly ndcg: number;
    readonly moved: number;
    readonly shares: readonly { readonly feature: string; readonly share: number }[];
  } | null;
}

const REPORTS_SEARCHED = 100;

export async function collect(deps: Deps): Promise<readonly ModelFigures[]> {
  const models = await listModels(deps);
  return Promise.all(
    models.map(async ({ name }) => {
      const pointer = await readPointer(deps, name);
      const version = pointer ? await findVersion(deps, name, pointer.champion) : undefined;
      const reports = (await listReports(deps, name, { limit: REPORTS_SEARCHED })).filter(
        (one) => one.version === pointer?.champion,
      );
      const drifted = reports.find(({ outcome }) => outcome.confirmed && outcome.kind === 'drift');
      const runs: Record<string, number> = {};
      for (const run of await listRuns(deps, name, 1000)) runs[run.outcome] = (runs[run.outcome] ?? 0) + 1;
      return {
        model: name,
        environment: deps.settings.ENVIRONMENT,
        champion: pointer?.champion ?? null,
        deployedAt: pointer?.change.at ?? null,
        heldOut: version?.metrics ?? {},
        counters: await readCounters(deps, name),
        lastReport: reports[0] ? await readReport(deps, name, reports[0].id) : null,
        lastDriftAt: drifted ? Date.parse(drifted.window.end) : null,
        runs,
      };
    }),
  );
}

async function readReport(deps: Deps, model: string, id: string): Promise<LastReport | null> {
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

function figuresOf(report: Report): LastReport {
  return {
    id: report.id,
    windowEnd: Date.parse(report.window.end),
    rows: report.rows,
    level: report.verdict.level,
    kind: report.verdict.kind,
    confirmed: report.verdict.confirmed,
    hardFailures: report.quality.filter((finding) => finding.severity === 'hard').length,
    softFailures: report.quality.filter((finding) => finding.severity === 'soft').length,
    features: report.features.map((feature) => ({
      name: feature.name,
      channel: feature.channel,
      level: feature.level,
      psi: feature.psi ?? null,
      jsDistance: feature.evidence.computable ? feature.evidence.jsDistance : null,
      pValue: feature.pValue ?? null,
      missing: feature.evidence.missing.current,
    })),
    lossChange: report.performance.computable ? report.performance.relativeChange : null,
    attribution: attributionOf(report),
  };
}

/** A report from before rows were explained has none. */
function attributionOf({ attribution }: Partial<Pick<Report, 'attribution'>>): LastReport['attribution'] {
  if (!attribution?.computable) return null;
  const { ndcg, moved, features } = attribution;
  const shares = features.map(({ feature, currentShare }) => ({ feature, share: currentShare }));
  return { ndcg, moved, shares };
}
