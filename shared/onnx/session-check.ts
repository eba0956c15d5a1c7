/** Whether what a model answered can be an answer at all: the last question of a trial run. */

import type { OnnxOutput } from './session-outputs.ts';

/** Single precision and a sum over thousands of classes stay well within. */
const SUM_TOLERANCE = 1e-3;
/** Fewer rows may agree by chance. */
const MAX_ALIKE_ROWS = 10;

/**
 * Says in words what is wrong with a model's output; undefined when nothing is.
 *
 * @param output - of rows that differ: a model that answers more than 10 of them all the same ignores its input
 * @param classesCount - how many classes are expected; absent for a regression
 * @param classes - names in the order of the probabilities, for a graph with an output for the label: labels must be
 *   among them and the likeliest class in at least half of the rows, or the order is wrong
 * @example
 * checkOutput({ task: 'regression', values: Float32Array.of(NaN) }); // 'row 0 has the value NaN'
 */
export function checkOutput(
  output: OnnxOutput,
  classesCount?: number,
  classes?: readonly string[],
): string | undefined {
  if (output.embedding !== undefined) {
    const at = output.embedding.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) return `an embedding holds ${output.embedding[at]}`;
  }
  if (output.task === 'regression')
    return classesCount === undefined
      ? checkValues(output.values)
      : `the answers are numbers, one per row: expected probabilities of ${classesCount} classes`;
  if (classesCount === undefined)
    return `the answers are probabilities of ${output.classesCount} classes: expected one number per row`;
  if (output.classesCount !== classesCount)
    return `the answers are probabilities of ${output.classesCount} classes: expected ${classesCount}`;
  return (
    checkProbabilities(output.probabilities, classesCount) ??
    (classes && checkLabels(output.labels, output.probabilities, classes))
  );
}

function checkValues(values: Float32Array): string | undefined {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) return `row ${at} has the value ${values[at]}`;
  return checkVaries(values, 1);
}

function checkProbabilities(probabilities: Float32Array, width: number): string | undefined {
  for (let start = 0; start < probabilities.length; start += width) {
    const row = start / width;
    let sum = 0;
    for (let at = start; at < start + width; at++) {
      const value = probabilities[at]!;
      if (!(value >= -SUM_TOLERANCE && value <= 1 + SUM_TOLERANCE))
        return `row ${row} has ${value} for a probability: must be from 0 to 1; if these are raw scores, an activation makes them probabilities`;
      sum += value;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE)
      return `the probabilities of row ${row} sum to ${Number(sum.toPrecision(6))}: must be 1; if these are raw scores, an activation makes them probabilities`;
  }
  return checkVaries(probabilities, width);
}

function checkVaries(values: Float32Array, width: number): string | undefined {
  const rows = values.length / width;
  if (rows <= MAX_ALIKE_ROWS || values.some((value, at) => value !== values[at % width])) return undefined;
  return `all ${rows} rows have the same answer: the model seems to ignore its input`;
}

function checkLabels(
  labels: readonly string[],
  probabilities: Float32Array,
  classes: readonly string[],
): string | undefined {
  const indexOf = new Map(classes.flatMap((name, at) => [[numbersText(name), at] as const]));
  let agreeing = 0;
  for (const [row, label] of labels.entries()) {
    const index = indexOf.get(numbersText(label));
    if (index === undefined) return `row ${row} has the label "${label}": must be one of ${listed(classes)}`;
    const scores = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
    if (scores.every((score) => score <= scores[index]!)) agreeing++;
  }
  if (agreeing * 2 >= labels.length) return undefined;
  return `the labels are the likeliest class in ${agreeing} of ${labels.length} rows: the order of the classes ${listed(classes)} seems wrong`;
}

/** `1`, `1.0` and `01` are one number. */
function numbersText(text: string): string {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? String(Number(text)) : text;
}

function listed(names: readonly string[]): string {
  return names
    .slice(0, 20)
    .map((name) => `"${name}"`)
    .join(', ');
}
