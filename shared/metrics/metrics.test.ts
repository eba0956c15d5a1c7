import { beforeEach, describe, expect, test } from 'vitest';
import { objectKeys } from '#shared/registry/keys.ts';
import { createMonitorHandler } from '../../lambdas/monitor/handler.ts';
import { firstDay } from '../canary/day.ts';
import { changeCanary } from '../canary/state.ts';
import { readCounters } from '../capture/rollup.ts';
import { createWindowExplainer } from '../monitoring/explain-windows.ts';
import { readBaseline } from '../registry/baseline.ts';
import { stateKeys } from '../registry/keys.ts';
import { appendLedger } from '../registry/ledger.ts';
import { changePause } from '../registry/pause.ts';
import { beginRun, endRun } from '../registry/run.ts';
import { type MemoryDeps, memoryDeps, startMs } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import { addTraffic, closeUntil } from '../testing/traffic.ts';
import { catalogue } from './catalogue.ts';
import { createCollector } from './collect.ts';
import { exposition } from './exposition.ts';
import { figuresOf, modelFigures } from './figures.testing.ts';
import type { LastReport, ModelFigures } from './figures.ts';
import { labelsOf } from './metric.ts';
import { seriesByMetric } from './series.ts';

const windowMs = 300_000;
const model = smallRecord({ monitor: { window_ms: windowMs } });

let deps: MemoryDeps;
let version: string;
beforeEach(async () => {
  deps = memoryDeps({ GRANULE_MS: '60000', ENVIRONMENT: 'test', CANARY: 'on' });
  version = await registerSmall(deps, model);
});

/** A window of shifted, labelled traffic, judged; and a run that was rejected. */
async function live(): Promise<void> {
  const rows = smallRows(250, 6, { from: startMs, shift: 2, prefix: 'secret-request-' });
  await addTraffic(deps, 'small', version, rows);
  await closeUntil(deps, 'small', startMs + windowMs);
  await createWindowExplainer(deps)(model);
  await createMonitorHandler(deps)({
    detail: { model: 'small', windows: [{ start: startMs, end: startMs + windowMs }] },
  });
  await changeCanary(deps, () => ({ ...firstDay(startMs, windowMs), noticedAt: startMs }));
  await beginRun(deps, model, 'run-1', { force: false });
  await endRun(deps, model, 'run-1', 'rejected', {});
}

interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A histogram's samples go by its name and a suffix. */
const familyOf = (name: string) =>
  catalogue.some((one) => one.name === name) ? name : name.replace(/_(bucket|sum|count)$/, '');

const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)$/;

/** The text format 0.0.4, strictly: HELP and TYPE before the samples of a metric, each once. */
function parse(text: string): { samples: Line[]; types: Map<string, string> } {
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const samples: Line[] = [];
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment) {
      const [, what, name, rest] = comment;
      if (what === 'HELP') helped.add(name!);
      else types.set(name!, rest!);
      continue;
    }
    const [, name, labels, value] = sample.exec(line) ?? [];
    const family = familyOf(name!);
    expect([line, types.has(family) && helped.has(family)]).toEqual([line, true]);
    const pairs = [...labels!.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, key, of]) => [
      key,
      of,
    ]);
    samples.push({ name: name!, labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return { samples, types };
}

const collect = () => createCollector(deps)();
const printed = async (models: readonly ModelFigures[]) =>
  exposition({ deployment: (await collect()).deployment, models });
const scrape = async () => parse(await exposition(await collect()));
const valueOfMetric = async (name: string, labels: Record<string, string> = {}) =>
  (await scrape()).samples.find(
    (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  )?.value;

describe('the catalogue', () => {
  test('names are prefixed, in base units, and counters end in _total', () => {
    for (const { name, kind, help } of catalogue) {
      expect(name).toMatch(/^tidemark_[a-z][a-z_]*[a-z]$/);
      expect([name, name.endsWith('_total')]).toEqual([name, kind === 'counter']);
      expect(help).toMatch(/^\S.*[^.]$/);
    }
    expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
  });

  test('no metric is labelled by a request', () => {
    for (const { labels } of catalogue) for (const label of labels) expect(label).not.toMatch(/request|id$/);
  });
});

describe('/metrics', () => {
  test('every sample is of the catalogue, with its kind and exactly its labels', async () => {
    await live();
    const { samples, types } = await scrape();
    for (const { name, labels, value } of samples) {
      const metric = catalogue.find((one) => one.name === familyOf(name))!;
      expect(types.get(metric.name)).toBe(metric.kind);
      const bucket = name.endsWith('_bucket') ? ['le'] : [];
      expect(Object.keys(labels).sort()).toEqual([...labelsOf(metric), ...bucket].sort());
      expect([name, Number.isFinite(value)]).toEqual([name, true]);
    }
    const emitted = new Set(samples.map(({ name }) => familyOf(name)));
    expect(catalogue.map(({ name }) => name).filter((name) => !emitted.has(name))).toEqual([
      'tidemark_predicted_classes_total',
      'tidemark_prediction_confidence',
      'tidemark_drift_last_timestamp_seconds',
      'tidemark_retrain_stage',
    ]);
  });

  test('no series is there twice', async () => {
    await live();
    const { samples } = await scrape();
    const series = samples.map(
      ({ name, labels }) => `${name}${JSON.stringify(Object.entries(labels).sort())}`,
    );
    expect(new Set(series).size).toBe(series.length);
  });

  test('no request id reaches a label or a help text', async () => {
    await live();
    expect(await exposition(await collect())).not.toContain('secret-request');
  });

  test('the figures are those of the store', async () => {
    await live();
    const counters = await readCounters(deps, 'small');
    expect(await valueOfMetric('tidemark_predictions_total', { version })).toBe(
      counters.predictions[version],
    );
    expect(await valueOfMetric('tidemark_predictions_total')).toBe(250);
    expect(await valueOfMetric('tidemark_labels_total')).toBe(250);
    expect(await valueOfMetric('tidemark_window_rows')).toBe(250);
    expect(await valueOfMetric('tidemark_report_timestamp_seconds')).toBe((startMs + windowMs) / 1000);
    expect(await valueOfMetric('tidemark_model_info', { version })).toBe(1);
    expect(await valueOfMetric('tidemark_model_deployed_timestamp_seconds')).toBe(startMs / 1000);
    expect(
      await valueOfMetric('tidemark_retrain_runs_total', { outcome: 'rejected', trigger: 'unknown' }),
    ).toBe(1);
    expect(await valueOfMetric('tidemark_feature_psi', { feature: 'weight' })).toBeGreaterThan(1);
    expect(await valueOfMetric('tidemark_feature_psi', { feature: 'depth' })).toBeLessThan(0.3);
    expect(await valueOfMetric('tidemark_data_drift')).toBe(
      await valueOfMetric('tidemark_feature_psi', { feature: 'weight' }),
    );
    expect(await valueOfMetric('tidemark_feature_drift', { feature: 'weight' })).toBe(1);
    expect(await valueOfMetric('tidemark_feature_drift', { feature: 'depth' })).toBe(0);
    expect(await valueOfMetric('tidemark_feature_missing_ratio', { feature: 'weight' })).toBe(0);
    expect(await valueOfMetric('tidemark_drift_features_critical')).toBeGreaterThanOrEqual(1);
    const { rmse } = (await readBaseline(deps, 'small', version)).manifest.metrics;
    expect(await valueOfMetric('tidemark_model_metric', { metric: 'rmse' })).toBe(rmse);
  });

  test('a window without labels has its estimated loss beside the held-out one, and no realised one', async () => {
    await addTraffic(deps, 'small', version, smallRows(250, 6, { from: startMs }), { isLabelled: false });
    await closeUntil(deps, 'small', startMs + windowMs);
    await createMonitorHandler(deps)({
      detail: { model: 'small', windows: [{ start: startMs, end: startMs + windowMs }] },
    });
    const loss = (dataset: string) => valueOfMetric('tidemark_model_loss', { dataset });
    const { mae } = (await readBaseline(deps, 'small', version)).manifest.metrics;
    expect(await loss('baseline')).toBeCloseTo(mae!, 6);
    expect(Math.abs((await loss('estimated'))! / mae! - 1)).toBeLessThan(0.2);
    expect(await valueOfMetric('tidemark_estimated_loss_standard_error')).toBeGreaterThan(0);
    expect(await loss('window')).toBeUndefined();
  });

  test('batches are paused from the switch to the switch, and not of a model nobody ever paused', async () => {
    await live();
    expect(await valueOfMetric('tidemark_batch_paused')).toBe(0);
    const turn = (paused: boolean) => changePause(deps, 'small', { paused, actor: 'ann', reason: 'r' });
    await turn(true);
    expect(await valueOfMetric('tidemark_batch_paused')).toBe(1);
    await turn(false);
    expect(await valueOfMetric('tidemark_batch_paused')).toBe(0);
  });

  test('drift is confirmed as its kind only, and only once it is', async () => {
    await live();
    for (const kind of ['drift', 'data_incident', 'performance_drop'])
      expect(await valueOfMetric('tidemark_drift_confirmed', { kind })).toBe(0);
    const next = smallRows(250, 7, { from: startMs + windowMs, shift: 2 });
    await addTraffic(deps, 'small', version, next, { blob: 'next' });
    await closeUntil(deps, 'small', startMs + 2 * windowMs);
    const window = { start: startMs + windowMs, end: startMs + 2 * windowMs };
    await createMonitorHandler(deps)({ detail: { model: 'small', windows: [window] } });
    expect(await valueOfMetric('tidemark_drift_confirmed', { kind: 'drift' })).toBe(1);
    expect(await valueOfMetric('tidemark_drift_last_timestamp_seconds')).toBe(
      (startMs + 2 * windowMs) / 1000,
    );
    expect(await valueOfMetric('tidemark_drift_confirmed', { kind: 'data_incident' })).toBe(0);
  });

  test('a model without a champion or a report has what is known of it, and no invented zeros', async () => {
    deps = memoryDeps();
    await deps.state.putIfAbsent(stateKeys.record('bare'), smallRecord({ name: 'bare' }));
    const { samples } = await scrape();
    expect(await valueOfMetric('tidemark_model_info', { version: 'none' })).toBe(1);
    expect(await valueOfMetric('tidemark_model_loaded')).toBe(0);
    const gauges = new Set(
      samples.map(({ name }) => name).filter((name) => !/_(total|bucket|sum|count)$/.test(name)),
    );
    expect([...gauges]).toEqual([
      'tidemark_model_info',
      'tidemark_model_loaded',
      'tidemark_batch_paused',
      'tidemark_threshold',
      'tidemark_retrain_in_progress',
      'tidemark_retrain_cooldown_remaining_seconds',
      'tidemark_publisher_heartbeat_timestamp_seconds',
      'tidemark_unreadable_models',
      'tidemark_publisher_series',
    ]);
  });

  test('every counter and bucket is there with 0 from registration on, for each label it will have', async () => {
    deps = memoryDeps();
    const bare = smallRecord({ name: 'bare', task: 'classification' });
    await deps.state.putIfAbsent(stateKeys.record('bare'), bare);
    const { samples, types } = await scrape();
    const zero = samples.filter(({ name }) => types.get(familyOf(name)) !== 'gauge');
    expect(zero.filter(({ value }) => value !== 0)).toEqual([]);
    const labelsOfZero = (name: string, label: string) =>
      zero.filter((one) => one.name === name).map(({ labels }) => labels[label]);
    expect(labelsOfZero('tidemark_requests_total', 'outcome')).toEqual(['answered', 'refused', 'failed']);
    expect(labelsOfZero('tidemark_predicted_classes_total', 'class')).toEqual(['high', 'low', 'other']);
    expect(labelsOfZero('tidemark_request_failures_total', 'status')).toContain('422');
    expect(labelsOfZero('tidemark_request_duration_seconds_bucket', 'le')).toEqual([
      '0.005',
      '0.01',
      '0.025',
      '0.05',
      '0.1',
      '0.25',
      '0.5',
      '1',
      '2',
      '5',
      '10',
      '+Inf',
    ]);
    expect(labelsOfZero('tidemark_prediction_confidence_bucket', 'le')).toContain('0.55');
    const runs = zero.filter(({ name }) => name === 'tidemark_retrain_runs_total');
    expect(runs.map(({ labels }) => `${labels.trigger} ${labels.outcome}`)).toContain('operator promoted');
  });

  test('a change of policy changes the limits alerts compare with, and nothing else has to', async () => {
    const limit = (name: string) => valueOfMetric('tidemark_threshold', { name });
    expect(await limit('psi_critical')).toBe(0.3);
    expect(await limit('latency_seconds')).toBe(2);
    expect(await limit('report_age_seconds')).toBe((2 * windowMs + 60_000 + 90_000 + 600_000) / 1000);
    await deps.state.delete(stateKeys.record('small'));
    const changed = smallRecord({ monitor: { window_ms: windowMs, psi_critical: 0.5, max_latency_ms: 250 } });
    await deps.state.putIfAbsent(stateKeys.record('small'), changed);
    expect(await limit('psi_critical')).toBe(0.5);
    expect(await limit('latency_seconds')).toBe(0.25);
  });

  test('a run under way is in progress, in its step; afterwards it is counted once, by its trigger', async () => {
    await beginRun(deps, model, 'retrain:1', { force: false });
    const stage = { status: 'running', startedAt: startMs } as const;
    deps.pipelines.set('retrain:1', 'RUNNING', {
      stages: [
        { ...stage, name: 'Snapshot', status: 'succeeded' },
        { ...stage, name: 'TrainCandidates' },
        { ...stage, name: 'TrainCandidates[0].Train' },
      ],
    });
    expect(await valueOfMetric('tidemark_retrain_in_progress')).toBe(1);
    const { samples } = await scrape();
    expect(
      samples.filter(({ name }) => name === 'tidemark_retrain_stage').map(({ labels }) => labels.stage),
    ).toEqual(['TrainCandidates']);
    await appendLedger(deps, 'small', {
      at: startMs,
      action: 'retrain',
      actor: 'monitor',
      reason: 'drift',
      detail: { execution: 'retrain:1', trigger: 'DriftConfirmed' },
    });
    deps.clock.ms += 90_000;
    await endRun(deps, model, 'retrain:1', 'promoted', {});
    const counted = () =>
      valueOfMetric('tidemark_retrain_runs_total', { trigger: 'DriftConfirmed', outcome: 'promoted' });
    expect([await counted(), await counted(), await counted()]).toEqual([1, 1, 1]);
    expect(await valueOfMetric('tidemark_retrain_in_progress')).toBe(0);
    expect(await valueOfMetric('tidemark_pipeline_run_duration_seconds')).toBe(90);
    expect(await valueOfMetric('tidemark_retrain_cooldown_remaining_seconds')).toBe(43_200);
    deps.clock.ms += 43_200_000;
    expect(await valueOfMetric('tidemark_retrain_cooldown_remaining_seconds')).toBe(0);
  });

  test('the scores of data and concept drift are -1 where they could not be computed, never an invented 0', async () => {
    await live();
    const [figures] = (await collect()).models;
    const score = async (lastReport: Partial<LastReport>) => {
      const text = await printed([{ ...figures!, lastReport: { ...figures!.lastReport!, ...lastReport } }]);
      const of = (name: string) => parse(text).samples.find((one) => one.name === name)?.value;
      return [of('tidemark_data_drift'), of('tidemark_concept_drift')];
    };
    expect(await score({ features: [], lossChange: null })).toEqual([-1, -1]);
    const features = figures!.lastReport!.features.map((feature) => ({ ...feature, psi: null }));
    expect(await score({ features, lossChange: -1 })).toEqual([-1, 0]);
    expect(await score({ lossChange: 0.25 })).toEqual([expect.any(Number), 0.25]);
  });

  test.each(['{ half', '{}'])('a damaged report (%s) costs its own figures only', async (text) => {
    await live();
    const [before] = (await collect()).models;
    await deps.objects.put(objectKeys.report(before!.model, before!.lastReport!.id), Buffer.from(text));
    const [after] = (await collect()).models;
    expect(after).toMatchObject({ model: before!.model, champion: before!.champion, lastReport: null });
  });

  test('a feature name with quotes, backslashes and line ends is escaped', async () => {
    const [figures] = (await collect()).models;
    const feature = { channel: 'feature', level: 'stable', jsDistance: null, pValue: null, missing: 0 };
    const name = 'a"b\\c\nd';
    const lastReport = {
      id: 'x',
      windowEnd: 0,
      rows: 1,
      level: 'stable',
      kind: 'none',
      confirmed: false,
      labels: 0,
      referenceRows: 0,
      findings: [],
      loss: null,
      estimatedLoss: null,
    } as const;
    const more = {
      hardFailures: 0,
      softFailures: 0,
      features: [{ ...feature, name, psi: 0.5 }],
      lossChange: null,
      attribution: null,
    };
    const text = await printed([{ ...figures!, lastReport: { ...lastReport, ...more } }]);
    expect(parse(text).samples.find((one) => one.name === 'tidemark_feature_psi')?.labels.feature).toBe(
      'a\\"b\\\\c\\nd',
    );
  });
});

describe('a model with more versions than have a series', () => {
  const counts = (upTo: number) =>
    Object.fromEntries(Array.from({ length: upTo }, (_, at) => [`v${at + 1}`, at + 1]));
  const shown = (upTo: number, champion: string) => {
    const { counters } = modelFigures('prices', 1);
    const many = { ...counters, predictions: counts(upTo), labels: counts(upTo) };
    const figures = figuresOf([modelFigures('prices', 1, { champion, counters: many })], startMs);
    for (const { metric, series } of seriesByMetric(figures))
      if (metric.name === 'tidemark_predictions_total') return series.map(({ labels }) => labels.version);
    return [];
  };

  test('of 20 every one is shown, of 21 the oldest is left out', () => {
    expect(shown(20, 'v20')).toEqual(Object.keys(counts(20)));
    expect(shown(21, 'v21')).toEqual(Object.keys(counts(21)).slice(1));
  });

  test('one that serves again is shown however old it is', () => {
    expect(shown(30, 'v2')).toEqual(['v2', ...Object.keys(counts(30)).slice(11)]);
  });
});

test('a figure that is no number has no series: JSON keeps an infinite one as null', async () => {
  const heldOut = { mae: 0.5, r2: null as unknown as number, mape: Number.POSITIVE_INFINITY };
  const page = await exposition(figuresOf([modelFigures('prices', 1, { heldOut })], startMs));
  const lines = page.split('\n').filter((line) => line.startsWith('tidemark_model_metric{'));
  expect(lines).toEqual(['tidemark_model_metric{model="prices",env="test",metric="mae"} 0.5']);
});
