/** A table of any size as what a trainer takes: typed feature columns, a target, and the schema that describes both. */
import { InvalidDataError } from '../errors.ts';
import { type Column, type Columns, takeRows } from '../schema/columns.ts';
import { parseDate } from '../schema/dates.ts';
import { type Feature, type ModelSchema, nameFault } from '../schema/feature-schema.ts';
import type { Table, TableBatch, TableShape } from '../tabular/table.ts';
import type { TrainingTarget } from '../training/training-target.ts';
import { type ColumnGrower, growColumn } from './column-builder.ts';
import { featuresOf } from './observed-features.ts';
import { readTarget } from './read-target.ts';

export interface TrainingSet {
  readonly schema: ModelSchema;
  /** The model's columns; a date is its hour, weekday and month. */
  readonly data: Columns;
  readonly target: TrainingTarget;
  /** Of each row, where a time column was named: Unix milliseconds, or its number; NaN where it has none. */
  readonly times: Float64Array | undefined;
  readonly excluded: TableShape['notCompared'];
  /** What a person should know: rows left out, cells that are no numbers, classes dropped. */
  readonly notes: readonly string[];
}

export interface TrainingSetOptions {
  readonly target: string;
  readonly exclude?: readonly string[];
  /** About people: in the schema, and not read. */
  readonly pii?: readonly string[];
  /** Neither a feature nor the target: what rows are ordered by. */
  readonly time?: string;
  /** Found from the target's values unless told. */
  readonly task?: 'regression' | 'classification';
  /** Classes with fewer rows are left out by name. @default a class with one row is an error */
  readonly minClassRows?: number;
  readonly onProgress?: (done: { bytes: number; ofBytes: number; rows: number }) => void;
}

/**
 * Reads every row once. Features are float32 or text: four bytes a number, eight a cell of text.
 *
 * @throws InvalidDataError for a column that is not there, no usable feature, or a target nothing can be learnt from:
 *   constant, missing everywhere, one class, a class with one row, more than 1000 classes
 * @example (await readTrainingSet(await openTable('iris.csv'), { target: 'species' })).target.task // 'classification'
 */
export async function readTrainingSet(table: Table, options: TrainingSetOptions): Promise<TrainingSet> {
  const { target, time, pii = [] } = options;
  const exclude = [...(options.exclude ?? []), ...pii];
  const roles = time === undefined ? [target] : [target, time];
  for (const name of [...roles, ...exclude]) mustHave(table, name);
  const other = roles.find((name, at) => exclude.includes(name) || roles.indexOf(name) < at);
  if (other !== undefined)
    throw new InvalidDataError(
      `"${other}" has two roles: the target, the time and what is left out must differ`,
    );
  const twice = pii.find((name, at) => options.exclude?.includes(name) || pii.indexOf(name) < at);
  if (twice !== undefined) throw new InvalidDataError(`"${twice}" is named twice: as pii, and again`);
  const shape = await table.shape({ exclude, keep: roles });
  checkTargetKind(shape, target);
  if (time !== undefined && !shape.kinds.has(time))
    throw new InvalidDataError(`"${time}" cannot order the rows: ${reasonOf(shape, time)}`);
  const read = await readRows(table, shape, options);
  if (read.columns.length === 0)
    throw new InvalidDataError(`${table.file}: no usable feature column is left; left out: ${listed(shape)}`);
  const found = readTarget(read.target, options);
  const all = { rows: read.target.values.length, columns: read.columns };
  const features = [
    ...featuresOf(shape.kinds, all, new Set(roles), shape.dateSpans),
    ...pii.map((name): Feature => ({ name, kind: 'categorical', pii: true })),
  ];
  const schema: ModelSchema = {
    features,
    target: {
      name: target,
      ...(found.target.task === 'classification' ? { classes: found.target.classes } : {}),
    },
  };
  const fault = nameFault(schema);
  if (fault !== undefined) throw new InvalidDataError(`${table.file}: ${fault}`);
  const notes = [...notesOf(table, read, pii.length > 0), ...found.notes];
  return {
    schema,
    ...keepRows(all, read.times, found),
    excluded: shape.notCompared.filter(({ column }) => !pii.includes(column)),
    notes,
  };
}

function mustHave(table: Table, name: string): void {
  if (!table.names.includes(name))
    throw new InvalidDataError(
      `${table.file}: no column is named "${name}"; the file has ${table.names.join(', ')}`,
    );
}

function checkTargetKind({ kinds, notCompared }: TableShape, target: string): void {
  const kind = kinds.get(target);
  if (kind === 'numeric' || kind === 'categorical') return;
  const reason = reasonOf({ notCompared }, target) ?? 'a date';
  throw new InvalidDataError(`the target "${target}" is ${reason}: numbers or classes are expected`);
}

function reasonOf({ notCompared }: Pick<TableShape, 'notCompared'>, name: string): string | undefined {
  return notCompared.find(({ column }) => column === name)?.reason;
}

function listed({ notCompared }: TableShape): string {
  return notCompared.map(({ column, reason }) => `${column} (${reason})`).join(', ') || 'none';
}

interface Rows {
  readonly columns: readonly Column[];
  readonly target: Column;
  readonly times: Float64Array | undefined;
  readonly unlabelled: number;
}

async function readRows(table: Table, shape: TableShape, options: TrainingSetOptions): Promise<Rows> {
  const { target, time, onProgress } = options;
  const kinds = new Map(shape.kinds);
  // a date read as text: its calendar parts alone would not order rows
  if (time !== undefined && kinds.get(time) === 'datetime') kinds.set(time, 'categorical');
  const growers = new Map<string, ColumnGrower>();
  let unlabelled = 0;
  const exact = new Set(time === undefined ? [target] : [target, time]);
  for await (const batch of table.batches({ kinds, exact, ...(onProgress ? { onProgress } : {}) })) {
    const labelled = labelledRows(batch, target);
    unlabelled += batch.rows - (labelled?.length ?? batch.rows);
    for (const raw of batch.columns) {
      const column = raw.name === time ? asTime(raw) : raw;
      const grower = growers.get(column.name) ?? growColumn(column, exact.has(column.name));
      growers.set(column.name, grower);
      grower.add(column, labelled);
    }
  }
  const columns = [...growers.values()].map((grower) => grower.finish());
  const targetColumn = columns.find(({ name }) => name === target);
  if (targetColumn === undefined || targetColumn.values.length === 0)
    throw new InvalidDataError(`the target "${target}" is missing in every row: nothing to learn`);
  return {
    columns: columns.filter(({ name }) => !exact.has(name)),
    target: targetColumn,
    times:
      time === undefined ? undefined : (columns.find(({ name }) => name === time)?.values as Float64Array),
    unlabelled,
  };
}

function asTime(column: Column): Column {
  if (column.kind === 'numeric') return column;
  const values = Float64Array.from(column.values, (text) => parseDate(text ?? '')?.epochMs ?? Number.NaN);
  return { kind: 'numeric', name: column.name, values };
}

/** Undefined when every row of the batch has a target. */
function labelledRows(batch: TableBatch, target: string): Int32Array | undefined {
  const column = batch.columns.find(({ name }) => name === target);
  if (column === undefined) return new Int32Array();
  const kept: number[] = [];
  for (let row = 0; row < batch.rows; row++) {
    const isThere =
      column.kind === 'numeric' ? Number.isFinite(column.values[row]) : column.values[row] !== null;
    if (isThere) kept.push(row);
  }
  return kept.length === batch.rows ? undefined : Int32Array.from(kept);
}

function notesOf(table: Table, { columns, unlabelled }: Rows, isPrivate: boolean): string[] {
  const { rows: skipped, first } = table.skipped;
  const broken = columns.flatMap((column) =>
    column.kind === 'numeric' && column.invalid !== undefined
      ? [`column "${column.name}" has ${column.invalid} cells that are not numbers; they count as missing`]
      : [],
  );
  return [
    ...table.notes,
    // what is said of the first may quote it
    ...(skipped > 0 ? [`${skipped} rows were skipped${isPrivate ? '' : `: ${first}`}`] : []),
    ...(unlabelled > 0 ? [`${unlabelled} rows without a target were left out`] : []),
    ...broken,
  ];
}

function keepRows(
  all: Columns,
  times: Float64Array | undefined,
  { target, kept }: ReturnType<typeof readTarget>,
): Pick<TrainingSet, 'data' | 'target' | 'times'> {
  if (kept === undefined) return { data: all, target, times };
  return {
    data: takeRows(all, kept),
    target,
    times: times && Float64Array.from(kept, (row) => times[row]!),
  };
}
