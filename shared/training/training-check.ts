/** Refuses rows, targets, weights and options that cannot make a model, saying which value and what is allowed. */

import type { Columns } from '#shared/schema/columns.ts';
import { LARGEST_TARGET, TrainingDataError, type TrainingTarget } from './training-target.ts';

/**
 * Checks columns against each other and against the target.
 *
 * @throws TrainingDataError naming the first fault: no rows, no columns, unequal lengths, two columns of one name, no
 *   value in any column, a target that is missing, not finite or constant, a label out of range, fewer than two classes
 *   present, a class with one row
 */
export function checkTrainingData(data: Columns, target: TrainingTarget): void {
  if (data.rows === 0) throw new TrainingDataError('no rows to train on: at least 1 is needed');
  if (data.columns.length === 0) throw new TrainingDataError('no columns to train on: at least 1 is needed');
  checkColumns(data);
  if (data.columns.every(isAllMissing))
    throw new TrainingDataError(
      `all ${data.rows} values of every column are missing: at least one column must have values`,
    );
  if (target.task === 'regression' && target.values.length > 0 && target.values.every(Number.isNaN))
    throw new TrainingDataError(`all ${target.values.length} target values are missing: each row needs one`);
  checkTarget(data.rows, target);
  if (target.task === 'classification') checkClassesPresent(target.labels, target.classes);
  else if (target.values.every((value) => value === target.values[0]))
    throw new TrainingDataError(
      `the target is ${target.values[0]} in every row: at least 2 different values are needed`,
    );
}

/** Checks rows that are scored but not trained on; they need not contain every class. */
export function checkValidationData(data: Columns, target: TrainingTarget, training: TrainingTarget): void {
  if (data.rows === 0) throw new TrainingDataError('no validation rows: at least 1 is needed');
  checkColumns(data);
  checkTarget(data.rows, target);
  const classes = (of: TrainingTarget) => (of.task === 'classification' ? of.classes : []);
  const [expected, found] = [classes(training), classes(target)];
  if (target.task !== training.task || expected.join('\0') !== found.join('\0'))
    throw new TrainingDataError(
      `validation target is ${target.task} [${found}], must be ${training.task} [${expected}] as in training`,
    );
}

/**
 * Row weights scaled to a mean of 1, so that only their ratios matter.
 *
 * @throws TrainingDataError for a wrong length, a negative or non-finite weight, or a sum of 0
 */
export function normalisedWeights(weights: Float32Array, rows: number): Float32Array {
  if (weights.length !== rows)
    throw new TrainingDataError(`${weights.length} weights for ${rows} rows: must be one per row`);
  const wrong = weights.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (wrong >= 0)
    throw new TrainingDataError(`weight of row ${wrong} is ${weights[wrong]}: must be finite and at least 0`);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / rows;
  if (mean === 0) throw new TrainingDataError('every weight is 0: at least one must be positive');
  return weights.map((weight) => weight / mean);
}

/** @throws TrainingDataError unless `minimum <= value <= maximum`, and whole where it counts something */
export function checkOption(
  name: string,
  value: number,
  minimum: number,
  maximum: number,
  isCount: boolean,
): void {
  if (value >= minimum && value <= maximum && (!isCount || Number.isInteger(value))) return;
  const kind = isCount ? 'a whole number' : 'a number';
  throw new TrainingDataError(`${name} is ${value}: must be ${kind} from ${minimum} to ${maximum}`);
}

function checkColumns(data: Columns): void {
  const names = new Set<string>();
  for (const { name, values } of data.columns) {
    if (values.length !== data.rows)
      throw new TrainingDataError(`column "${name}" has ${values.length} values: must have ${data.rows}`);
    if (names.has(name)) throw new TrainingDataError(`two columns are named "${name}": names must differ`);
    names.add(name);
  }
}

function checkTarget(rows: number, target: TrainingTarget): void {
  const found = target.task === 'regression' ? target.values.length : target.labels.length;
  if (found !== rows)
    throw new TrainingDataError(`${found} target values for ${rows} rows: must be one per row`);
  if (target.task === 'regression') {
    const wrong = target.values.findIndex((value) => !(Math.abs(value) <= LARGEST_TARGET));
    if (wrong >= 0)
      throw new TrainingDataError(
        `target at row ${wrong} is ${target.values[wrong]}: must be a number from -${LARGEST_TARGET} to ${LARGEST_TARGET}`,
      );
    return;
  }
  const { labels, classes } = target;
  const wrong = labels.findIndex((label) => label < 0 || label >= classes.length);
  if (wrong >= 0)
    throw new TrainingDataError(
      `label at row ${wrong} is ${labels[wrong]}: must be an index into ${classes.length} classes`,
    );
}

function isAllMissing({ kind, values }: Columns['columns'][number]): boolean {
  return kind === 'numeric'
    ? values.every(Number.isNaN)
    : values.every((value) => value === null || value === '');
}

/** A class of one row can be learnt or judged, not both. Absent ones are no fault: all but two may be. */
function checkClassesPresent(labels: Int32Array, classes: readonly string[]): void {
  const rows = new Map<number, number>();
  for (const label of labels) rows.set(label, (rows.get(label) ?? 0) + 1);
  if (rows.size < 2)
    throw new TrainingDataError(
      `every label is "${classes[labels[0]!]}": at least 2 classes must be present`,
    );
  for (const [label, count] of rows)
    if (count === 1)
      throw new TrainingDataError(`class "${classes[label]}" has 1 row: at least 2 are needed of each class`);
}
