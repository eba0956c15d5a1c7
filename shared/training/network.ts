/** Trains softmax regression, linear regression and multi-layer perceptrons: the trainer for images, embeddings and small data. */

import type { Columns } from '#shared/schema/columns.ts';
import { encodeRows, layoutOf, learnFeatures } from './network-features.ts';
import { networkTarget, validationTarget } from './network-loss.ts';
import type { NetworkModel } from './network-model.ts';
import { trainLayers } from './network-training.ts';
import { checkOption, checkTrainingData, checkValidationData, normalisedWeights } from './training-check.ts';
import { TrainingDataError, type TrainingTarget } from './training-target.ts';

export type { NetworkModel } from './network-model.ts';
export { predictNetwork } from './network-predict.ts';

export interface NetworkOptions {
  /**
   * Units of each hidden layer, up to 4 layers of 1 to 4096; none is softmax or linear regression.
   * @default none below 200 rows, 64 up to 20,000 rows, 64 and 32 above
   */
  readonly hidden?: readonly number[];
  /** Passes over the rows, 1 to 10,000. @default as many as make 3000 steps, 20 to 300 */
  readonly epochs?: number;
  /** Rows per step, 1 to 65,536. @default 32, with over 20,000 rows 256 */
  readonly batchRows?: number;
  /** Adam's first step size, above 0 and up to 1000; falls to 0 while training. @default 0.01, without hidden layers 0.02 */
  readonly learningRate?: number;
  /** Penalty on the weights, added to the mean loss as `l2 / 2 · ‖weights‖²`, 0 to 1000. @default 1 / rows, scikit-learn's C = 1 */
  readonly l2?: number;
  /** One per row, at least 0; only their ratios matter. @default equal */
  readonly weights?: Float32Array;
  /** Rows to stop early on: the model keeps the epoch with the smallest loss on them. */
  readonly validation?: { readonly data: Columns; readonly target: TrainingTarget };
  /** Epochs without a smaller validation loss before training stops, at least 1. @default 20 */
  readonly patience?: number;
  /** Any whole number: decides the first weights and the order of the rows. @default 1 */
  readonly seed?: number;
  /** Called after each epoch; starts again from 1 when the learning rate proves too high. */
  readonly onRound?: (done: number, total: number) => void;
}

type Settings = Required<Omit<NetworkOptions, 'weights' | 'validation' | 'onRound'>>;

const MANY_ROWS = 20_000;
/** A learning rate that fails is divided by 10 so many times. */
const RETRIES = 3;

/**
 * Fits a network with Adam on mini-batches: cross-entropy for classes, squared error for a number. Use it for images
 * and embeddings, where trees do badly, and for small or linear data. Numbers are standardised and clipped to 10
 * standard deviations; missing ones count as the mean and, if training had any, have an indicator of their own;
 * categories are one-hot encoded. `exportNetwork` puts all of it into the ONNX graph. The same input and seed give the
 * same model. Source: Kingma and Ba 2015 (Adam), He et al. 2015 (initialisation).
 *
 * @param data - feature columns; an empty string in a categorical column is missing
 * @param target - one value or label per row
 * @throws TrainingDataError for data, targets, weights or options no model can be made of, and when the loss diverges at
 *   every learning rate tried
 * @example
 * const model = fitNetwork(pixels, { task: 'classification', labels, classes }, { hidden: [64] });
 * predictNetwork(model, pixels); // one probability per row and class
 */
export function fitNetwork(
  data: Columns,
  target: TrainingTarget,
  options: NetworkOptions = {},
): NetworkModel {
  checkTrainingData(data, target);
  const settings = checkedSettings(options, data.rows);
  const weights = options.weights && normalisedWeights(options.weights, data.rows);
  if (options.validation) checkValidationData(options.validation.data, options.validation.target, target);
  const columns = learnFeatures(data, weights);
  const learned = networkTarget(target, weights);
  const training = { rows: data.rows, encoded: encodeRows(columns, data), target: learned };
  const validation = options.validation && {
    rows: options.validation.data.rows,
    encoded: encodeRows(columns, options.validation.data),
    target: validationTarget(options.validation.target, learned),
  };
  const layout = layoutOf(columns);
  for (let retry = 0; retry <= RETRIES; retry++) {
    const learningRate = settings.learningRate / 10 ** retry;
    const attempt = { ...settings, learningRate, onRound: options.onRound };
    const trained = trainLayers(layout, training, weights, validation, attempt);
    if (trained === undefined) continue;
    const classes = target.task === 'classification' ? [...target.classes] : [];
    return { kind: 'network', task: target.task, classes, columns, ...trained, target: learned.units };
  }
  throw new TrainingDataError(
    `the loss diverged at learning rates from ${settings.learningRate} down to ${settings.learningRate / 10 ** RETRIES}: a lower one is needed`,
  );
}

function checkedSettings(options: NetworkOptions, rows: number): Settings {
  const hidden = options.hidden ?? (rows < 200 ? [] : rows <= MANY_ROWS ? [64] : [64, 32]);
  const batchRows = options.batchRows ?? (rows <= MANY_ROWS ? 32 : 256);
  const settings: Settings = {
    hidden,
    epochs: options.epochs ?? Math.min(Math.max(Math.round(3000 / Math.ceil(rows / batchRows)), 20), 300),
    batchRows,
    learningRate: options.learningRate ?? (hidden.length === 0 ? 0.02 : 0.01),
    l2: options.l2 ?? 1 / rows,
    patience: options.patience ?? 20,
    seed: options.seed ?? 1,
  };
  checkOption('hidden layers', hidden.length, 0, 4, true);
  for (const [at, units] of hidden.entries()) checkOption(`hidden[${at}]`, units, 1, 4096, true);
  checkOption('epochs', settings.epochs, 1, 10_000, true);
  checkOption('batchRows', settings.batchRows, 1, 65_536, true);
  checkOption('learningRate', settings.learningRate, Number.MIN_VALUE, 1000, false);
  checkOption('l2', settings.l2, 0, 1000, false);
  checkOption('patience', settings.patience, 1, Number.MAX_SAFE_INTEGER, true);
  checkOption('seed', settings.seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true);
  return { ...settings, batchRows: Math.min(batchRows, rows) };
}
