/** The state of every model as plain figures: what /metrics, /metrics/summary and the publisher show. */
import { readCounters, readGranuleCursor } from '../capture/rollup.ts';
import type { Deps } from '../deps.ts';
import type { ModelRecord } from '../registry/model.ts';
import { readPause } from '../registry/pause.ts';
import { findVersion, listModels, readPointer } from '../registry/registry.ts';
import { readRunTotals } from '../registry/run-totals.ts';
import type { Figures, ModelFigures } from './figures.ts';
import { readPublisherState } from './publisher-state.ts';
import { createReportFigures } from './report-figures.ts';
import { requestFigures } from './request-figures.ts';
import { readRetrain } from './retrain-figures.ts';
import { thresholdsOf } from './thresholds.ts';

export type Collect = () => Promise<Figures>;

/** Made once per process: what never changes, reports, is read once. */
export function createCollector(deps: Deps): Collect {
  const reportFigures = createReportFigures(deps);
  const { ENVIRONMENT, GRANULE_MS, GRANULE_GRACE_MS } = deps.settings;

  async function figuresOf(record: ModelRecord): Promise<ModelFigures> {
    const { name } = record;
    const pointer = await readPointer(deps, name);
    const [version, reports, counters, cursor, totals, retrain, pause] = await Promise.all([
      pointer ? findVersion(deps, name, pointer.champion) : undefined,
      reportFigures(name, pointer?.champion),
      readCounters(deps, name),
      readGranuleCursor(deps, name),
      readRunTotals(deps, name),
      readRetrain(deps, name),
      readPause(deps, name),
    ]);
    return {
      model: name,
      environment: ENVIRONMENT,
      champion: pointer?.champion ?? null,
      deployedAt: pointer?.change.at ?? null,
      batchPaused: pause?.paused ?? false,
      heldOut: version?.metrics ?? {},
      thresholds: thresholdsOf(record, GRANULE_MS + GRANULE_GRACE_MS),
      counters,
      ...requestFigures(record, counters),
      countedUntil: cursor.rolled > 0 ? cursor.rolled : null,
      ...reports,
      runs: totals.byOutcome,
      endedRuns: totals.ended,
      retrain: { ...retrain, lastRun: totals.last },
    };
  }

  return async () => {
    const [models, publisher] = await Promise.all([listModels(deps), readPublisherState(deps)]);
    return {
      deployment: {
        environment: ENVIRONMENT,
        collectedAt: deps.now(),
        publisher: {
          series: publisher.series,
          rejected: publisher.rejectedTotal,
          failures: publisher.failures,
        },
      },
      models: await Promise.all(models.map(figuresOf)),
    };
  };
}
