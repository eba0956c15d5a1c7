/** The search for hyper-parameters: a trainer's few settings, each fitted on every fold of the training rows. */
import { chooseSetting, type Fold } from '../training/folds.ts';
import type { TrainerKind } from '../training/trainer-kind.ts';
import { TrainingDataError } from '../training/training-target.ts';
import type { TreeThreads } from '../training/tree-threads.ts';
import { meanLoss } from './fit-sized.ts';
import { trainerNamed } from './trainers.ts';
import { type TrainingRows, takeTrainingRows, withoutLoneRows } from './training-rows.ts';

const MIN_FOLD_ROWS = 20;

/** How many folds a run is searched by: as its policy says, and none where one would have too few rows to tell settings apart. */
export function searchFolds(wanted: number, rows: number): number {
  return rows < wanted * MIN_FOLD_ROWS ? 0 : wanted;
}

/**
 * One fold: the mean loss of each setting on rows that its fit did not see, nor its size was chosen on.
 *
 * @returns by setting, in the trainer's order; infinite where it could not be fitted
 */
export function foldLosses(
  rows: TrainingRows,
  fold: Fold,
  kind: TrainerKind,
  options: {
    readonly seed: number;
    readonly threads?: TreeThreads;
    /** Of all settings together, 0 to 1. */
    readonly onProgress?: (share: number) => void;
  },
): number[] {
  const trainer = trainerNamed(kind);
  const inner = withoutLoneRows(takeTrainingRows(rows, fold.training));
  const validation = takeTrainingRows(rows, fold.stopping);
  const judged = takeTrainingRows(rows, fold.validation);
  const settings = trainer.settings(rows.data.rows);
  return settings.map((setting, at) => {
    try {
      const model = trainer.fit(inner.data, inner.target, {
        settings: setting,
        seed: options.seed,
        validation,
        ...(inner.weights ? { weights: inner.weights } : {}),
        ...(options.threads ? { threads: options.threads } : {}),
        onRound: (done, of) => options.onProgress?.((at + done / of) / settings.length),
      });
      return meanLoss(trainer.predict(model, judged.data), judged.target);
    } catch (error) {
      // one class alone, or a constant target: this fold says nothing good of the setting, the others may
      if (error instanceof TrainingDataError) return Number.POSITIVE_INFINITY;
      throw error;
    }
  });
}

/** One fold's answer as JSON; `null` is a setting that could not be fitted. */
export interface FoldLosses {
  readonly losses: readonly (number | null)[];
}

/** Which of the settings a search chose; the first, the default ones, without a search. */
export function settingFrom(search: readonly FoldLosses[]): number {
  if (search.length === 0) return 0;
  return chooseSetting(search.map((fold) => fold.losses.map((loss) => loss ?? Number.POSITIVE_INFINITY)))
    .chosen;
}
