/** Checked rows, as they are logged → typed columns: for the model, and for its profiles. */
import type { CategoricalColumn, Columns, NumericColumn } from './columns.ts';
import { daysBetween, parseDate } from './dates.ts';
import { type ModelColumn, type ModelSchema, monitoredColumns } from './feature-schema.ts';

export type FeatureValue = number | string | null;
/** One value per feature of the schema, of an image its hash and descriptors; `null` is missing. */
export type FeatureRow = { readonly [feature: string]: FeatureValue };

export const maxTextLength = 1024;
/** Of a class name. */
export const maxLabelLength = 256;

/** A member's name as one step of an RFC 6901 pointer. */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * What is logged beside a row and neither monitored nor trained on, because it drifts by itself: days since the baseline, for each date.
 *
 * @example contextOf(schema, { sold_on: '2026-11-21' }) // => { sold_on_days: 20 }
 */
export function contextOf(schema: ModelSchema, row: FeatureRow): Readonly<Record<string, number>> {
  const context: Record<string, number> = {};
  for (const { name, kind, baseline, pii } of schema.features) {
    if (kind !== 'datetime' || baseline === undefined || pii) continue;
    const date = parseDate(String(row[name] ?? ''));
    const from = parseDate(baseline);
    if (date && from) context[`${name}_days`] = daysBetween(from.epochMs, date.epochMs);
  }
  return context;
}

/**
 * Checked or logged rows as columns, in the schema's order: the model's inputs, which are what is monitored as well; of an image model
 * the descriptors that were logged, since its input is no column.
 */
export function rowsToColumns(schema: ModelSchema, rows: readonly FeatureRow[]): Columns {
  return { rows: rows.length, columns: monitoredColumns(schema).map((column) => toColumn(column, rows)) };
}

/**
 * The tokens of logged rows as columns, to be watched beside the model's inputs; of an id nothing is watched, since it is new by nature.
 */
export function tokenColumns(schema: ModelSchema, rows: readonly FeatureRow[]): readonly CategoricalColumn[] {
  return schema.features
    .filter(({ kind, pii }) => pii && kind !== 'id')
    .map(({ name }) => ({ kind: 'categorical', name, values: rows.map((row) => textOf(row[name])) }));
}

function toColumn(column: ModelColumn, rows: readonly FeatureRow[]): NumericColumn | CategoricalColumn {
  if (column.kind === 'categorical')
    return { kind: 'categorical', name: column.name, values: rows.map((row) => textOf(row[column.feature])) };
  const values = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) values[at] = numberOf(column, rows[at]![column.feature]);
  return { kind: 'numeric', name: column.name, values };
}

/** An empty text is missing, as in a file. */
function textOf(value: FeatureValue | undefined): string | null {
  return value === null || value === undefined || value === '' ? null : String(value);
}

function numberOf(column: ModelColumn, value: FeatureValue | undefined): number {
  if (value === null || value === undefined) return Number.NaN;
  if (column.part === undefined) return Number(value);
  return parseDate(String(value))?.[column.part] ?? Number.NaN;
}
