/** Rows as people send them → checked rows → typed columns. Out-of-range and unseen values pass: they are data, not errors. */
import type { CategoricalColumn, Columns, NumericColumn } from './columns.ts';
import { daysBetween, parseDate } from './dates.ts';
import { type Feature, type ModelColumn, type ModelSchema, modelColumns } from './feature-schema.ts';

export type FeatureValue = number | string | null;
/** One value per feature of the schema; `null` is missing. */
export type FeatureRow = { readonly [feature: string]: FeatureValue };

interface FieldFault {
  /** RFC 6901 pointer into the request body. */
  readonly pointer: string;
  readonly detail: string;
}

export type RowCheck =
  | { readonly ok: true; readonly row: FeatureRow }
  | { readonly ok: false; readonly faults: readonly FieldFault[] };

export const maxTextLength = 1024;
/** Of a class name. */
export const maxLabelLength = 256;

/**
 * Checks one row against the schema: every feature present, nothing else, the right JSON type, finite. `null` says missing.
 *
 * @param pointer where the feature object stands in the body, e.g. `/features`
 */
export function checkRow(schema: ModelSchema, features: unknown, pointer: string): RowCheck {
  if (typeof features !== 'object' || features === null || Array.isArray(features))
    return {
      ok: false,
      faults: [{ pointer, detail: `an object of features is expected, got ${kindOf(features)}` }],
    };
  const given = features as Record<string, unknown>;
  const faults: FieldFault[] = [];
  const row: Record<string, FeatureValue> = {};
  for (const feature of schema.features) {
    const at = `${pointer}/${escapePointer(feature.name)}`;
    if (!Object.hasOwn(given, feature.name)) {
      if (feature.kind !== 'id')
        faults.push({
          pointer: at,
          detail: `missing; send a ${wanted(feature)}, or null when it is not known`,
        });
      continue;
    }
    const checked = checkValue(feature, given[feature.name]);
    if ('fault' in checked) faults.push({ pointer: at, detail: checked.fault });
    else row[feature.name] = checked.value;
  }
  const known = new Set(schema.features.map((feature) => feature.name));
  for (const name of Object.keys(given))
    if (!known.has(name))
      faults.push({ pointer: `${pointer}/${escapePointer(name)}`, detail: 'not a feature of this model' });
  return faults.length > 0 ? { ok: false, faults } : { ok: true, row };
}

function checkValue(
  feature: Feature,
  value: unknown,
): { readonly value: FeatureValue } | { readonly fault: string } {
  if (value === null) return { value: null };
  if (feature.kind === 'numeric') {
    if (typeof value !== 'number') return { fault: `a number is expected, got ${kindOf(value)}` };
    return Number.isFinite(value) ? { value } : { fault: `a finite number is expected, got ${value}` };
  }
  if (feature.boolean && typeof value === 'boolean') return { value: String(value) };
  if (feature.kind === 'id' && typeof value === 'number') return { value };
  if (typeof value !== 'string') return { fault: `a ${wanted(feature)} is expected, got ${kindOf(value)}` };
  if (value.length > maxTextLength)
    return { fault: `at most ${maxTextLength} characters are allowed, got ${value.length}` };
  if (feature.kind === 'datetime' && parseDate(value) === undefined)
    return { fault: `an ISO 8601 date is expected, got ${JSON.stringify(value.slice(0, 40))}` };
  return { value };
}

function wanted(feature: Feature): string {
  if (feature.boolean) return 'boolean';
  return { numeric: 'number', categorical: 'string', datetime: 'ISO 8601 date', id: 'string' }[feature.kind];
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return `${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}

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
  for (const { name, kind, baseline } of schema.features) {
    if (kind !== 'datetime' || baseline === undefined) continue;
    const date = parseDate(String(row[name] ?? ''));
    const from = parseDate(baseline);
    if (date && from) context[`${name}_days`] = daysBetween(from.epochMs, date.epochMs);
  }
  return context;
}

/** Checked rows as the model's input columns, in the schema's order. */
export function rowsToColumns(schema: ModelSchema, rows: readonly FeatureRow[]): Columns {
  return { rows: rows.length, columns: modelColumns(schema).map((column) => toColumn(column, rows)) };
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
