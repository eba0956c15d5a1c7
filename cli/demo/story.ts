/** The demo's story over real HTTP: a calm world, a change, an alarm, a run, and what serves afterwards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LeakSuspect, leakSuspects } from '#shared/evaluation/leak-suspects.ts';
import type { ReportEntry } from '#shared/monitoring/report-index.ts';
import { modelRecordSchema } from '#shared/registry/model.ts';
import { featuresOf } from '#shared/retrain/labelled-data.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { registerFirstVersion } from '../first-version.ts';
import { call, type SentRow, sendRows, type Target } from './client.ts';
import type { DemoData } from './data.ts';
import { type HostProcess, startHostProcess } from './host-process.ts';
import type { Injection } from './injection.ts';
import type { Narrator } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { createPool, type Pool } from './pool.ts';
import { scoreNaive, scoreVersion } from './score.ts';
import {
  pause,
  type RunView,
  readChampion,
  readLogged,
  readReports,
  readRun,
  readRuns,
  until,
} from './watch.ts';

export interface Story {
  readonly championBefore: string;
  readonly championAfter: string;
  readonly reports: readonly ReportEntry[];
  /** Start of the first drifted window, Unix milliseconds; undefined when nothing was injected. */
  readonly injectedAt: number | undefined;
  readonly injection: Injection;
  readonly run: RunView | undefined;
  readonly errors: {
    readonly baseline: number;
    readonly underDrift: number | null;
    readonly after: number | null;
    readonly naive: number | null;
  };
  readonly passes: number;
  readonly leaks: readonly LeakSuspect[];
  readonly sent: number;
  readonly logged: number;
  readonly peakMemoryMb: number | undefined;
  /** Id of the report that confirmed the alarm, written beside the demo's own result. */
  readonly alarmReport: string | undefined;
}

/** Time is compressed by short windows; no step is skipped. */
const windowMs = 2000;
const granuleMs = 500;
const minuteMs = 250;

const cleanWindows = 3;
const maxDriftWindows = 8;
const afterWindows = 2;
const controlWindows = 8;
const minWindowRows = 50;
const maxWindowRows = 2000;
const batchRows = 100;
const runStartMs = 2000;
const modelName = 'demo';
/** Under this many rows a bound still decides, only with less power. */
const smallHoldout = 10;

export async function tellStory(
  options: DemoOptions,
  data: DemoData,
  injection: Injection,
  dataDir: string,
  narrator: Narrator,
): Promise<Story> {
  const { inferred } = data;
  const leaks = leakSuspects(
    featuresOf(inferred.schema, data.train),
    data.train.map((row) => row.label),
    featuresOf(inferred.schema, data.holdout),
    data.holdout.map((row) => row.label),
    inferred.schema.target.classes,
  );
  narrator.describeData(data, injection, leaks, dataDir);
  const manifest = await registerFirstVersion(dataDir, {
    record: modelRecordSchema.parse({
      name: modelName,
      task: inferred.task,
      schema: inferred.schema,
      monitor: { window_ms: windowMs },
      retrain: { auto_promote: true, ...(data.isSmall ? { min_holdout_rows: smallHoldout } : {}) },
      created_at: new Date().toISOString(),
    }),
    training: data.train,
    holdout: data.holdout,
    source: options.file ?? 'generated gem sales',
    now: Date.now(),
  });
  narrator.trained(manifest);
  const host = await startHostProcess(dataDir, { granuleMs, minuteMs });
  try {
    const teller = new Teller({ url: host.url, model: modelName }, injection, data.traffic, narrator);
    narrator.serving(host.url);
    const run = await teller.tell(options.drift === 'none');
    return await finish(teller, run, host, data, dataDir, manifest.version, leaks);
  } finally {
    await host.stop();
  }
}

class Teller {
  readonly target: Target;
  readonly injection: Injection;
  readonly sentRows: LabelledRow[] = [];
  injectedAt: number | undefined;
  reports: readonly ReportEntry[] = [];
  private toldRuns = 0;
  private readonly narrator: Narrator;
  private readonly pools: Readonly<Record<'clean' | 'drift' | 'after', Pool<LabelledRow>>>;
  private readonly rows: number;

  constructor(target: Target, injection: Injection, traffic: readonly LabelledRow[], narrator: Narrator) {
    this.target = target;
    this.injection = injection;
    this.narrator = narrator;
    const windows = cleanWindows + 3 + afterWindows;
    this.rows = Math.min(maxWindowRows, Math.max(minWindowRows, Math.floor(traffic.length / windows)));
    this.pools = createPools(traffic, this.rows, injection.kind === 'none');
  }

  async tell(isControl: boolean): Promise<RunView | undefined> {
    this.narrator.phase('a calm world: traffic like the training data');
    for (let at = 0; at < (isControl ? controlWindows : cleanWindows); at++)
      await this.window(this.pools.clean.take(this.rows), false);
    if (isControl) return this.newestRun();
    this.narrator.phase(`the world changes: ${this.injection.description}`);
    for (let at = 0; at < maxDriftWindows; at++) {
      await this.window(this.drifted(this.pools.drift.take(this.rows)), true);
      const run = await this.newestRun();
      if (run?.outcome && run.outcome !== 'insufficient_labels') {
        if (run.outcome === 'promoted') await this.aftermath();
        return run;
      }
    }
    return this.newestRun();
  }

  passes(): number {
    return Math.max(...Object.values(this.pools).map((pool) => pool.passes()));
  }

  private async aftermath(): Promise<void> {
    const champion = await readChampion(this.target);
    await until(async () => {
      const { model_version } = await call<{ model_version: string }>(`${this.target.url}/health`);
      return model_version === champion;
    }, 20_000);
    this.narrator.phase(`version ${champion} serves; the changed world goes on`);
    for (let at = 0; at < afterWindows; at++)
      await this.window(this.drifted(this.pools.after.take(this.rows)), true);
  }

  private drifted(rows: readonly LabelledRow[]): LabelledRow[] {
    return rows.map((row) => this.injection.apply(row));
  }

  /** Sends one window's rows from its first moment on, then waits until they have all been judged. */
  private async window(rows: readonly LabelledRow[], isDrifted: boolean): Promise<void> {
    const start = Math.ceil(Date.now() / windowMs) * windowMs;
    // a timer may fire a moment early, which would put the first row into the window before
    await pause(start + 25 - Date.now());
    if (isDrifted) this.injectedAt ??= start;
    const offset = this.sentRows.length;
    const numbered = rows.map(
      (row, at): SentRow => ({ id: `demo-${offset + at}`, features: row.features, label: row.label }),
    );
    this.sentRows.push(...rows);
    // the first few by the single route, the rest in batches: both are what users call
    for (const row of numbered.slice(0, 5)) await sendRows(this.target, [row]);
    for (let at = 5; at < numbered.length; at += batchRows)
      await sendRows(this.target, numbered.slice(at, at + batchRows));
    await this.judged(this.sentRows.length);
  }

  private async judged(sent: number): Promise<void> {
    let seen = this.reports.length;
    await until(async () => {
      this.reports = await readReports(this.target);
      for (; seen < this.reports.length; seen++) this.narrator.window(seen + 1, this.reports[seen]!);
      return this.reports.reduce((sum, report) => sum + report.rows, 0) >= sent;
    }, 30_000);
    await this.followRun();
  }

  private async followRun(): Promise<void> {
    const isRunning = async () => (await readRuns(this.target)).some((run) => run.status === 'RUNNING');
    const hasStarted = async () =>
      (await isRunning()) || (await readRuns(this.target)).length > this.toldRuns;
    // the report of a confirmed verdict can be read a moment before its run is there
    const waitMs = this.reports.at(-1)?.outcome.confirmed ? runStartMs : 0;
    if (!(await until(hasStarted, waitMs))) return;
    this.narrator.phase('the verdict started a retrain run');
    await until(async () => !(await isRunning()), 300_000);
    this.toldRuns = (await readRuns(this.target)).length;
    const run = await this.newestRun();
    if (run) this.narrator.run(run);
  }

  private async newestRun(): Promise<RunView | undefined> {
    const newest = (await readRuns(this.target)).at(-1);
    return newest && readRun(this.target, newest.id);
  }
}

/** Apart where there are rows enough and something changes; else one pool for all phases, its rows sent again when they run out. */
function createPools(traffic: readonly LabelledRow[], rows: number, isControl: boolean) {
  const clean = cleanWindows * rows;
  const after = afterWindows * rows;
  if (isControl || traffic.length < clean + after + 3 * rows) {
    const shared = createPool(traffic);
    return { clean: shared, drift: shared, after: shared };
  }
  return {
    clean: createPool(traffic.slice(0, clean)),
    drift: createPool(traffic.slice(clean, traffic.length - after)),
    after: createPool(traffic.slice(traffic.length - after)),
  };
}

async function finish(
  teller: Teller,
  run: RunView | undefined,
  host: HostProcess,
  data: DemoData,
  dataDir: string,
  championBefore: string,
  leaks: readonly LeakSuspect[],
): Promise<Story> {
  const { target, injection, sentRows, reports, injectedAt } = teller;
  const sent = sentRows.length;
  await until(async () => (await readLogged(target)) >= sent, 30_000);
  const championAfter = await readChampion(target);
  const alarm = reports.find((report) => report.outcome.confirmed);
  if (alarm)
    writeFileSync(
      join(dataDir, 'report.json'),
      `${JSON.stringify(await call(`${target.url}/models/${target.model}/reports/${alarm.id}`), null, 2)}\n`,
    );
  const drifted = data.final.map((row) => injection.apply(row));
  const isInjected = injectedAt !== undefined;
  return {
    championBefore,
    championAfter,
    reports,
    injectedAt,
    injection,
    run,
    errors: {
      baseline: await scoreVersion(dataDir, modelName, championBefore, data.final),
      underDrift: isInjected ? await scoreVersion(dataDir, modelName, championBefore, drifted) : null,
      after:
        championAfter === championBefore
          ? null
          : await scoreVersion(dataDir, modelName, championAfter, drifted),
      naive: isInjected
        ? scoreNaive(data.inferred.task, sentRows.slice(-Math.ceil(sent / 2)), drifted)
        : null,
    },
    passes: teller.passes(),
    leaks,
    sent,
    logged: await readLogged(target),
    peakMemoryMb: host.peakMemoryMb(),
    alarmReport: alarm?.id,
  };
}
