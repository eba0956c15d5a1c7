/** Every minute: close granules, explain and claim the windows that are due, tell the monitor. A missed tick catches up, a doubled one is harmless. */
import { closeGranules } from '#shared/capture/rollup.ts';
import type { Deps } from '#shared/deps.ts';
import { createWindowExplainer } from '#shared/monitoring/explain-windows.ts';
import { createAnchorsCache } from '#shared/registry/baseline.ts';
import { readModels } from '#shared/registry/registry.ts';
import { announceDueWindows } from '#shared/windows/claim.ts';

/** Of a tick's two minutes, for all models together. */
const explainMs = 30_000;

export interface TickResult {
  readonly granules: number;
  readonly windows: number;
  readonly failed: readonly string[];
}

export function createTickHandler(deps: Deps): () => Promise<TickResult> {
  const anchorsOf = createAnchorsCache(deps);
  const explainWindows = createWindowExplainer(deps);
  return async () => {
    const closedBefore = await deps.streamClosedBefore();
    let granules = 0;
    let windows = 0;
    const failed: string[] = [];
    const explainUntil = performance.now() + explainMs;
    const isOver = () => performance.now() > explainUntil;
    const { models, unreadable } = await readModels(deps);
    failed.push(...unreadable);
    for (const model of unreadable) deps.log('error', 'the record of a model cannot be read', { model });
    for (const model of models) {
      try {
        granules += await closeGranules(deps, model.name, closedBefore, anchorsOf);
        await explainWindows(model, isOver);
        windows += (await announceDueWindows(deps, model)).length;
      } catch (error) {
        // one model's trouble is not its neighbours'
        failed.push(model.name);
        deps.log('error', 'tick failed for a model', { model: model.name, error: String(error) });
      }
    }
    return { granules, windows, failed };
  };
}
