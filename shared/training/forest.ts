/** Trains a random forest on columns: many deep trees, each from its own sample of rows, that answer by their mean. */

import { seededRandom } from '#shared/random.ts';
import type { Columns } from '#shared/schema/columns.ts';
import { binColumns, leafRows } from './binned-columns.ts';
import { type ColumnEncoding, encodeColumns, learnEncodings } from './column-encoding.ts';
import { type ForestGrowOptions, growForestTree } from './forest-growing.ts';
import type { ForestModel, ForestTree } from './forest-model.ts';
import type { ForestTarget } from './forest-split.ts';
import { bootstrapCounts, shareOf } from './row-sampling.ts';
import { checkOption, checkTrainingData, normalisedWeights } from './training-check.ts';
import type { TrainingTarget } from './training-target.ts';
import { findLeaf } from './tree.ts';

export type { ForestModel } from './forest-model.ts';
export { importance } from './tree-importance.ts';

export interface ForestOptions {
  /** Trees, 1 to 1000. @default 100 */
  readonly trees?: number;
  /** Most leaves of a tree, 2 to 65,536; `maxBytes` may allow fewer. @default 65,536 */
  readonly maxLeaves?: number;
  /** Fewest rows of its sample in a leaf, at least 1; never more than a tenth of all rows. @default 1 */
  readonly minRowsPerLeaf?: number;
  /** Share of the columns, drawn anew for each node, that it may be split by, 0.01 to 1. @default 1; of classes √n of n */
  readonly columnShare?: number;
  /** Bins per column including the one for missing values, 3 to 256; caps the categories too. @default 255 */
  readonly maxBins?: number;
  /** What the exported model may take, 100,000 to 20,000,000. @default 20,000,000 */
  readonly maxBytes?: number;
  /** Decides the samples of rows and columns: a whole number, 0 to 4,294,967,295. @default 0 */
  readonly seed?: number;
  /** One per row, at least 0; only their ratios matter. @default equal */
  readonly weights?: Float32Array;
  /** Called after each tree. */
  readonly onTree?: (done: number, total: number) => void;
}

/**
 * Fits a random forest (Breiman 2001, doi:10.1023/A:1010933404324) on binned columns: every tree on a bootstrap sample,
 * every node split by the best of a random choice of columns. Use it where there is little to tune by and wrong labels or
 * outliers to withstand; gradient boosting is mostly more exact and always smaller. Missing values and categories are
 * treated as in `fitGbdt`. The exported file stays under `maxBytes` whatever the data: each tree has its share of it, which
 * its most useful splits get first. The same input and seed give the same forest.
 *
 * @param data - feature columns; an empty string in a categorical column is missing
 * @param target - one value or label per row
 * @throws TrainingDataError for data, targets, weights or options no model can be made of
 * @example
 * const model = fitForest(features, { task: 'classification', labels, classes: ['no', 'yes'] }, { seed: 7 });
 * predictForest(model, features).subarray(0, 2); // the first row's probabilities: [0.25, 0.75]
 */
export function fitForest(data: Columns, target: TrainingTarget, options: ForestOptions = {}): ForestModel {
  checkTrainingData(data, target);
  const settings = checkedSettings(options, data, target);
  const weights = options.weights && normalisedWeights(options.weights, data.rows);
  const columns = learnEncodings(data.columns, settings.maxBins - 1);
  const binned = binColumns(data, columns, settings.maxBins);
  const base = target.task === 'regression' ? meanOf(target.values) : 0;
  const told = forestTarget(target, base);
  const growing: ForestGrowOptions = {
    ...settings,
    columnsPerNode: shareOf(settings.columnShare, columns.length),
    maxBytes: Math.floor((settings.maxBytes - overheadBytes(columns, target)) / settings.trees),
  };
  const random = seededRandom(settings.seed);
  const trees: ForestTree[] = [];
  for (let tree = 1; tree <= settings.trees; tree++) {
    const counts = bootstrapCounts(data.rows, random, (row) => weights?.[row] !== 0);
    const drawn = Float64Array.from(counts, (count, row) => count * (weights?.[row] ?? 1));
    trees.push(growForestTree(binned, told, drawn, base, growing, random));
    options.onTree?.(tree, settings.trees);
  }
  const classes = target.task === 'classification' ? [...target.classes] : [];
  return { kind: 'forest', task: target.task, classes, columns, outputs: told.outputs, trees };
}

/**
 * Predicts rows. Use it where there is no ONNX session, or to check one (`parity.ts`).
 *
 * @param model - from `fitForest`
 * @param data - must hold the model's columns, found by name; others are ignored
 * @returns rows × outputs, row by row: one value for regression, else one probability per class in the order of
 *   `model.classes`
 * @throws TrainingDataError when a column is absent or of the other kind
 */
export function predictForest({ columns, outputs, trees }: ForestModel, data: Columns): Float32Array {
  const inputs = encodeColumns(columns, data);
  const answers = new Float32Array(data.rows * outputs);
  for (const tree of trees)
    for (let row = 0; row < data.rows; row++) {
      const leaf = findLeaf(tree, inputs, row) * outputs;
      for (let at = 0; at < outputs; at++)
        answers[row * outputs + at] = answers[row * outputs + at]! + tree.value[leaf + at]!;
    }
  return answers.map((sum) => sum / trees.length);
}

type Settings = Required<Omit<ForestOptions, 'weights' | 'onTree'>>;

function checkedSettings(options: ForestOptions, data: Columns, { task }: TrainingTarget): Settings {
  const isRegression = task === 'regression';
  const settings = {
    trees: 100,
    maxLeaves: 65_536,
    minRowsPerLeaf: 1,
    columnShare: isRegression ? 1 : 1 / Math.sqrt(data.columns.length),
    maxBins: 255,
    maxBytes: 20_000_000,
    seed: 0,
    ...options,
  };
  checkOption('trees', settings.trees, 1, 1000, true);
  checkOption('maxLeaves', settings.maxLeaves, 2, 65_536, true);
  checkOption('minRowsPerLeaf', settings.minRowsPerLeaf, 1, Number.MAX_SAFE_INTEGER, true);
  if (options.columnShare !== undefined) checkOption('columnShare', options.columnShare, 0.01, 1, false);
  checkOption('maxBins', settings.maxBins, 3, 256, true);
  checkOption('maxBytes', settings.maxBytes, 100_000, 20_000_000, true);
  checkOption('seed', settings.seed, 0, 2 ** 32 - 1, true);
  return { ...settings, minRowsPerLeaf: leafRows(settings.minRowsPerLeaf, data.rows) };
}

function forestTarget(target: TrainingTarget, base: number): ForestTarget {
  return target.task === 'regression'
    ? { outputs: 1, values: target.values.map((value) => value - base) }
    : { outputs: target.classes.length, labels: target.labels };
}

/** What the exported file needs besides its trees: the graph, and every name, category and class in it. */
function overheadBytes(columns: readonly ColumnEncoding[], target: TrainingTarget): number {
  const textBytes = (texts: readonly string[]) =>
    texts.reduce((sum, text) => sum + new TextEncoder().encode(text).length + 16, 0);
  const names = columns.flatMap((column) => [
    column.name,
    column.name,
    column.name,
    ...(column.kind === 'categorical' ? column.categories : []),
  ]);
  const classes = target.task === 'classification' ? target.classes : [];
  return 4096 + 200 * columns.length + textBytes([...names, ...classes]);
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
