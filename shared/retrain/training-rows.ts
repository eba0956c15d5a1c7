/** Rows as a trainer takes them, and parts of them. */
import { type Columns, takeRows } from '../schema/columns.ts';
import type { TrainingTarget } from '../training/training-target.ts';

export interface TrainingRows {
  readonly data: Columns;
  readonly target: TrainingTarget;
  readonly weights?: Float32Array;
}

/** The given rows, in the given order. */
export function takeTrainingRows(
  { data, target, weights }: TrainingRows,
  rows: ArrayLike<number>,
): TrainingRows {
  return {
    data: takeRows(data, rows),
    target: takeTarget(target, rows),
    ...(weights ? { weights: Float32Array.from(rows, (row) => weights[row]!) } : {}),
  };
}

/** The target of some rows. */
export function takeTarget(target: TrainingTarget, rows: ArrayLike<number>): TrainingTarget {
  if (target.task === 'regression')
    return { task: 'regression', values: Float64Array.from(rows, (row) => target.values[row]!) };
  return { ...target, labels: Int32Array.from(rows, (row) => target.labels[row]!) };
}

/**
 * Without the rows that are alone of their class, which trainers refuse: in a part of the rows a small class is alone by
 * chance, and to that fit it is one more class it has not seen.
 */
export function withoutLoneRows(rows: TrainingRows): TrainingRows {
  const { target } = rows;
  if (target.task === 'regression') return rows;
  const counts = new Int32Array(target.classes.length);
  for (const label of target.labels) counts[label]!++;
  if (!counts.includes(1)) return rows;
  const kept = Array.from(target.labels.keys()).filter((row) => counts[target.labels[row]!] !== 1);
  return takeTrainingRows(rows, kept);
}
