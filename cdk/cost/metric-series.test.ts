// The series the calculator charges for are those the catalogue has.
import { expect, test } from 'vitest';
import { createCollector } from '#shared/metrics/collect.ts';
import { figuresOf, reportFigures } from '#shared/metrics/figures.testing.ts';
import type { ModelFigures } from '#shared/metrics/figures.ts';
import { seriesByMetric } from '#shared/metrics/series.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { localLinks } from '../../observability/alerts/links.ts';
import { alertGroups } from '../../observability/alerts/registry.ts';
import { ruleGroupsOf } from '../../observability/alerts/render-rules.ts';
import { assumed } from './assumptions.ts';

/** A model in use: everything that the catalogue may have of it, but for what is wrong. */
async function modelInUse(): Promise<ModelFigures> {
  const deps = memoryDeps();
  await deps.state.putIfAbsent(stateKeys.record('small'), smallRecord({ task: 'classification' }));
  const bare = (await createCollector(deps)()).models[0]!;
  const [feature] = reportFigures(1).features;
  const outputs = ['prediction', 'confidence'].map((channel) => ({ ...feature!, name: channel, channel }));
  return {
    ...bare,
    ...{ champion: 'v1', deployedAt: 1, countedUntil: 1, lastDriftAt: 1 },
    heldOut: { accuracy: 0.9, error_rate: 0.1, rows: 100, log_loss: 0.3 },
    counters: { ...bare.counters, predictions: { v1: 1 }, labels: { v1: 1 } },
    lastReport: reportFigures(50, { features: [...reportFigures(50).features, ...outputs] }),
    retrain: {
      ...{ startedAt: 1, stages: ['Train'], cooldownMs: 0 },
      lastRun: {
        execution: 'a',
        startedAt: 0,
        endedAt: 1,
        outcome: 'promoted',
      },
    },
  } as ModelFigures;
}

function seriesOf(figures: ReturnType<typeof figuresOf>, scope: 'model' | 'deployment') {
  const counts = { minute: 0, four_minutes: 0, change: 0 };
  for (const { metric, series } of seriesByMetric(figures))
    if (metric.scope === scope) counts[metric.cadence] += series.length;
  return counts;
}

test('a model of 50 features has the series that are charged for, and the deployment its own', async () => {
  const figures = figuresOf([await modelInUse()], 0);
  const { modelSeries, deploymentSeries } = assumed;
  expect(seriesOf(figures, 'model')).toEqual({
    minute: modelSeries.minute,
    four_minutes: modelSeries.fourMinutes,
    change: modelSeries.change,
  });
  expect(seriesOf(figures, 'deployment')).toEqual({
    minute: deploymentSeries.minute,
    four_minutes: deploymentSeries.fourMinutes,
    change: 0,
  });
});

test('rules record the series that are charged for', () => {
  const recorded = { minute: 0, fourMinutes: 0, deployment: 0 };
  for (const group of alertGroups)
    for (const { interval, rules } of ruleGroupsOf(group, localLinks)) {
      const records = rules.filter((rule) => 'record' in (rule as object)).length;
      if (group.name === 'tidemark-meta') recorded.deployment += records;
      else recorded[interval === '4m' ? 'fourMinutes' : 'minute'] += records;
    }
  const { recordedSeries, deploymentRecorded } = assumed;
  expect(recorded).toEqual({ ...recordedSeries, deployment: deploymentRecorded });
  expect(recordedSeries.minute).toBeLessThanOrEqual(29);
});

test('20 models of 50 features stay below 60 million samples in 730 hours, a window a day each, rules included', () => {
  const { modelSeries, deploymentSeries, recordedSeries, deploymentRecorded } = assumed;
  const minutes = 43_800;
  const model =
    minutes * (modelSeries.minute + modelSeries.fourMinutes / 4 + modelSeries.change / 30) +
    30 * modelSeries.change;
  const deployment = minutes * (deploymentSeries.minute + deploymentSeries.fourMinutes / 4);
  const sent = 20 * model + deployment;
  expect(Math.round(sent)).toBe(37_443_450);
  const recorded =
    minutes * (20 * (recordedSeries.minute + recordedSeries.fourMinutes / 4) + deploymentRecorded);
  expect(Math.round(sent + recorded)).toBe(57_503_850);
  expect(sent + recorded).toBeLessThanOrEqual(60e6);
});
