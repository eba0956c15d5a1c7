/** Trains gradient-boosted trees on columns: the trainer behind `tidemark train` and the retraining pipeline. */

import type { Columns } from '#shared/schema/columns.ts';
import { binColumns, leafRows } from './binned-columns.ts';
import { learnEncodings } from './column-encoding.ts';
import { startBoosting } from './gbdt-boosting.ts';
import { lossFor, type RegressionLoss, startingScores } from './gbdt-loss.ts';
import type { GbdtModel, GbdtTree } from './gbdt-model.ts';
import { watchValidation } from './gbdt-validation.ts';
import { checkOption, checkTrainingData, normalisedWeights } from './training-check.ts';
import type { TrainingTarget } from './training-target.ts';
import type { TreeThreads } from './tree-threads.ts';

export type { GbdtModel } from './gbdt-model.ts';
export { predictGbdt } from './gbdt-predict.ts';
export { importance } from './tree-importance.ts';

export interface GbdtOptions {
  /** Boosting rounds, 1 to 10,000; with more than two classes each grows one tree per class. @default 100 */
  readonly rounds?: number;
  /** Share of each tree's correction that is applied, 0 to 1. @default 0.1 */
  readonly learningRate?: number;
  /** Most leaves of a tree, 2 to 65,536. @default 31 */
  readonly maxLeaves?: number;
  /** Fewest rows in a leaf, at least 1; never more than a tenth of all rows. @default 20 */
  readonly minRowsPerLeaf?: number;
  /** Added to each leaf's sum of hessians, which shrinks its value; at least 0. @default 0, as in scikit-learn */
  readonly l2?: number;
  /** Bins per column including the one for missing values, 3 to 256; caps the categories too. @default 255 */
  readonly maxBins?: number;
  /** What a regression minimises: 'squared' predicts means, 'absolute' medians. @default 'squared' */
  readonly loss?: RegressionLoss;
  /** Share of the rows, drawn anew for each round, that its trees are grown from, 0.01 to 1. @default 1 */
  readonly rowShare?: number;
  /** Share of the columns, drawn anew for each tree, that it may split, 0.01 to 1. @default 1 */
  readonly columnShare?: number;
  /** Decides which rows and columns are drawn: a whole number, 0 to 4,294,967,295. @default 0 */
  readonly seed?: number;
  /** One per row, at least 0; only their ratios matter. @default equal */
  readonly weights?: Float32Array;
  /** Rows to stop early on: the model keeps the rounds up to the one with the smallest loss on them. */
  readonly validation?: { readonly data: Columns; readonly target: TrainingTarget };
  /** Rounds without a smaller validation loss before training stops, at least 1. @default 20 */
  readonly earlyStoppingRounds?: number;
  /** Other threads that share the counting; the model is the same with and without. @default none */
  readonly threads?: TreeThreads;
  /** Called after each round. */
  readonly onRound?: (done: number, total: number) => void;
}

type Settings = Required<Omit<GbdtOptions, 'weights' | 'validation' | 'threads' | 'onRound'>>;

const DEFAULTS: Settings = {
  rounds: 100,
  learningRate: 0.1,
  maxLeaves: 31,
  minRowsPerLeaf: 20,
  l2: 0,
  maxBins: 255,
  loss: 'squared',
  rowShare: 1,
  columnShare: 1,
  seed: 0,
  earlyStoppingRounds: 20,
};

/**
 * Fits histogram gradient boosting: squared or absolute error for regression, logistic loss for two classes,
 * cross-entropy for more. Use it for tables of up to some million rows; it needs no scaling, imputing or one-hot
 * encoding: a split sends any set of categories left, `NaN` and `null` are values of their own, whose side each split
 * learns, and unseen categories follow the missing ones. Everything is compared in float32, so `exportGbdt` gives an
 * ONNX model that takes the same branches. The same input gives the same model. Source: LightGBM (Ke et al. 2017) and
 * scikit-learn's `HistGradientBoosting*`, whose defaults it shares.
 *
 * @param data - feature columns; an empty string in a categorical column is missing
 * @param target - one value or label per row
 * @throws TrainingDataError for data, targets, weights or options no model can be made of
 * @example
 * const model = fitGbdt(features, { task: 'regression', values: prices });
 * predictGbdt(model, features); // one predicted price per row
 */
export function fitGbdt(data: Columns, target: TrainingTarget, options: GbdtOptions = {}): GbdtModel {
  const settings = checkedSettings(options);
  checkTrainingData(data, target);
  const weights = options.weights && normalisedWeights(options.weights, data.rows);
  const baseValues = startingScores(target, weights, settings.loss);
  const columns = learnEncodings(data.columns, settings.maxBins - 1);
  const boosting = startBoosting(
    binColumns(data, columns, settings.maxBins),
    data.rows,
    lossFor(target, weights, settings.loss),
    baseValues,
    {
      ...settings,
      minRowsPerLeaf: leafRows(settings.minRowsPerLeaf, data.rows),
      threads: options.threads,
    },
  );
  const stopping =
    options.validation &&
    watchValidation(
      options.validation,
      target,
      columns,
      baseValues,
      settings.earlyStoppingRounds,
      settings.loss,
    );
  const trees: GbdtTree[] = [];
  for (let round = 1; round <= settings.rounds && !stopping?.isOver(); round++) {
    const added = boosting.addRound();
    trees.push(...added);
    stopping?.add(added);
    options.onRound?.(round, settings.rounds);
  }
  const classes = target.task === 'classification' ? [...target.classes] : [];
  const rounds = stopping?.bestRounds() ?? settings.rounds;
  return {
    kind: 'gbdt',
    task: target.task,
    classes,
    columns,
    baseValues,
    trees: trees.slice(0, rounds * baseValues.length),
  };
}

function checkedSettings(options: GbdtOptions): Settings {
  const settings = { ...DEFAULTS, ...options };
  checkOption('rounds', settings.rounds, 1, 10_000, true);
  checkOption('learningRate', settings.learningRate, 0, 1, false);
  checkOption('maxLeaves', settings.maxLeaves, 2, 65_536, true);
  checkOption('minRowsPerLeaf', settings.minRowsPerLeaf, 1, Number.MAX_SAFE_INTEGER, true);
  checkOption('l2', settings.l2, 0, Number.MAX_VALUE, false);
  checkOption('maxBins', settings.maxBins, 3, 256, true);
  checkOption('rowShare', settings.rowShare, 0.01, 1, false);
  checkOption('columnShare', settings.columnShare, 0.01, 1, false);
  checkOption('seed', settings.seed, 0, 2 ** 32 - 1, true);
  checkOption('earlyStoppingRounds', settings.earlyStoppingRounds, 1, Number.MAX_SAFE_INTEGER, true);
  return settings;
}
