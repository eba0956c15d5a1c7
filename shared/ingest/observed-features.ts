/** The features of a schema as the rows show them: bounds, whole numbers, categories, the newest date. */
import type { CategoricalColumn, Columns, NumericColumn } from '../schema/columns.ts';
import type { Feature } from '../schema/feature-schema.ts';
import type { ColumnKind, TableShape } from '../tabular/table.ts';

const MAX_STORED_VALUES = 1000;

/**
 * @param kinds of the table's columns, in its order
 * @param data the columns read, a date as its parts
 * @param roles columns that are no features
 */
export function featuresOf(
  kinds: ReadonlyMap<string, ColumnKind>,
  data: Columns,
  roles: ReadonlySet<string>,
  dateSpans: TableShape['dateSpans'],
): Feature[] {
  const byName = new Map(data.columns.map((column) => [column.name, column]));
  return [...kinds].flatMap(([name, kind]): Feature[] => {
    if (roles.has(name)) return [];
    if (kind === 'datetime') {
      const span = dateSpans.get(name);
      return [{ name, kind, ...(span ? { baseline: new Date(span.lastMs).toISOString() } : {}) }];
    }
    const column = byName.get(name);
    if (column === undefined) return [];
    return [column.kind === 'numeric' ? numericFeature(column) : categoricalFeature(column)];
  });
}

function numericFeature({ name, values }: NumericColumn): Feature {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let isInteger = true;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    isInteger &&= Number.isInteger(value);
  }
  if (max < min) return { name, kind: 'numeric' };
  return { name, kind: 'numeric', ...(isInteger ? { integer: true } : {}), min, max };
}

function categoricalFeature({ name, values }: CategoricalColumn): Feature {
  const distinct = new Set<string>();
  for (const value of values) if (value !== null && distinct.size <= MAX_STORED_VALUES) distinct.add(value);
  const isBoolean = [...distinct].every((text) => text === 'true' || text === 'false');
  if (isBoolean) return { name, kind: 'categorical', boolean: true, values: ['false', 'true'] };
  return { name, kind: 'categorical', values: [...distinct].sort().slice(0, MAX_STORED_VALUES) };
}
