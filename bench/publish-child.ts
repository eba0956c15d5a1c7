/** Child of the publish benchmark: models with stored reports, scraped and published; prints its figures as JSON. Bundled, so that its memory is its own. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Json } from '#shared/json.ts';
import { createCollector } from '#shared/metrics/collect.ts';
import { exposition } from '#shared/metrics/exposition.ts';
import { createPublisher } from '#shared/metrics/publish.ts';
import { minuteMs } from '#shared/metrics/publisher-state.ts';
import { objectKeys, stateKeys } from '#shared/registry/keys.ts';
import { modelRecordSchema } from '#shared/registry/model.ts';
import { send } from '#shared/remote-write/send.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';

const REPETITIONS = 7;
const CELLS = 20;

/** As large as a report is: each feature with the counts of its cells, and a sentence. */
function reportOf(id: string, model: string, features: number) {
  const names = Array.from({ length: features }, (_, at) => `feature_${at}`);
  return {
    ...{ id, model, version: 'v1', rows: 1000, labels: 900, quality: [] },
    window: { start: new Date(startMs).toISOString(), end: new Date(startMs + 86_400_000).toISOString() },
    verdict: { level: 'stable', kind: 'none', confirmed: false },
    performance: { computable: true, relativeChange: 0.01, mean: 0.11, meanReference: 0.1 },
    attribution: {
      ...{ computable: true, ndcg: 0.99, moved: 0.02 },
      features: names.map((feature) => ({
        feature,
        currentShare: 1 / features,
        baselineShare: 1 / features,
      })),
    },
    features: names.map((name, at) => ({
      ...{
        name,
        channel: 'feature',
        level: 'stable',
        nReference: 5000,
        psi: at / 1000,
        pValue: 1 / (at + 1),
      },
      reasons: [`${name} moved up by 0.1 σ (PSI 0.01, stable)`],
      evidence: {
        ...{ computable: true, jsDistance: at / 2000, missing: { reference: 0, current: 0.01 } },
        cells: Array.from({ length: CELLS }, (_, cell) => ({
          label: `[${cell}, ${cell + 1})`,
          reference: 250,
          current: 50,
        })),
      },
    })),
  };
}

async function seed(models: number, features: number): Promise<MemoryDeps> {
  const deps = memoryDeps();
  for (let at = 0; at < models; at++) {
    const name = `model-${at}`;
    const schema = {
      features: Array.from({ length: features }, (_, feature) => ({
        name: `feature_${feature}`,
        kind: 'numeric',
      })),
      target: { name: 'grade', classes: ['high', 'low'] },
    };
    const record = modelRecordSchema.parse({
      ...{ name, task: 'classification', schema, monitor: {}, retrain: {} },
      created_at: new Date(startMs).toISOString(),
    });
    const put = (key: Parameters<MemoryDeps['state']['putIfAbsent']>[0], value: unknown) =>
      deps.state.putIfAbsent(key, value as Json);
    const [id, version] = [`${startMs}-v1`, 'v1'];
    await put(stateKeys.record(name), record);
    await put(stateKeys.pointer(name), { champion: version, previous: null, change: { at: startMs } });
    await put(stateKeys.version(name, version), { version, status: 'READY', metrics: { accuracy: 0.9 } });
    const window = {
      start: new Date(startMs).toISOString(),
      end: new Date(startMs + 86_400_000).toISOString(),
    };
    await put(stateKeys.report(name, startMs, version), {
      id,
      version,
      window,
      outcome: { confirmed: false },
    });
    const report = Buffer.from(JSON.stringify(reportOf(id, name, features)));
    await deps.objects.put(objectKeys.report(name, id), report);
  }
  return deps;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

async function scrape(models: number, features: number) {
  const deps = await seed(models, features);
  const collect = createCollector(deps);
  let text = '';
  const run = () => timed(async () => (text = await exposition(await collect())));
  const cold = await run();
  const warm: number[] = [];
  for (let at = 0; at < REPETITIONS; at++) warm.push(await run());
  return {
    cold,
    warm: median(warm),
    series: text.split('\n').filter((line) => line !== '' && line[0] !== '#').length,
  };
}

async function publish(models: number, features: number, url: URL) {
  const deps = await seed(models, features);
  const options = { url, now: Date.now, wait: (ms: number) => wait(ms) };
  const publisher = createPublisher(deps, createCollector(deps), (body) =>
    send(body, Date.now() + 10_000, options),
  );
  let series = 0;
  const whole = await timed(async () => {
    series = (await publisher()).published;
  });
  const later: number[] = [];
  for (let at = 0; at < REPETITIONS; at++) {
    deps.clock.ms += minuteMs;
    later.push(await timed(publisher));
  }
  return { whole, later: median(later), series };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const [what, models, features, receiver = ''] = process.argv.slice(2);
const sizes = [Number(models), Number(features)] as const;
const figures = what === 'scrape' ? await scrape(...sizes) : await publish(...sizes, new URL(receiver));
process.stdout.write(`${JSON.stringify(figures)}\n`);
