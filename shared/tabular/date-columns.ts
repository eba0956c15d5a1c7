/** A date is read as the numeric columns that a model sees of it. */
import { modelColumns } from '../schema/feature-schema.ts';

/** The columns that stand for a date. */
export function dateColumnNames(name: string): readonly string[] {
  const schema = { features: [{ name, kind: 'datetime' as const }], target: { name: '' } };
  return modelColumns(schema).map((column) => column.name);
}
