/** A fit whose size (rounds, epochs) rows decide that it has not seen: the inner fit of every training. */
import type { TrainerKind } from '../training/trainer-kind.ts';
import type { TrainingTarget } from '../training/training-target.ts';
import type { TreeThreads } from '../training/tree-threads.ts';
import { type TrainedModel, type TrainerSettings, trainerNamed } from './trainers.ts';
import { type TrainingRows, withoutLoneRows } from './training-rows.ts';

export interface SizedFit {
  readonly model: TrainedModel;
  readonly settings: TrainerSettings;
  /** Of the final fit. */
  readonly rounds: number;
  /** Mean loss (squared error, or cross-entropy) on the validation rows of a fit that had not seen them. */
  readonly validationLoss: number;
}

export interface FitOptions {
  readonly trainer: TrainerKind;
  /** Which of the trainer's settings for so many rows. @default 0, the default ones */
  readonly setting?: number;
  /** Fixed instead of found. */
  readonly rounds?: number;
  readonly seed: number;
  readonly threads?: TreeThreads;
  /** Of both fits together, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/**
 * Fits twice: on part of the rows, to find the size at which the loss on the others is smallest, and then on all rows
 * with that size.
 *
 * @param inner - the rows without those of `validation`
 * @param whole - all of them
 */
export function fitSized(
  inner: TrainingRows,
  validation: TrainingRows,
  whole: TrainingRows,
  { trainer: kind, setting = 0, rounds, seed, threads, onProgress }: FitOptions,
): SizedFit {
  const trainer = trainerNamed(kind);
  const settings = trainer.settings(whole.data.rows)[setting]!;
  const fitOn = ({ data, target, weights }: TrainingRows, more: object, done: number) =>
    trainer.fit(data, target, {
      settings,
      seed,
      ...(weights ? { weights } : {}),
      ...(threads ? { threads } : {}),
      onRound: (round, of) => onProgress?.((done + round / of) / 2),
      ...more,
    });
  const probe = fitOn(
    withoutLoneRows(inner),
    rounds === undefined ? { validation: { data: validation.data, target: validation.target } } : { rounds },
    0,
  );
  const found = rounds ?? (trainer.isSized ? Math.max(1, trainer.rounds(probe)) : undefined);
  const model = fitOn(whole, found === undefined ? {} : { rounds: found }, 1);
  return {
    model,
    settings,
    rounds: trainer.rounds(model),
    validationLoss: meanLoss(trainer.predict(probe, validation.data), validation.target),
  };
}

/** Mean squared error, or cross-entropy, of what a trainer's `predict` gives. */
export function meanLoss(outputs: Float32Array, target: TrainingTarget): number {
  const rows = target.task === 'regression' ? target.values.length : target.labels.length;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    if (target.task === 'regression') sum += (outputs[row]! - target.values[row]!) ** 2;
    else sum -= Math.log(Math.max(outputs[row * target.classes.length + target.labels[row]!]!, 1e-7));
  }
  return sum / Math.max(1, rows);
}
