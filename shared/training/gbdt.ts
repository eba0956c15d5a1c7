/** Trains gradient-boosted trees on columns: the trainer behind `tidemark train` and the retraining pipeline. */

import type { Column, Columns } from '#shared/schema/columns.ts';
import { type BinnedColumn, binCodes, binColumn } from './binning.ts';
import { type ColumnEncoding, encodeColumn } from './column-encoding.ts';
import { startBoosting } from './gbdt-boosting.ts';
import { learnCategories } from './gbdt-encoding.ts';
import { startingScores } from './gbdt-loss.ts';
import type { GbdtModel, GbdtTree } from './gbdt-model.ts';
import { watchValidation } from './gbdt-validation.ts';
import { checkOption, checkTrainingData, normalisedWeights } from './training-check.ts';
import type { TrainingTarget } from './training-target.ts';
import type { GrowOptions } from './tree-growing.ts';

export type { GbdtModel } from './gbdt-model.ts';
export { predictGbdt } from './gbdt-predict.ts';

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
  /** One per row, at least 0; only their ratios matter. @default equal */
  readonly weights?: Float32Array;
  /** Rows to stop early on: the model keeps the rounds up to the one with the smallest loss on them. */
  readonly validation?: { readonly data: Columns; readonly target: TrainingTarget };
  /** Rounds without a smaller validation loss before training stops, at least 1. @default 20 */
  readonly earlyStoppingRounds?: number;
  /** Called after each round. */
  readonly onRound?: (done: number, total: number) => void;
}

type Settings = Required<Omit<GbdtOptions, 'weights' | 'validation' | 'onRound'>>;

const DEFAULTS: Settings = {
  rounds: 100,
  learningRate: 0.1,
  maxLeaves: 31,
  minRowsPerLeaf: 20,
  l2: 0,
  maxBins: 255,
  earlyStoppingRounds: 20,
};

/** Rough and quick: it only has to take out what the numeric columns explain. */
const PILOT = { rounds: 10, learningRate: 0.5, maxLeaves: 31 };

/**
 * Fits histogram gradient boosting: squared error for regression, logistic loss for two classes, cross-entropy for
 * more. Use it for tables of up to some million rows; it needs no scaling, imputing or one-hot encoding: `NaN` and
 * `null` are values of their own, whose side each split learns, and unseen categories follow the missing ones.
 * Everything is compared in float32, so `exportGbdt` gives an ONNX model that takes the same branches. The same input
 * gives the same model. Source: LightGBM (Ke et al. 2017) and scikit-learn's `HistGradientBoosting*`, whose defaults
 * it shares.
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
  const baseValues = startingScores(target, weights);
  const growing = {
    ...settings,
    minRowsPerLeaf: Math.min(settings.minRowsPerLeaf, Math.max(1, Math.floor(data.rows / 10))),
  };
  const numeric = data.columns.map((column) =>
    column.kind === 'numeric' ? binColumn(Float32Array.from(column.values), settings.maxBins) : undefined,
  );
  const pilot = () => pilotResiduals(numeric, target, weights, baseValues, { ...growing, ...PILOT });
  const columns = learnEncodings(data.columns, pilot, weights, settings.maxBins - 1);
  const binned = numeric.map((column, at) => column ?? binCategories(columns[at]!, data.columns[at]!));
  const boosting = startBoosting(binned, target, weights, baseValues, growing);
  const stopping =
    options.validation &&
    watchValidation(options.validation, target, columns, baseValues, settings.earlyStoppingRounds);
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
    task: target.task,
    classes,
    columns,
    baseValues,
    trees: trees.slice(0, rounds * baseValues.length),
  };
}

/**
 * Each column's share of the loss reduction by all splits, largest first. Splits on the training rows only, so it
 * favours columns with many distinct values; for a fair ranking permute columns of held-out rows.
 *
 * @returns one entry per column; shares add up to 1, and are equal where no tree has a split
 * @example
 * importance(model)[0]; // { name: 'carat', share: 0.82 }
 */
export function importance(model: GbdtModel): { name: string; share: number }[] {
  const gains = new Float64Array(model.columns.length);
  for (const tree of model.trees)
    tree.column.forEach((column, node) => {
      if (column >= 0) gains[column] = gains[column]! + tree.gain[node]!;
    });
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return model.columns
    .map(({ name }, column) => ({ name, share: total > 0 ? gains[column]! / total : 1 / gains.length }))
    .sort((one, other) => other.share - one.share);
}

function checkedSettings(options: GbdtOptions): Settings {
  const settings = { ...DEFAULTS, ...options };
  checkOption('rounds', settings.rounds, 1, 10_000, true);
  checkOption('learningRate', settings.learningRate, 0, 1, false);
  checkOption('maxLeaves', settings.maxLeaves, 2, 65_536, true);
  checkOption('minRowsPerLeaf', settings.minRowsPerLeaf, 1, Number.MAX_SAFE_INTEGER, true);
  checkOption('l2', settings.l2, 0, Number.MAX_VALUE, false);
  checkOption('maxBins', settings.maxBins, 3, 256, true);
  checkOption('earlyStoppingRounds', settings.earlyStoppingRounds, 1, Number.MAX_SAFE_INTEGER, true);
  return settings;
}

function learnEncodings(
  columns: readonly Column[],
  pilot: () => Float32Array,
  weights: Float32Array | undefined,
  maxCategories: number,
): ColumnEncoding[] {
  let values: Float32Array | undefined;
  return columns.map((column) => {
    if (column.kind === 'numeric') return { kind: 'numeric', name: column.name };
    values ??= pilot();
    const outputs = values.length / column.values.length;
    return learnCategories(column, { outputs, values, weights }, maxCategories);
  });
}

/** What a quick model of the numeric columns leaves unexplained; categories are ordered by it. */
function pilotResiduals(
  columns: readonly (BinnedColumn | undefined)[],
  target: TrainingTarget,
  weights: Float32Array | undefined,
  baseValues: Float32Array,
  options: GrowOptions & { readonly rounds: number },
): Float32Array {
  const numeric = columns.filter((column) => column !== undefined);
  const boosting = startBoosting(numeric, target, weights, baseValues, options);
  if (numeric.length > 0) for (let round = 0; round < options.rounds; round++) boosting.addRound();
  return boosting.residuals();
}

function binCategories(encoding: ColumnEncoding, column: Column): BinnedColumn {
  const count = encoding.kind === 'categorical' ? encoding.categories.length : 0;
  return binCodes(encodeColumn(encoding, column), count);
}
