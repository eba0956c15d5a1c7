/** Whether an exported model answers as the trainer does: the rows to try, and the comparison. */

import { seededRandom } from '#shared/random.ts';
import { appendRows, type Column, type Columns, takeRows } from '#shared/schema/columns.ts';
import { encodeColumns } from './column-encoding.ts';
import { type Probe, type ProbedModel, splitProbes, valueProbes } from './parity-probes.ts';

const MIN_ROWS = 10_000;
const RELATIVE_TOLERANCE = 1e-5;
const ABSOLUTE_TOLERANCE = 1e-5;
const PROBABILITY_TOLERANCE = 1e-6;

export interface Parity {
  /** Every value is finite and within tolerance, and no label differs. */
  readonly passed: boolean;
  readonly rows: number;
  /** Rows with another label than that of the largest expected probability; ties within the tolerance do not count. */
  readonly labelDifferences: number;
  readonly maxAbsolute: number;
  /** Largest difference relative to the expected value; 0 where both are 0. */
  readonly maxRelative: number;
  /** The row furthest beyond, or nearest to, its tolerance; -1 without rows. */
  readonly worstRow: number;
  /** A value passes within `absolute + relative * |expected|`. */
  readonly tolerance: { readonly relative: number; readonly absolute: number };
}

interface ParityOptions {
  readonly task: 'regression' | 'classification';
  /** Values per row, at least 1. */
  readonly outputs: number;
  /** The exported model's labels, one per row; absent, they are read from its probabilities. */
  readonly labels?: { readonly actual: readonly string[]; readonly classes: readonly string[] };
}

/**
 * Rows that show a wrong export: the held-out ones; rows that reach a split with its cell at the threshold, one float32
 * step to either side of it, in and out of its set of categories, unseen or missing (up to 5000 splits); missing,
 * infinite and unseen values in every column, and all categories. Padded to 10,000 rows with cells of these rows, mixed.
 *
 * @param model - the trained model; without trees only its columns are probed
 * @param heldOut - with the model's columns; may have no rows
 * @param seed - any whole number; decides which rows the probes change, and which of too many splits are probed
 * @returns columns in the model's order
 * @throws RangeError when a held-out column is absent or of the other kind
 * @example
 * const rows = parityRows(model, heldOut, 7);
 * compareParity(predictGbdt(model, rows), await runOnnx(rows), { task: model.task, outputs: 1 }).passed; // true
 */
export function parityRows(model: ProbedModel, heldOut: Columns, seed: number): Columns {
  const random = seededRandom(seed);
  const source = sourceRows(model, heldOut);
  const pickRow = () => Math.floor(random() * source.rows);
  const inputs = encodeColumns(model.columns, source);
  const probes = [...valueProbes(model, pickRow), ...splitProbes(model, inputs, pickRow, random)];
  const probed = applyProbes(source, probes);
  const tried = heldOut.rows > 0 ? appendRows(source, probed) : probed;
  const padding = Math.max(0, MIN_ROWS - tried.rows);
  const pickTried = () => Math.floor(random() * tried.rows);
  const mixed = {
    rows: padding,
    columns: tried.columns.map((column) => cellsOf(column, Array.from({ length: padding }, pickTried))),
  };
  return appendRows(tried, mixed);
}

/**
 * Compares predictions of the trainer with those of the exported model. Float32 sums differ by about 1e-6 in
 * relation, so values pass within 1e-5 of the expected value plus 1e-5 of the target's scale (the root mean square of
 * the expected values). Probabilities pass within 1e-6, and every row must get the label of its largest expected
 * probability, unless a second one is within 2e-6 of it. A value that is not finite never passes.
 *
 * @param expected - from the trainer: `predictGbdt`, `predictForest`
 * @param actual - from the exported model, of the same length
 * @throws RangeError when the lengths differ
 */
export function compareParity(
  expected: Float32Array,
  actual: Float32Array,
  { task, outputs, labels }: ParityOptions,
): Parity {
  if (expected.length !== actual.length)
    throw new RangeError(`${actual.length} actual values for ${expected.length} expected: must be as many`);
  const relative = task === 'regression' ? RELATIVE_TOLERANCE : 0;
  const absolute =
    task === 'regression' ? ABSOLUTE_TOLERANCE * rootMeanSquare(expected) : PROBABILITY_TOLERANCE;
  let maxAbsolute = 0;
  let maxRelative = 0;
  let worst = -1;
  let worstExcess = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < expected.length; at++) {
    const size = Math.abs(expected[at]!);
    const isComparable = Number.isFinite(actual[at]!) && Number.isFinite(size);
    const difference = isComparable ? Math.abs(actual[at]! - expected[at]!) : Number.POSITIVE_INFINITY;
    maxAbsolute = Math.max(maxAbsolute, difference);
    if (difference > 0) maxRelative = Math.max(maxRelative, isComparable ? difference / size : difference);
    const excess = isComparable ? difference - (absolute + relative * size) : difference;
    if (excess <= worstExcess) continue;
    worst = at;
    worstExcess = excess;
  }
  const labelDifferences =
    task === 'regression' ? 0 : countLabelDifferences(expected, actual, outputs, absolute, labels);
  return {
    passed: expected.length > 0 && worstExcess <= 0 && labelDifferences === 0,
    rows: expected.length / outputs,
    labelDifferences,
    maxAbsolute,
    maxRelative,
    worstRow: Math.floor(worst / outputs),
    tolerance: { relative, absolute },
  };
}

function countLabelDifferences(
  expected: Float32Array,
  actual: Float32Array,
  outputs: number,
  tolerance: number,
  labels: ParityOptions['labels'],
): number {
  const rows = expected.length / outputs;
  if (labels && labels.actual.length !== rows)
    throw new RangeError(`${labels.actual.length} labels for ${rows} rows: must be one per row`);
  let differences = 0;
  for (let row = 0; row < rows; row++) {
    const chances = expected.subarray(row * outputs, (row + 1) * outputs);
    const largest = indexOfLargest(chances);
    const found = labels
      ? labels.classes.indexOf(labels.actual[row]!)
      : indexOfLargest(actual.subarray(row * outputs, (row + 1) * outputs));
    // Within tolerance of each other two classes may have changed places.
    if (found !== largest && !(chances[largest]! - (chances[found] ?? 0) <= 2 * tolerance)) differences++;
  }
  return differences;
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at]! > values[best]!) best = at;
  return best;
}

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / Math.max(values.length, 1));
}

/** The held-out rows in the model's columns and types, or one row of missing values if there is none. */
function sourceRows(model: ProbedModel, heldOut: Columns): Columns {
  const byName = new Map(heldOut.columns.map((column) => [column.name, column]));
  const rows = Math.max(heldOut.rows, 1);
  const columns = model.columns.map(({ name, kind }): Column => {
    const found = byName.get(name);
    if (heldOut.rows > 0 && found?.kind === kind)
      return found.kind === 'numeric' ? { ...found, values: Float32Array.from(found.values) } : found;
    if (heldOut.rows > 0) throw new RangeError(`held-out rows have no ${kind} column "${name}"`);
    return kind === 'numeric'
      ? { kind, name, values: Float32Array.of(Number.NaN) }
      : { kind, name, values: [null] };
  });
  return { rows, columns };
}

/** One row per probe: the row it names, with its cells replaced. */
function applyProbes(data: Columns, probes: readonly Probe[]): Columns {
  const rows = takeRows(
    data,
    probes.map(({ row }) => row),
  );
  return {
    rows: rows.rows,
    columns: rows.columns.map((column, index): Column => {
      if (column.kind === 'numeric') {
        const replaced = column.values.map((value, at) => (probes[at]!.cells.get(index) ?? value) as number);
        return { ...column, values: replaced };
      }
      const replaced = column.values.map((value, at) => {
        const cell = probes[at]!.cells.get(index);
        return cell === undefined ? value : (cell as string | null);
      });
      return { ...column, values: replaced };
    }),
  };
}

function cellsOf(column: Column, rows: readonly number[]): Column {
  return takeRows({ rows: column.values.length, columns: [column] }, rows).columns[0]!;
}
