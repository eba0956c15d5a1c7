/** Per-row losses of a model's outputs against true labels, and the figures made of them. */

export type Outputs =
  | { readonly task: 'regression'; readonly values: ArrayLike<number> }
  | { readonly task: 'classification'; readonly predicted: readonly string[] };

/** What a model answers; images are classified like rows. */
type Task = 'regression' | 'classification' | 'image-classification';

/**
 * Squared error for regression, 0/1 error for classification: the loss that gates and figures are made of.
 *
 * @example rowLosses({ task: 'regression', values: [3, 5] }, [1, 5]) // => Float64Array [4, 0]
 */
export function rowLosses(outputs: Outputs, labels: readonly (number | string)[]): Float64Array {
  const losses = new Float64Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    if (outputs.task === 'classification')
      losses[row] = outputs.predicted[row] === String(labels[row]) ? 0 : 1;
    else losses[row] = (outputs.values[row]! - Number(labels[row])) ** 2;
  }
  return losses;
}

/** `{rmse, mae, rows}` or `{accuracy, error_rate, rows}`. */
export function metricsOf(outputs: Outputs, labels: readonly (number | string)[]): Record<string, number> {
  const losses = rowLosses(outputs, labels);
  const mean = average(losses);
  if (outputs.task === 'classification') return { accuracy: 1 - mean, error_rate: mean, rows: labels.length };
  const absolute = losses.map(Math.sqrt);
  return { rmse: Math.sqrt(mean), mae: average(absolute), rows: labels.length };
}

/** The one figure a person compares: lower is better. */
export function headline(task: Task): 'rmse' | 'error_rate' {
  return task === 'regression' ? 'rmse' : 'error_rate';
}

/** What a model that looks at nothing would answer: the mean, or the most frequent class. */
export function naiveAnswer(task: Task, labels: readonly (number | string)[]): number | string {
  if (task === 'regression') return average(Float64Array.from(labels, Number));
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(String(label), (counts.get(String(label)) ?? 0) + 1);
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

/** The outputs of always answering the same. */
export function constantOutputs(task: Task, answer: number | string, rows: number): Outputs {
  if (task === 'regression') return { task, values: new Float64Array(rows).fill(Number(answer)) };
  return { task: 'classification', predicted: new Array<string>(rows).fill(String(answer)) };
}

function average(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}
