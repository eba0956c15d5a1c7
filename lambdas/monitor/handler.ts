/** Due windows → reports, in time order; a confirmed verdict leaves as an event. Safe to repeat at any point. */
import * as z from 'zod';
import type { Deps } from '#shared/deps.ts';
import { announce, announceJudged } from '#shared/monitoring/announce.ts';
import { withChangePoint } from '#shared/monitoring/change-point.ts';
import { readExplained } from '#shared/monitoring/explained-rows.ts';
import { nextStep } from '#shared/monitoring/next-step.ts';
import { pauseBelowAccuracy } from '#shared/monitoring/pause-below-accuracy.ts';
import { buildReport } from '#shared/monitoring/report.ts';
import { earlierReports, type ReportEntry, storeReport } from '#shared/monitoring/report-index.ts';
import { updateItem } from '#shared/ports/update.ts';
import { createAnchorsCache, readBaseline } from '#shared/registry/baseline.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { type ModelRecord, modelRecordSchema } from '#shared/registry/model.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { releaseWindowClaim } from '#shared/windows/claim.ts';
import type { Window } from '#shared/windows/due.ts';
import { quietBefore, readWindow } from '#shared/windows/read-window.ts';
import { storePage } from './store-page.ts';

const eventSchema = z.object({
  detail: z.object({ model: z.string(), windows: z.array(z.object({ start: z.number(), end: z.number() })) }),
});

/** Hours of the day need several days of windows to tell what is usual. */
const earlierWindows = 200;

export function createMonitorHandler(deps: Deps) {
  const anchorsOf = createAnchorsCache(deps);
  return async (event: unknown): Promise<{ reports: string[] }> => {
    const { model: name, windows } = eventSchema.parse(event).detail;
    // parsed, so that a record from before a setting existed has its default
    const model = modelRecordSchema.parse(await resolveModel(deps, name));
    const reports: string[] = [];
    for (const window of windows) {
      for (const entry of await judge(model, window)) reports.push(entry.id);
      await updateItem<{ next: number }>(deps.state, stateKeys.windowCursor(model.name), (before) =>
        before && before.next >= window.end ? undefined : { next: window.end },
      );
    }
    await releaseWindowClaim(deps, model.name);
    return { reports };
  };

  async function judge(model: ModelRecord, window: Window): Promise<ReportEntry[]> {
    const merged = await readWindow(deps, model.name, window, anchorsOf);
    const quietMs = await quietBefore(deps, model.name, window);
    const entries: ReportEntry[] = [];
    for (const [version, part] of merged?.versions ?? []) {
      try {
        const baseline = await readBaseline(deps, model.name, version);
        const judged = buildReport({
          model: model.name,
          version,
          environment: deps.settings.ENVIRONMENT,
          window,
          baseline,
          current: part.profile,
          segments: part.segments,
          rows: part.predictions,
          labels: part.labels,
          late: merged?.late ?? 0,
          quietMs,
          explained: await readExplained(deps, model.name, version, window),
          monitor: model.monitor,
          earlier: await earlierReports(deps, model.name, version, window.start, earlierWindows),
        });
        const report = await withChangePoint(deps, model, judged, baseline, anchorsOf);
        const next = await nextStep(deps, model, report);
        const entry = await storeReport(deps, { ...report, next });
        await announce(deps, model, entry);
        const judgedWindow = { version, window, baseline, current: part.profile, report: entry.id };
        const paused = await pauseBelowAccuracy(deps, model, judgedWindow);
        if (paused !== undefined)
          deps.log('warn', 'batch predictions paused', { model: model.name, reason: paused });
        await announceJudged(deps, model, entry);
        await storePage(deps, model.name, entry.id);
        entries.push(entry);
      } catch (error) {
        // a version whose baseline is gone must not hide the others
        if ((error as Error).name !== 'ArtefactError') throw error;
        deps.measure('FailedReports', 1);
        deps.log('error', 'a version could not be judged', {
          model: model.name,
          version,
          error: String(error),
        });
      }
    }
    return entries;
  }
}
