/** The story's acts: a model trained here and registered over HTTP, windows of traffic, and the runs that verdicts start. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '#shared/random.ts';
import { call, ModelClient, type RunRow, tick, until } from './api.ts';
import type { Endpoints } from './endpoints.ts';
import { tidemark } from './tidemark.ts';
import { csvOf, type Sale, salesIn, type World } from './world.ts';

const windowRows = 300;
/** A batch in the log, a granule and its grace, a tick, the monitor; with room for a slow computer. */
const judgedMs = 60_000;
const promptMs = 30_000;
const runMs = 120_000;

async function succeeding(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await tidemark(...args);
  if (code !== 0) throw new Error(`tidemark ${args[0]} ended with ${code}: ${stderr}`);
}

/** The story's two models. */
export const storyModels = { drift: 'stones', noise: 'shuffled' } as const;

/** `tidemark train`, and `tidemark models register` of its file under each of `names`; both as a user would. */
export async function trainAndRegister({ api }: Endpoints, names: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-cloud-'));
  try {
    const file = (name: string) => join(folder, name);
    await writeFile(file('train.csv'), csvOf(salesIn('usual', 1500, seededRandom(1))));
    await writeFile(file('baseline.csv'), csvOf(salesIn('usual', 1000, seededRandom(2))));
    await succeeding('train', '--data', file('train.csv'), '--target', 'price', '--out', file('model'));
    for (const name of names) {
      const model = ['--onnx', join(file('model'), 'model.onnx'), '--baseline', file('baseline.csv')];
      await succeeding('models', 'register', name, ...model, '--target', 'price', '--url', api);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Windows that are over once they are full, as in the demo those of two seconds are; promotion without a person. */
export async function compressTime(model: ModelClient): Promise<void> {
  await model.post('/policy', {
    actor: 'story',
    reason: 'the story has minutes, not days',
    monitor: { window_rows: windowRows },
    retrain: { auto_promote: true, daily_cap: 10 },
  });
}

export class Story {
  readonly endpoints: Endpoints;
  readonly model: ModelClient;
  private readonly random: () => number;
  /** Rows that came too late for their window, or wait in one that is not over. */
  private late = 0;

  constructor(endpoints: Endpoints, name: string, seed: number) {
    this.endpoints = endpoints;
    this.model = new ModelClient(endpoints.api, name);
    this.random = seededRandom(seed);
  }

  sales(world: World, count: number = windowRows): Sale[] {
    return salesIn(world, count, this.random);
  }

  /** Sends one window and waits until every row sent so far has been judged. @returns whether the window was */
  async window(world: World): Promise<boolean> {
    const before = await this.judged();
    await this.model.send(this.sales(world));
    const isWhole = async () => (await this.judged()).rows >= this.model.rows - this.late;
    if (await this.tickUntil(isWhole, promptMs)) return true;
    // on a busy computer the stream may bring rows after their granule has closed: they are in no window, and some more fill it
    await this.model.send(this.sales(world, windowRows / 2));
    const isOver = await this.tickUntil(async () => (await this.judged()).reports > before.reports, judgedMs);
    this.late = this.model.rows - (await this.judged()).rows;
    return isOver;
  }

  private async judged(): Promise<{ readonly reports: number; readonly rows: number }> {
    const reports = await this.model.reports();
    return { reports: reports.length, rows: reports.reduce((sum, report) => sum + report.rows, 0) };
  }

  /** The tick comes once a minute by itself; the story asks for it before each look. */
  tickUntil(holds: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
    return until(async () => {
      const { failed } = await tick(this.endpoints);
      if (failed.length > 0) throw new Error(`the tick failed for ${failed.join(', ')}`);
      return await holds();
    }, timeoutMs);
  }

  /** Windows of `world` until one of them has started a run that reached a decision, or `atMost` windows went by. */
  async untilDecided(world: World, atMost: number): Promise<RunRow | undefined> {
    for (let at = 0; at < atMost; at++) {
      if (!(await this.window(world))) return undefined;
      const started = await until(async () => (await this.model.runs()).length > 0, 1500);
      const last = started ? await this.lastRun() : undefined;
      if (last?.outcome !== undefined && last.outcome !== 'insufficient_labels') return last;
    }
    return await this.lastRun();
  }

  /** The newest run, once none is under way. */
  async lastRun(): Promise<RunRow | undefined> {
    let runs: readonly RunRow[] = [];
    await until(async () => {
      runs = await this.model.runs();
      return runs.every((one) => one.status === 'ENDED');
    }, runMs);
    return runs.at(-1);
  }

  /** Whether `version` of the default model, the first registered, answers soon: a warm predictor looks again each second. */
  servesByDefault(version: string): Promise<boolean> {
    const serving = () => call<{ model_version: string }>(`${this.endpoints.api}/health`);
    return until(async () => (await serving()).model_version === version, 20_000);
  }

  /** Predictions of this model in the counters, once they are as many as were answered or half a minute went by. */
  async countedAll(): Promise<number> {
    let sum = 0;
    await this.tickUntil(async () => {
      const { models } = await call<{
        models: { model: string; counters: { predictions: Record<string, number> } }[];
      }>(`${this.endpoints.api}/metrics/summary`);
      const counters = models.find((one) => one.model === this.model.name)?.counters;
      sum = Object.values(counters?.predictions ?? {}).reduce((total, count) => total + count, 0);
      return sum >= this.model.rows;
    }, promptMs);
    return sum;
  }

  /** Root mean squared error of what the API answers for new rows of `world`, which are labelled and logged like all others. */
  async error(world: World): Promise<number> {
    const sales = this.sales(world);
    const answers = await this.model.send(sales);
    const squares = sales.map(({ label }, at) => (label - answers[at]!) ** 2);
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / sales.length);
  }
}
