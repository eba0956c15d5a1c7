/** What an operator or a program may ask about models, reports, runs and history. */
import { type HttpEvent, type HttpResult, integerQuery, json, timeQuery } from '#shared/api/http.ts';
import { snakeCaseKeys } from '#shared/api/snake-case.ts';
import { routes } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import type { Json } from '#shared/json.ts';
import { listReports } from '#shared/monitoring/report-index.ts';
import { findRun } from '#shared/operations/find-run.ts';
import type { Execution } from '#shared/ports/pipelines.ts';
import { type LedgerEntry, readLedger, servedAt } from '#shared/registry/ledger.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { type Pause, readPause } from '#shared/registry/pause.ts';
import { listModels, listVersions, readPointer, resolveModel } from '#shared/registry/registry.ts';
import { listRuns, type RunRecord } from '#shared/registry/run.ts';

const named = (deps: Deps, event: HttpEvent): Promise<ModelRecord> =>
  resolveModel(deps, event.pathParameters?.model ?? undefined);

export async function status(deps: Deps): Promise<HttpResult> {
  const found = await listModels(deps);
  return json(200, {
    service: 'tidemark',
    environment: deps.settings.ENVIRONMENT,
    models: found.map((one) => one.name),
    endpoints: routes.map(({ method, path, auth, summary }) => ({ method, path, auth, summary })),
  });
}

export async function models(deps: Deps): Promise<HttpResult> {
  const found = await listModels(deps);
  const described = await Promise.all(found.map((one) => describe(deps, one)));
  return json(200, { models: described.map(({ schema: _, ...rest }) => rest) });
}

export async function model(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  return json(200, await describe(deps, await named(deps, event)));
}

async function describe(deps: Deps, record: ModelRecord) {
  const [pointer, pause] = await Promise.all([readPointer(deps, record.name), readPause(deps, record.name)]);
  return {
    ...record,
    champion: pointer?.champion ?? null,
    previous: pointer?.previous ?? null,
    paused: pause?.paused ? pausedView(pause) : null,
  };
}

function pausedView({ change: { at, actor, reason } }: Pause) {
  return { since: new Date(at).toISOString(), actor, reason };
}

export async function versions(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const limit = integerQuery(event, 'limit', 50, 1, 500);
  const pointer = await readPointer(deps, name);
  const found = await listVersions(deps, name, limit);
  return json(200, {
    versions: found.map((one) => ({ ...one, champion: one.version === pointer?.champion })),
  });
}

export async function reports(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const limit = integerQuery(event, 'limit', 50, 1, 500);
  const before = timeQuery(event, 'before');
  const entries = await listReports(deps, name, { limit, ...(before === undefined ? {} : { before }) });
  return json(200, { reports: snakeCaseKeys(entries as unknown as Json) });
}

const machine = 'retrain';

export async function runs(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const limit = integerQuery(event, 'limit', 20, 1, 100);
  const ended = await listRuns(deps, name, limit);
  const executions = await deps.pipelines.list(machine, 100);
  const waiting = new Set(ended.filter(isWaiting).map(({ execution }) => execution));
  const running = executions.filter(
    ({ id, status, input }) =>
      status === 'RUNNING' && !waiting.has(id) && (input as { model?: unknown } | null)?.model === name,
  );
  return json(200, {
    runs: [
      ...running.map(({ id, startedAt }) => ({
        id,
        status: 'RUNNING',
        started_at: new Date(startedAt).toISOString(),
      })),
      ...ended.map(recordView),
    ],
  });
}

/** A run whose candidate waits for a person has a record and goes on. */
const isWaiting = ({ outcome }: RunRecord): boolean => outcome === 'awaiting_approval';

function recordView(record: RunRecord) {
  return {
    id: record.execution,
    status: isWaiting(record) ? 'RUNNING' : 'ENDED',
    outcome: record.outcome,
    started_at: isoTime(record.startedAt),
    ended_at: isWaiting(record) ? null : isoTime(record.endedAt),
    detail: record.detail,
  };
}

export async function run(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const id = event.pathParameters?.id ?? '';
  const { execution, record: ended } = await findRun(deps, name, id);
  return json(200, { ...runView(execution), outcome: ended?.outcome ?? null, detail: ended?.detail ?? null });
}

const isoTime = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();

function runView({ id, status, input, output, error, startedAt, endedAt, stages }: Execution) {
  return {
    id,
    status,
    started_at: isoTime(startedAt),
    ended_at: isoTime(endedAt),
    input,
    output: output ?? null,
    error: error ?? null,
    stages: stages.map((stage) => ({
      name: stage.name,
      status: stage.status,
      started_at: isoTime(stage.startedAt),
      ended_at: isoTime(stage.endedAt),
      error: stage.error ?? null,
    })),
  };
}

export async function history(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const at = timeQuery(event, 'at');
  if (at !== undefined) {
    const entry = await servedAt(deps, name, at);
    if (!entry)
      throw new ProblemError(404, `no version of "${name}" served at ${new Date(at).toISOString()}`);
    return json(200, {
      at: new Date(at).toISOString(),
      version: entry.to,
      since: new Date(entry.at).toISOString(),
      why: ledgerView(entry),
    });
  }
  const limit = integerQuery(event, 'limit', 100, 1, 1000);
  const entries = await readLedger(deps, name, { limit });
  return json(200, { history: entries.map(ledgerView) });
}

function ledgerView(entry: LedgerEntry) {
  return { ...entry, at: isoTime(entry.at) };
}
