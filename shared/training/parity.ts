/** Whether an exported model answers as the trainer does: the rows to try, and the comparison. */

import { seededRandom } from '#shared/random.ts';
import { appendRows, type Column, type Columns, takeRows } from '#shared/schema/columns.ts';
import { encodeColumns } from './column-encoding.ts';
import type { GbdtModel } from './gbdt-model.ts';
import { type Probe, splitProbes, valueProbes } from './parity-probes.ts';

const MIN_ROWS = 1000;
const RELATIVE_TOLERANCE = 1e-5;
const ABSOLUTE_TOLERANCE = 1e-5;

export interface Parity {
  /** Every value is finite and within tolerance. */
  readonly passed: boolean;
  readonly rows: number;
  readonly maxAbsolute: number;
  /** Largest difference relative to the expected value; 0 where both are 0. */
  readonly maxRelative: number;
  /** The row furthest beyond, or nearest to, its tolerance; -1 without rows. */
  readonly worstRow: number;
  /** A value passes within `absolute + relative * |expected|`. */
  readonly tolerance: { readonly relative: number; readonly absolute: number };
}

/**
 * Rows that show a wrong export: the held-out ones; rows that reach a split with its cell at the threshold, one float32
 * step to either side of it, or missing (up to 5000 splits); missing, infinite and unseen values in every column, and
 * all categories. Padded to 1000 rows with held-out rows whose columns are mixed.
 *
 * @param model - the trained model
 * @param heldOut - with the model's columns; may have no rows
 * @param seed - any whole number; decides which rows the probes change, and which of too many splits are probed
 * @returns columns in the model's order
 * @throws RangeError when a held-out column is absent or of the other kind
 * @example
 * const rows = parityRows(model, heldOut, 7);
 * compareParity(predictGbdt(model, rows), await runOnnx(rows), { task: model.task, outputs: 1 }).passed; // true
 */
export function parityRows(model: GbdtModel, heldOut: Columns, seed: number): Columns {
  const random = seededRandom(seed);
  const source = sourceRows(model, heldOut);
  const pickRow = () => Math.floor(random() * source.rows);
  const inputs = encodeColumns(model.columns, source);
  const probes = [...valueProbes(model, pickRow), ...splitProbes(model, inputs, pickRow, random)];
  const probed = applyProbes(source, probes);
  const padding = Math.max(0, MIN_ROWS - heldOut.rows - probes.length);
  const mixed = {
    rows: padding,
    columns: source.columns.map((column) => cellsOf(column, Array.from({ length: padding }, pickRow))),
  };
  const parts = heldOut.rows > 0 ? [source, probed, mixed] : [probed, mixed];
  return parts.reduce((all, part) => appendRows(all, part));
}

/**
 * Compares predictions of the trainer with those of the exported model. Float32 sums differ by about 1e-6 in
 * relation, so values pass within 1e-5 of the expected value plus 1e-5 of the target's scale (the root mean square of
 * the expected values; 1 for probabilities). A value that is not finite never passes.
 *
 * @param expected - from `predictGbdt`
 * @param actual - from the exported model, of the same length
 * @param outputs - values per row, at least 1
 * @throws RangeError when the lengths differ
 */
export function compareParity(
  expected: Float32Array,
  actual: Float32Array,
  { task, outputs }: { readonly task: GbdtModel['task']; readonly outputs: number },
): Parity {
  if (expected.length !== actual.length)
    throw new RangeError(`${actual.length} actual values for ${expected.length} expected: must be as many`);
  const relative = task === 'regression' ? RELATIVE_TOLERANCE : 0;
  const absolute = ABSOLUTE_TOLERANCE * (task === 'regression' ? rootMeanSquare(expected) : 1);
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
  return {
    passed: expected.length > 0 && worstExcess <= 0,
    rows: expected.length / outputs,
    maxAbsolute,
    maxRelative,
    worstRow: Math.floor(worst / outputs),
    tolerance: { relative, absolute },
  };
}

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / Math.max(values.length, 1));
}

/** The held-out rows in the model's columns and types, or one row of missing values if there is none. */
function sourceRows(model: GbdtModel, heldOut: Columns): Columns {
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
