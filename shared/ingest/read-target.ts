/** A column as the target of a regression or a classification, or why nothing can be learnt from it. */
import { InvalidDataError } from '../errors.ts';
import type { Column } from '../schema/columns.ts';
import { compareLabels } from '../schema/infer.ts';
import { maxLabelLength } from '../schema/rows.ts';
import { LARGEST_TARGET, type TrainingTarget } from '../training/training-target.ts';

/** A numeric target of whole numbers with at most this many values, each ten times on average, is read as classes. */
const MAX_NUMERIC_CLASSES = 20;
const MAX_CLASSES = 1000;

export interface ReadTarget {
  readonly target: TrainingTarget;
  /** The rows that stay; `undefined` for all. */
  readonly kept: Int32Array | undefined;
  readonly notes: readonly string[];
}

interface TargetOptions {
  readonly task?: 'regression' | 'classification';
  readonly minClassRows?: number;
}

/**
 * @param column without missing values
 * @throws InvalidDataError naming what is wrong: constant, not numbers, too many classes, a class with one row
 */
export function readTarget(column: Column, { task, minClassRows }: TargetOptions): ReadTarget {
  if (column.kind === 'numeric') {
    const [first] = column.values;
    if (column.values.every((value) => value === first))
      throw new InvalidDataError(`the target "${column.name}" is constant (${first}): nothing to learn`);
    if (task !== 'classification' && (task === 'regression' || !isClassLike(column.values)))
      return regression(column.name, column.values);
    return classification(column.name, Array.from(column.values, String), minClassRows);
  }
  if (task === 'regression')
    throw new InvalidDataError(`the target "${column.name}" is text: a regression needs numbers`);
  return classification(column.name, column.values as readonly string[], minClassRows);
}

function isClassLike(values: ArrayLike<number>): boolean {
  const distinct = new Set<number>();
  for (let row = 0; row < values.length; row++) {
    if (!Number.isInteger(values[row])) return false;
    distinct.add(values[row]!);
    if (distinct.size > MAX_NUMERIC_CLASSES) return false;
  }
  return 10 * distinct.size <= values.length;
}

function regression(name: string, numbers: Float64Array | Float32Array): ReadTarget {
  const values = Float64Array.from(numbers);
  const huge = values.findIndex((value) => !(Math.abs(value) <= LARGEST_TARGET));
  if (huge >= 0)
    throw new InvalidDataError(
      `the target "${name}" has ${values[huge]} in row ${huge + 1}; at most ${LARGEST_TARGET} is allowed, since models add up in 32-bit floats`,
    );
  checkResolution(name, values);
  return { target: { task: 'regression', values }, kept: undefined, notes: [] };
}

/** A model answers in float32: seconds since 1970 only to the nearest 128. */
function checkResolution(name: string, values: Float64Array): void {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0));
  const step = Math.abs(mean) * 2 ** -23;
  if (spread < 4 * step)
    throw new InvalidDataError(
      `the target "${name}" is about ${mean.toPrecision(3)} and varies by ${spread.toPrecision(3)}: models answer in 32-bit floats, which are ${step.toPrecision(2)} apart there; subtract a constant from it`,
    );
}

function classification(
  name: string,
  texts: readonly string[],
  minClassRows: number | undefined,
): ReadTarget {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  if (counts.size > MAX_CLASSES)
    throw new InvalidDataError(
      `the target "${name}" has ${counts.size} distinct values: at most ${MAX_CLASSES} classes are possible`,
    );
  const long = [...counts.keys()].find((text) => text.length > maxLabelLength);
  if (long !== undefined)
    throw new InvalidDataError(
      `the target "${name}" has a class of ${long.length} characters; at most ${maxLabelLength} are allowed`,
    );
  const small = [...counts].filter(([, count]) => count < (minClassRows ?? 2));
  if (small.length > 0 && minClassRows === undefined && counts.size > 1)
    throw new InvalidDataError(
      `class "${small[0]![0]}" of the target "${name}" has 1 row: at least 2 are needed to learn and to check; leave small classes out with --min-class-rows`,
    );
  const dropped = new Set(small.map(([label]) => label));
  const classes = [...counts.keys()].filter((label) => !dropped.has(label)).sort(compareLabels);
  if (classes.length < 2)
    throw new InvalidDataError(
      `the target "${name}" has fewer than two classes: ${[...counts]
        .slice(0, 20)
        .map(([label, count]) => `${label} (${count} rows)`)
        .join(', ')}`,
    );
  const codes = new Map(classes.map((label, code) => [label, code]));
  const labels: number[] = [];
  const kept: number[] = [];
  texts.forEach((text, row) => {
    const code = codes.get(text);
    if (code === undefined) return;
    labels.push(code);
    kept.push(row);
  });
  return {
    target: { task: 'classification', labels: Int32Array.from(labels), classes },
    kept: dropped.size > 0 ? Int32Array.from(kept) : undefined,
    notes: small.map(
      ([label, count]) => `class "${label}" was left out: ${count} rows, at least ${minClassRows} are needed`,
    ),
  };
}
