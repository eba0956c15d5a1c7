/** Where a model is worse than on the whole: the headline metric on the rows of each value of a column. */

import { type BootstrapOptions, bootstrapIntervals, type Interval } from './bootstrap.ts';
import { type EvaluationTask, equalWeights, type Figure, type Metric } from './metric.ts';

/** A column to slice by: one value per evaluated row, `null` where it is missing. */
export interface SliceColumn {
  readonly name: string;
  readonly values: readonly (string | null)[];
}

interface Slice {
  readonly value: string | null;
  readonly rows: number;
  readonly figure: Figure;
  /** Left out where the bootstrap has none. */
  readonly interval?: Interval;
}

export interface SlicedMetric {
  readonly column: string;
  readonly metric: string;
  /** Most rows first. */
  readonly slices: readonly Slice[];
  /** The values that have too few rows each, or are beyond the 50 largest, as one. */
  readonly rest?: Omit<Slice, 'value'> & { readonly values: number };
}

export interface SliceOptions extends BootstrapOptions {
  /** Fewest rows of a slice of its own. */
  readonly minRows?: number;
}

const maxSlices = 50;
/** Resampled of each slice: 50 slices then take about a second. */
const sliceRows = 10_000;

/**
 * The intervals of many slices are each at their own level: of 20 slices one is expected to lie outside for nothing.
 *
 * @param metric one of the task's, such as `rmse` or `errorRate`
 * @param column as many values as there are rows
 * @throws RangeError when the lengths differ or `minRows` is no positive whole number
 * @example sliceMetrics(scored, regression, rmse, { name: 'cut', values }, { random }) // { column: 'cut', metric: 'rmse', slices: [{ value: 'Ideal', rows: 431, figure: 512.3, interval: [470, 561] }, …] }
 */
export function sliceMetrics<Scored extends { readonly rows: number }, Weighted>(
  scored: Scored,
  task: EvaluationTask<Scored, Weighted>,
  metric: Metric<Scored, Weighted>,
  column: SliceColumn,
  { minRows = 30, ...options }: SliceOptions,
): SlicedMetric {
  if (column.values.length !== scored.rows)
    throw new RangeError(
      `column "${column.name}" needs a value for each of ${scored.rows} rows; got ${column.values.length}`,
    );
  if (!Number.isInteger(minRows) || minRows < 1)
    throw new RangeError(`minRows must be a whole number of at least 1; got ${minRows}`);
  const rowsOf = new Map<string | null, number[]>();
  column.values.forEach((value, row) => {
    const rows = rowsOf.get(value);
    if (rows) rows.push(row);
    else rowsOf.set(value, [row]);
  });
  const bySize = [...rowsOf].sort(
    ([value, rows], [other, others]) => others.length - rows.length || compareValues(value, other),
  );
  const own = bySize.filter(([, rows]) => rows.length >= minRows).slice(0, maxSlices);
  const grouped = bySize.slice(own.length);
  const measure = (rows: readonly number[]) => {
    const part = task.take(scored, Uint32Array.from(rows));
    const figure = metric.of(part)(task.weigh(part, equalWeights(part.rows)));
    const estimates = { [metric.name]: figure };
    const intervals = bootstrapIntervals(part, task, [metric], estimates, { maxRows: sliceRows, ...options });
    const interval = intervals[metric.name];
    return { rows: rows.length, figure, ...(interval ? { interval } : {}) };
  };
  return {
    column: column.name,
    metric: metric.name,
    slices: own.map(([value, rows]) => ({ value, ...measure(rows) })),
    ...(grouped.length > 0
      ? { rest: { values: grouped.length, ...measure(grouped.flatMap(([, rows]) => rows)) } }
      : {}),
  };
}

/** By code unit, missing first. */
function compareValues(one: string | null, other: string | null): number {
  if (one === null || other === null) return one === null ? -1 : 1;
  return one < other ? -1 : 1;
}
