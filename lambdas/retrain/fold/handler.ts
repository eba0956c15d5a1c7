/** Of a search, once per fold: what each of the trainer's settings loses on rows it has not seen. */
import type { Deps } from '#shared/deps.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { assemble } from '#shared/retrain/candidates.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';
import { foldLosses } from '#shared/retrain/search.ts';
import { withTrainingThreads } from '#shared/retrain/training-threads.ts';
import { blockFolds } from '#shared/training/folds.ts';

export interface FoldEvent {
  readonly execution: string;
  readonly model: string;
  readonly snapshot: { readonly recent: string };
  readonly fold: { readonly at: number; readonly of: number };
}

export function createFoldHandler(deps: Deps) {
  return async ({ model: name, snapshot, fold }: FoldEvent) => {
    const model = await resolveModel(deps, name);
    const recent = await readLabelled(deps, snapshot.recent);
    const rows = assemble('recent', model.schema, { recent, baseline: [] });
    const cut = blockFolds(recent.length, fold.of)[fold.at]!;
    // JSON has no infinity: null is a setting that could not be fitted
    const losses = await withTrainingThreads(deps, recent.length, (more) =>
      foldLosses(rows, cut, model.retrain.trainer, { seed: 1, ...more }),
    );
    return { fold: fold.at, losses: losses.map((loss) => (Number.isFinite(loss) ? loss : null)) };
  };
}
