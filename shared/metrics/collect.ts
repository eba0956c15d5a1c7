/** The state of every model as plain figures: what /metrics, /metrics/summary and the publisher show. */
import { readCanary } from '../canary/state.ts';
import { readCounters, readGranuleCursor } from '../capture/rollup.ts';
import type { Deps } from '../deps.ts';
import { readAlertCounters } from '../registry/alert-log.ts';
import type { ModelRecord } from '../registry/model.ts';
import { readPause } from '../registry/pause.ts';
import { findVersion, readModels, readPointer } from '../registry/registry.ts';
import { readRunTotals } from '../registry/run-totals.ts';
import { catalogue } from './catalogue.ts';
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

  /** One model that is damaged must not take the figures of all others away. */
  async function figuresUnlessDamaged(record: ModelRecord): Promise<ModelFigures | undefined> {
    try {
      const figures = await figuresOf(record);
      assertReadable(figures);
      return figures;
    } catch (error) {
      const detail = { model: record.name, error: String(error) };
      deps.log('error', 'the figures of a model cannot be read, and are left out', detail);
      return undefined;
    }
  }

  return async () => {
    const [{ models: records, unreadable }, publisher, notify, canary] = await Promise.all([
      readModels(deps),
      readPublisherState(deps),
      readAlertCounters(deps),
      deps.settings.CANARY === 'on' ? readCanary(deps) : undefined,
    ]);
    for (const model of unreadable) deps.log('error', 'the record of a model cannot be read', { model });
    const read = await Promise.all(records.map(figuresUnlessDamaged));
    return {
      deployment: {
        environment: ENVIRONMENT,
        unreadable: [
          ...unreadable,
          ...records.filter((_, at) => read[at] === undefined).map(({ name }) => name),
        ],
        collectedAt: deps.now(),
        publisher: {
          series: publisher.series,
          rejected: publisher.rejectedTotal,
          failures: publisher.failures,
        },
        notify,
        canary: canary
          ? {
              noticedAt: canary.noticedAt ?? null,
              dueAt: canary.dueAt,
              isFalseAlarm: canary.isFalseAlarm,
            }
          : null,
      },
      models: read.filter((figures) => figures !== undefined),
    };
  };
}

/** Figures that no samples can be made of are found here, where it is known whose they are. */
function assertReadable(figures: ModelFigures): void {
  for (const metric of catalogue) {
    if (metric.scope !== 'model') continue;
    for (const sample of metric.samples(figures)) {
      const value = 'histogram' in sample ? sample.histogram.counts.length : sample.value;
      if (typeof value !== 'number')
        throw new TypeError(`${metric.name} is ${JSON.stringify(value)}: a number is wanted`);
      for (const label in sample.labels)
        if (typeof sample.labels[label] !== 'string')
          throw new TypeError(`label ${label} of ${metric.name} is no text`);
    }
  }
}
