/** The search for hyper-parameters: a trainer's few settings, each fitted on every fold of the training rows. */
import { takeRows } from '../schema/columns.ts';
import { chooseSetting, type Fold } from '../training/folds.ts';
import type { TrainerKind } from '../training/trainer-kind.ts';
import { TrainingDataError, type TrainingTarget } from '../training/training-target.ts';
import type { TreeThreads } from '../training/tree-threads.ts';

import { meanLoss, type TrainingRows } from './fit-sized.ts';
import { trainerNamed } from './trainers.ts';

/**
 * One fold: the mean loss of each setting on rows that its fit did not see, nor its size was chosen on: the fold's
 * training rows are cut once more for that.
 *
 * @returns by setting, in the trainer's order; infinite where it could not be fitted
 */
export function foldLosses(
  { data, target, weights }: TrainingRows,
  fold: Fold,
  kind: TrainerKind,
  options: {
    readonly seed: number;
    readonly threads?: TreeThreads;
    readonly onSetting?: (done: number, of: number) => void;
  },
): number[] {
  const trainer = trainerNamed(kind);
  const cut = Math.ceil(0.85 * fold.training.length);
  const rows = { inner: fold.training.subarray(0, cut), stop: fold.training.subarray(cut) };
  const inner = takeRows(data, rows.inner);
  const innerTarget = takeTarget(target, rows.inner);
  const validation = { data: takeRows(data, rows.stop), target: takeTarget(target, rows.stop) };
  const judged = takeRows(data, fold.validation);
  const truth = takeTarget(target, fold.validation);
  const settings = trainer.settings(data.rows);
  return settings.map((setting, at) => {
    try {
      const model = trainer.fit(inner, innerTarget, {
        settings: setting,
        seed: options.seed,
        validation,
        ...(weights ? { weights: Float32Array.from(rows.inner, (row) => weights[row]!) } : {}),
        ...(options.threads ? { threads: options.threads } : {}),
      });
      return meanLoss(trainer.predict(model, judged), truth);
    } catch (error) {
      // a class that is not in the fold: this fold says nothing good of the setting, the others may
      if (error instanceof TrainingDataError) return Number.POSITIVE_INFINITY;
      throw error;
    } finally {
      options.onSetting?.(at + 1, settings.length);
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

/** The target of some rows. */
export function takeTarget(target: TrainingTarget, rows: ArrayLike<number>): TrainingTarget {
  if (target.task === 'regression')
    return { task: 'regression', values: Float64Array.from(rows, (row) => target.values[row]!) };
  return { ...target, labels: Int32Array.from(rows, (row) => target.labels[row]!) };
}
