import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../random.ts';
import { encodeWriteRequest } from '../remote-write/encode.ts';
import { type Prometheus, startPrometheus } from '../remote-write/prometheus.testing.ts';
import { checkSamples, type WriteSample } from '../remote-write/sample.ts';
import { send } from '../remote-write/send.ts';
import { type MemoryDeps, memoryDeps } from '../testing/memory-deps.ts';
import { figuresOf, modelFigures, reportFigures } from './figures.testing.ts';
import type { ModelFigures } from './figures.ts';
import { createPublisher, type Published } from './publish.ts';
import { minuteMs, readPublisherState } from './publisher-state.ts';
import { seriesByMetric } from './series.ts';

let prometheus: Prometheus;
beforeAll(async () => {
  prometheus = await startPrometheus();
});
afterAll(() => prometheus?.stop());

let deps: MemoryDeps;
let models: ModelFigures[];
/** Half an hour ago: a receiver takes what is within the hour. */
let start: number;
let name: string;
let tests = 0;
beforeEach(() => {
  deps = memoryDeps();
  start = Math.floor(Date.now() / minuteMs) * minuteMs - 30 * minuteMs;
  deps.clock.ms = start;
  name = `prices-${++tests}`;
  models = [modelFigures(name, 20)];
});

const write = (body: Uint8Array) =>
  send(body, Date.now() + 10_000, {
    url: new URL(prometheus.writeUrl),
    now: Date.now,
    wait: (ms) => sleep(ms),
  });
const publishAnew = () => createPublisher(deps, async () => figuresOf(models, deps.now(), name), write)();
const put = (samples: readonly WriteSample[]) => write(encodeWriteRequest(checkSamples(samples).checked));

const valueAt = async (promql: string, at = deps.clock.ms) =>
  (await prometheus.query(promql.replaceAll('MODEL', `model="${name}"`), at))[0]?.value;

test('every series of the catalogue is taken whole, and has the value it was given', async () => {
  models = [modelFigures(name, 50, { lastReport: reportFigures(50) })];
  const { published, rejected, undelivered } = await publishAnew();
  expect([rejected, undelivered]).toEqual([0, 0]);
  const sent = [...seriesByMetric(figuresOf(models, start, name))].flatMap(({ series }) => series);
  expect(published).toBe(sent.length);
  const stored = await prometheus.query(`{model="${name}"}`, start);
  const keyOf = (labels: Readonly<Record<string, string>>) => JSON.stringify(Object.entries(labels).sort());
  const found = new Map(stored.map(({ metric, value }) => [keyOf(metric), value]));
  const ofModel = sent.filter(({ labels }) => labels.model === name);
  expect(found.size).toBe(ofModel.length);
  for (const one of ofModel) expect(found.get(keyOf({ __name__: one.name, ...one.labels }))).toBe(one.value);
});

test('20 functions at once each minute, replays and a clock that goes back: every minute once, no value wrong, nothing refused', async () => {
  const results: Published[] = [];
  for (let minute = 0; minute < 10; minute++) {
    deps.clock.ms = start + minute * minuteMs;
    models = [modelFigures(name, 20, { requests: { answered: 100 * minute, refused: 0, failed: 0 } })];
    results.push(...(await Promise.all(Array.from({ length: 20 }, publishAnew))));
    deps.clock.ms -= 3 * minuteMs;
    models = [modelFigures(name, 20, { requests: { answered: 1, refused: 1, failed: 1 } })];
    results.push(await publishAnew());
  }
  deps.clock.ms = start + 9 * minuteMs;
  expect(results.filter(({ published }) => published > 0)).toHaveLength(10);
  expect(results.filter(({ rejected, undelivered }) => rejected + undelivered > 0)).toEqual([]);
  const answered = `tidemark_requests_total{MODEL,outcome="answered"}`;
  expect(await valueAt(`count_over_time(${answered}[30m])`)).toBe(10);
  for (let minute = 0; minute < 10; minute++)
    expect(await valueAt(answered, start + minute * minuteMs)).toBe(100 * minute);
  expect(await valueAt(`resets(${answered}[30m])`)).toBe(0);
});

test('clock and news at random phases, 20 functions at once, and a clock that goes back: every minute once, no value wrong, nothing refused', async () => {
  const random = seededRandom(11);
  /** By claimed minute, what was read to be published in it. */
  const truth = new Map<number, number>();
  const bad: Published[] = [];
  let round = 0;
  let underWay = 0;
  const wait = async (ms: number) => {
    // the clock is ours: a minute of it must not pass while a publication takes its milliseconds
    while (underWay > 0) await sleep(1);
    deps.clock.ms += ms;
  };
  const publishFor = async (cause: 'clock' | 'news') => {
    let hasBegun = false;
    const collect = async () => {
      hasBegun = true;
      underWay += 1;
      const { minute } = await readPublisherState(deps);
      expect(truth.has(minute)).toBe(false);
      truth.set(minute, round);
      return figuresOf(models, deps.now(), name);
    };
    const result = await createPublisher(deps, collect, write)(cause, wait);
    if (hasBegun) underWay -= 1;
    if (result.rejected + result.undelivered > 0) bad.push(result);
  };
  for (round = 1; round <= 25; round++) {
    models = [modelFigures(name, 5, { requests: { answered: round, refused: 0, failed: 0 } })];
    await Promise.all(Array.from({ length: 20 }, () => publishFor(random() < 0.5 ? 'news' : 'clock')));
    deps.clock.ms += random() < 0.25 ? -random() * 150_000 : random() * 70_000;
  }
  expect(bad).toEqual([]);
  deps.clock.ms = (await readPublisherState(deps)).minute;
  const answered = 'tidemark_requests_total{MODEL,outcome="answered"}';
  expect(await valueAt(`resets(${answered}[60m])`)).toBe(0);
  expect(truth.size).toBeGreaterThan(10);
  expect(await valueAt('count_over_time(tidemark_drift_features_critical{MODEL}[60m])')).toBe(truth.size);
  const found: number[] = [];
  for (const [time, value] of truth) {
    const sent = await valueAt(`${answered} and (timestamp(${answered}) == ${time / 1000})`, time);
    if (sent === undefined) continue;
    expect(sent).toBe(value);
    found.push(sent);
  }
  // sent every four minutes
  expect(found.length).toBeGreaterThan(truth.size / 5);
});

test('a histogram is one: its quantile is where the observations are', async () => {
  const counts = [0, 0, 0, 0, 90, 0, 0, 0, 10, 0, 0, 0];
  const durations = { counts, sum_millionths: 24_000_000 };
  models = [modelFigures(name, 1)];
  await publishAnew();
  deps.clock.ms += 4 * minuteMs;
  models = [modelFigures(name, 1, { durations })];
  await publishAnew();
  const rate = 'rate(tidemark_request_duration_seconds_bucket{MODEL}[10m])';
  expect(await valueAt(`histogram_quantile(0.5, ${rate})`)).toBeGreaterThan(0.05);
  expect(await valueAt(`histogram_quantile(0.5, ${rate})`)).toBeLessThanOrEqual(0.1);
  expect(await valueAt(`histogram_quantile(0.99, ${rate})`)).toBeGreaterThan(1);
  expect(await valueAt(`histogram_quantile(0.99, ${rate})`)).toBeLessThanOrEqual(2);
});

test('a label that comes late is taken, and a model that is gone vanishes at once', async () => {
  await publishAnew();
  deps.clock.ms += minuteMs;
  models = [modelFigures(name, 20, { classes: { high: 1, low: 2, unheard: 3, other: 0 } })];
  await publishAnew();
  expect(await valueAt('tidemark_predicted_classes_total{MODEL,class="unheard"}')).toBe(3);
  models = [];
  deps.clock.ms += minuteMs;
  expect(await publishAnew()).toMatchObject({ rejected: 0, undelivered: 0 });
  expect(await prometheus.query(`{model="${name}"}`, deps.clock.ms)).toEqual([]);
  expect(await valueAt('count({MODEL})', deps.clock.ms - 1)).toBeGreaterThan(100);
});

test('a series that somebody else has written ahead is left out and reported; all others go through', async () => {
  const labels = { env: name, model: name, feature: 'feature_7' };
  const poison = { name: 'tidemark_feature_psi', labels, value: 9, timestampMs: start + 5 * minuteMs };
  expect(await put([poison])).toEqual({ kind: 'accepted' });
  const all = [...seriesByMetric(figuresOf(models, start, name))].flatMap(({ series }) => series).length;
  expect(await publishAnew()).toEqual({ published: all - 1, rejected: 1, undelivered: 0 });
  expect(deps.logged).toMatchObject([
    { level: 'error', detail: { reason: expect.stringMatching(/400: out of order sample/) } },
  ]);
  expect(await valueAt('count(tidemark_feature_psi{MODEL})')).toBe(19);
});

test('a retry of a request whose answer was lost is no fault', async () => {
  const sample = { name: 'a_total', labels: { model: name }, value: 4, timestampMs: start };
  expect(await put([sample])).toEqual({ kind: 'accepted' });
  expect(await put([sample])).toEqual({ kind: 'accepted' });
});
