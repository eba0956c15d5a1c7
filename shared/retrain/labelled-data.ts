/** Labelled rows as training input, and the files they are kept in. */
import type { TrainingTarget } from '#shared/training/training-target.ts';
import { decodeRows } from '../capture/archive.ts';
import type { Deps } from '../deps.ts';
import { InvalidDataError } from '../errors.ts';
import type { Columns } from '../schema/columns.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { rowsToColumns } from '../schema/rows.ts';
import type { LabelledRow } from './snapshot.ts';

export function featuresOf(schema: ModelSchema, rows: readonly LabelledRow[]): Columns {
  return rowsToColumns(
    schema,
    rows.map((row) => row.features),
  );
}

/** Labels in the trainer's form; every label must be a class of the schema, or a number. */
export function targetOf(schema: ModelSchema, rows: readonly LabelledRow[]): TrainingTarget {
  const { classes } = schema.target;
  if (!classes) return { task: 'regression', values: Float64Array.from(rows, (row) => Number(row.label)) };
  const codes = new Map(classes.map((label, code) => [label, code]));
  return {
    task: 'classification',
    classes,
    labels: Int32Array.from(rows, (row) => {
      const code = codes.get(String(row.label));
      if (code === undefined)
        throw new InvalidDataError(
          `label ${JSON.stringify(row.label)} is none of the classes ${classes.join(', ')}`,
        );
      return code;
    }),
  };
}

/** Rows of a stored file; throws when it is not there. */
export async function readLabelled(deps: Pick<Deps, 'objects'>, key: string): Promise<LabelledRow[]> {
  const bytes = await deps.objects.get(key);
  if (!bytes) throw new InvalidDataError(`the row file ${key} is missing`);
  return decodeRows<LabelledRow>(bytes);
}
