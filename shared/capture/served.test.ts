import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createCaptureHandler } from '../../lambdas/capture/handler.ts';
import { createCollector } from '../metrics/collect.ts';
import { exposition } from '../metrics/exposition.ts';
import { seededRandom } from '../random.ts';
import { createAnchorsCache } from '../registry/baseline.ts';
import { predictionKey, stateKeys } from '../registry/keys.ts';
import { type MemoryDeps, memoryDeps, startMs } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import { eventOf, outcomeRecord, predictionRecord, recordOf } from '../testing/stream.ts';
import type { ArchiveRow } from './archive.ts';
import { closeGranules } from './rollup.ts';
import { addServed, countServed } from './served.ts';

const granuleMs = 60_000;
const model = smallRecord({ task: 'classification' });
const classNames = ['high', 'low'];

/** What a client saw of one request. */
interface Truth {
  readonly id: string;
  readonly at: number;
  readonly status: number;
  readonly durationMs: number;
  readonly predicted: string;
  readonly confidence: number;
}

/** Requests over ten granules, 3 in 100 refused or failed. */
function requests(count: number, seed: number): Truth[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => ({
    id: `r${at}`,
    at: startMs + Math.floor((at * 10 * granuleMs) / count),
    status: at % 100 < 3 ? [400, 422, 503][at % 3]! : 200,
    durationMs: Math.round(1000 * 10 ** (3 * random())) / 1000,
    predicted: classNames[random() < 0.3 ? 0 : 1]!,
    confidence: Math.round(1e6 * (0.3 + 0.7 * random())) / 1e6,
  }));
}

const { features } = smallRows(1, 1, { task: 'classification' })[0]!;

function recordFor(version: string, sequence: number, one: Truth) {
  if (one.status !== 200) return outcomeRecord('small', one.id, one.status, sequence, one.at);
  const value = {
    ...{ model: 'small', version, request_id: one.id, at: one.at, features, context: {}, hash: 'h' },
    answer: { predicted_class: one.predicted, confidence: one.confidence, probabilities: {} },
    duration_ms: one.durationMs,
  };
  return recordOf(predictionKey('small', one.id), value, sequence, one.at);
}

async function open() {
  const deps = memoryDeps({ GRANULE_MS: String(granuleMs) });
  const version = await registerSmall(deps, model);
  const anchorsOf = createAnchorsCache(deps);
  return { deps, version, close: (until: number) => closeGranules(deps, 'small', until, anchorsOf) };
}

async function figuresOf(deps: MemoryDeps) {
  return (await createCollector(deps)()).models[0]!;
}

/** Counted by hand, one request at a time. */
function truthOf(all: readonly Truth[]) {
  const answered = all.filter(({ status }) => status === 200);
  const below = (edges: readonly number[], values: readonly number[]) =>
    [...edges, Number.POSITIVE_INFINITY].map(
      (edge, at) => values.filter((value) => value <= edge && value > (edges[at - 1] ?? -1)).length,
    );
  const sum = (values: readonly number[]) =>
    values.reduce((total, value) => total + Math.round(value * 1e6), 0);
  const seconds = answered.map(({ durationMs }) => durationMs / 1000);
  const confidences = answered.map(({ confidence }) => confidence);
  return {
    requests: {
      answered: answered.length,
      refused: all.filter(({ status }) => status >= 400 && status < 500).length,
      failed: all.filter(({ status }) => status >= 500).length,
    },
    failures: Object.fromEntries(
      [400, 409, 422, 500, 503].map((of) => [of, all.filter(({ status }) => status === of).length]),
    ),
    durations: {
      counts: below([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10], seconds),
      sum_millionths: sum(seconds),
    },
    confidences: {
      counts: below([0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1], confidences),
      sum_millionths: sum(confidences),
    },
    classes: {
      high: answered.filter(({ predicted }) => predicted === 'high').length,
      low: answered.filter(({ predicted }) => predicted === 'low').length,
      other: 0,
    },
  };
}

/** The series of requests as `/metrics` prints them: label sets and buckets to their values. */
async function printed(deps: MemoryDeps): Promise<Record<string, number>> {
  const text = await exposition(await createCollector(deps)());
  const lines = text.matchAll(
    /^tidemark_((?:request|prediction_confidence|predicted_classes|requests)\w*)\{model="small",env="local",?(.*)\} (\S+)$/gm,
  );
  return Object.fromEntries(
    [...lines].map(([, name, labels, value]) => [`${name} ${labels}`, Number(value)]),
  );
}

function printedTruth(all: readonly Truth[]): Record<string, number> {
  const { requests, durations, confidences, classes } = truthOf(all);
  const failures = (status: number) => all.filter((one) => one.status === status).length;
  const cells = (
    name: string,
    edges: readonly (number | string)[],
    { counts, sum_millionths }: typeof durations,
  ) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return [
      ...edges.map((le, at) => [
        `${name}_bucket le="${le}"`,
        counts.slice(0, at + 1).reduce((sum, count) => sum + count, 0),
      ]),
      [`${name}_sum `, sum_millionths / 1e6],
      [`${name}_count `, total],
    ];
  };
  return Object.fromEntries([
    ...Object.entries(requests).map(([outcome, count]) => [`requests_total outcome="${outcome}"`, count]),
    ...[400, 409, 413, 415, 422, 500, 503].map((status) => [
      `request_failures_total status="${status}"`,
      failures(status),
    ]),
    ...Object.entries(classes).map(([name, count]) => [`predicted_classes_total class="${name}"`, count]),
    ...cells(
      'request_duration_seconds',
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, '+Inf'],
      durations,
    ),
    ...cells(
      'prediction_confidence',
      [0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1, '+Inf'],
      confidences,
    ),
  ] as [string, number][]);
}

describe('ten thousand requests with 3 % errors', () => {
  const all = requests(10_000, 7);
  const size = 250;

  test('through redelivered batches and a consumer that is killed, are counted exactly', async () => {
    const { deps, version, close } = await open();
    const records = all.map((one, at) => recordFor(version, at, one));
    const random = seededRandom(8);
    let capture = createCaptureHandler(deps);
    const deliver = async (from: number, to: number) => capture(eventOf(records.slice(from, to)));
    for (let from = 0; from < records.length; from += size) {
      deps.clock.ms = all[from]!.at + 30_000;
      if (random() < 0.3) {
        // killed between two writes, and started anew from the last checkpoint
        let left = Math.floor(random() * 3);
        deps.objects.beforeWrite = () => {
          left -= 1;
          if (left < 0) throw new Error('killed');
        };
        await deliver(from, from + size).catch(() => undefined);
        deps.objects.beforeWrite = () => undefined;
        capture = createCaptureHandler(deps);
      }
      await deliver(from, from + size);
      if (random() < 0.2) await deliver(from, from + size);
      if (random() < 0.2) await deliver(from + 100, from + size);
      await close(all[from]!.at - 3 * granuleMs);
    }
    await close(startMs + 30 * granuleMs);
    const figures = await figuresOf(deps);
    expect(figures).toMatchObject(truthOf(all));
    expect(figures.counters.late).toBe(0);
    expect(await printed(deps)).toEqual(printedTruth(all));
  });

  test('of which a consumer that was down brings a half after its granules closed, again and again, are still counted exactly', async () => {
    const { deps, version, close } = await open();
    const records = all.map((one, at) => recordFor(version, at, one));
    const deliver = async (from: number, to: number) =>
      createCaptureHandler(deps)(eventOf(records.slice(from, to)));
    for (let from = 0; from < 5000; from += size) await deliver(from, from + size);
    await close(startMs + 20 * granuleMs);
    deps.clock.ms = startMs + 21 * granuleMs;
    for (let from = 4500; from < 10_000; from += size) {
      deps.clock.ms += granuleMs;
      await deliver(from, from + size);
      await deliver(from, from + size);
      // counted already, and closed: the same batch later, and one that overlaps it
      if (from % 1000 === 0) {
        await close(deps.clock.ms + granuleMs);
        deps.clock.ms += granuleMs;
        await deliver(from, from + size);
        await deliver(from - 100, from + 50);
      }
    }
    await close(startMs + 60 * granuleMs);
    const figures = await figuresOf(deps);
    expect(figures).toMatchObject(truthOf(all));
    expect(figures.counters).toMatchObject({ late: 5000, predictions: { [version]: 4850 } });
  });
});

test('an outcome that stands for many failures counts them all', async () => {
  const { deps, close } = await open();
  const { Records } = eventOf([outcomeRecord('small', 'a', 422, 1, startMs)]);
  const many = recordOf(
    { pk: 'small#b', sk: 'outcome' },
    { model: 'small', at: startMs, status: 422, count: 41 },
    2,
    startMs,
  );
  await createCaptureHandler(deps)(eventOf([...Records, many]));
  await close(startMs + granuleMs);
  expect(await figuresOf(deps)).toMatchObject({ requests: { refused: 42 }, failures: { 422: 42 } });
});

test('partials and counters of before serving was counted still read: what their versions hold was answered', async () => {
  const { deps, version, close } = await open();
  const rows = smallRows(20, 3, { task: 'classification', from: startMs });
  await createCaptureHandler(deps)(
    eventOf(rows.map((row, at) => predictionRecord('small', version, row, at, startMs))),
  );
  for (const key of deps.objects.keys('partials/')) {
    const { served: _, ...old } = JSON.parse(gunzipSync((await deps.objects.get(key))!).toString()) as Record<
      string,
      unknown
    >;
    await deps.objects.put(key, gzipSync(JSON.stringify(old)));
  }
  const old = { through: startMs - granuleMs, predictions: { v0: 5 }, labels: {}, unmatched_labels: 0 };
  await deps.state.putIfAbsent(stateKeys.counters('small'), {
    ...old,
    outcomes: { 400: 1 },
    late: 0,
    unprofiled: 0,
  });
  expect((await figuresOf(deps)).requests).toEqual({ answered: 5, refused: 1, failed: 0 });
  await close(startMs + granuleMs);
  expect((await figuresOf(deps)).requests).toEqual({ answered: 25, refused: 1, failed: 0 });
});

test('ten thousand classes, and one of 10 kB, are fifty names and the rest, and none is lost', async () => {
  const { deps, version, close } = await open();
  const answered = Array.from({ length: 10_000 }, (_, at) => ({
    ...{ id: `r${at}`, at: startMs, status: 200, durationMs: 1, confidence: 1 },
    predicted: at === 0 ? 'x"\n'.repeat(3400) : `class ${at}`,
  }));
  for (let from = 0; from < answered.length; from += 1000)
    await createCaptureHandler(deps)(
      eventOf(answered.slice(from, from + 1000).map((one, at) => recordFor(version, from + at, one))),
    );
  await close(startMs + granuleMs);
  const { classes } = await figuresOf(deps);
  const names = Object.keys(classes);
  expect(names).toHaveLength(51);
  expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(100);
  expect(Object.values(classes).reduce((sum, count) => sum + count, 0)).toBe(10_000);
  expect(classes.other).toBe(9950);
});

test('what is counted is the same in whichever order it is added up', () => {
  const rows = (from: number): ArchiveRow[] =>
    Array.from({ length: 50 }, (_, at) => ({
      ...{ kind: 'prediction', id: `r${from + at}`, version: 'v1', at: 0, features: {}, context: {} },
      ...{
        duration_ms: 0.1 * (from + at),
        answer: { predicted_class: `c${at % 3}`, confidence: 0.7, probabilities: {} },
      },
    }));
  const [a, b, c] = [countServed(rows(0)), countServed(rows(50)), countServed(rows(100))];
  expect(addServed(addServed(c!, a!), b!)).toEqual(addServed(a!, addServed(b!, c!)));
  expect(addServed(addServed(c!, a!), b!)).toEqual(countServed([...rows(0), ...rows(50), ...rows(100)]));
});
