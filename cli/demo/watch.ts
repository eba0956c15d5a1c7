/** What the host has made of the traffic so far, read over its own API. */
import type { ReportEntry } from '#shared/monitoring/report-index.ts';
import type { Execution, StageRecord } from '#shared/ports/pipelines.ts';
import { call, type Target } from './client.ts';

export interface RunView extends Pick<Execution, 'id' | 'status' | 'stages'> {
  readonly outcome: string | null;
  readonly detail: { readonly reason?: string; readonly gate?: { readonly reason: string } } | null;
}

/** Oldest first. */
export async function readReports({ url, model }: Target): Promise<readonly ReportEntry[]> {
  const { reports } = await call<{ reports: ReportEntry[] }>(`${url}/models/${model}/reports?limit=200`);
  return reports.toReversed();
}

interface RunRow {
  readonly id: string;
  readonly status: 'RUNNING' | 'ENDED';
  readonly outcome?: string;
}

/** Oldest first. */
export async function readRuns({ url, model }: Target): Promise<readonly RunRow[]> {
  const { runs } = await call<{ runs: RunRow[] }>(`${url}/models/${model}/runs?limit=100`);
  return runs.toReversed();
}

export async function readRun({ url, model }: Target, id: string): Promise<RunView> {
  const run = await call<RunAnswer>(`${url}/models/${model}/runs/${encodeURIComponent(id)}`);
  const stages = run.stages.map(({ name, status, started_at: start, ended_at: end }) => ({
    name,
    status,
    startedAt: Date.parse(start),
    ...(end === null ? {} : { endedAt: Date.parse(end) }),
  }));
  return { id: run.id, status: run.status, outcome: run.outcome, detail: run.detail, stages };
}

interface RunAnswer extends Omit<RunView, 'stages'> {
  readonly stages: readonly {
    readonly name: string;
    readonly status: StageRecord['status'];
    readonly started_at: string;
    readonly ended_at: string | null;
  }[];
}

export async function readChampion({ url, model }: Target): Promise<string> {
  const { champion } = await call<{ champion: string }>(`${url}/models/${model}`);
  return champion;
}

interface Summary {
  readonly models: readonly {
    readonly model: string;
    readonly counters: { readonly predictions: Readonly<Record<string, number>> };
  }[];
}

/** Predictions in closed granules. */
export async function readLogged({ url, model }: Target): Promise<number> {
  const { models } = await call<Summary>(`${url}/metrics/summary`);
  const counted = models.find((one) => one.model === model)?.counters.predictions ?? {};
  return Object.values(counted).reduce((sum, count) => sum + count, 0);
}

/** Asks until it holds or the time is up; answers whether it held. */
export async function until(holds: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) return false;
    await pause(100);
  }
  return true;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
