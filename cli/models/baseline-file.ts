/** From a data file to a model's schema and the rows it is tried on; what the graph says of an input decides its column. */
import { InvalidDataError } from '#shared/errors.ts';
import type { ModelDescription } from '#shared/onnx/read-model.ts';
import { MAX_BASELINE_ROWS, MIN_BASELINE_ROWS } from '#shared/registry/upload.ts';
import type { Column } from '#shared/schema/columns.ts';
import type { Feature, ModelSchema } from '#shared/schema/feature-schema.ts';
import { type FeatureValue, maxTextLength } from '#shared/schema/rows.ts';
import { type ColumnKind, openTable, type Table } from '#shared/tabular/table.ts';

type BaselineRow = { readonly [feature: string]: FeatureValue | true };

export interface BaselineFile {
  readonly features: readonly Feature[];
  /** Of a pii feature `true` where it has a value. */
  readonly rows: readonly { readonly features: BaselineRow; readonly label?: number | string }[];
  /** Of the target, as text, in order of the file; absent without one. */
  readonly labels?: readonly (string | null)[];
  readonly notes: readonly string[];
}

export interface BaselineOptions {
  readonly file: string;
  readonly target?: string | undefined;
  readonly exclude: readonly string[];
  /** Columns about people: of their cells only whether they are empty is read into a row. */
  readonly pii: readonly string[];
}

const maxStoredValues = 1000;

/** What a model that is registered anew is sent: the columns its graph names, or all where it takes them as one matrix. */
export async function readNewBaseline(
  options: BaselineOptions,
  graph: Pick<ModelDescription, 'inputs'>,
): Promise<BaselineFile> {
  const table = await openTable(options.file);
  assertColumns(table, [
    ...options.exclude,
    ...options.pii,
    ...(options.target === undefined ? [] : [options.target]),
  ]);
  const { kinds, notes } = await kindsByGraph(table, options, graph);
  if (kinds.size === 0)
    throw new InvalidDataError(
      `${options.file}: no column is left for the model; it takes ${graph.inputs.map(({ name }) => `"${name}"`).join(', ')}`,
    );
  const all = new Map([...kinds, ...options.pii.map((name) => [name, 'categorical'] as const)]);
  const read = await readColumns(table, all, options.target);
  const features = [
    ...[...kinds].map(([name, kind]) => describe(name, kind, read.columns.get(name)!)),
    ...options.pii.map((name): Feature => ({ name, kind: 'categorical', pii: true })),
  ];
  return { features, ...rowsOf(table, features, read), notes: [...notes, ...table.notes] };
}

/** The rows of a model that is there: its schema says which columns are read, and as what. */
export async function readKnownBaseline(
  options: Omit<BaselineOptions, 'exclude' | 'pii'>,
  schema: ModelSchema,
): Promise<BaselineFile> {
  const table = await openTable(options.file);
  const features = schema.features.filter(({ kind }) => kind !== 'id');
  assertColumns(table, [
    ...features.map(({ name }) => name),
    ...(options.target === undefined ? [] : [options.target]),
  ]);
  // a date is sent as it is written
  const kinds = new Map(
    features.map(({ name, kind, pii }): [string, ColumnKind] => [
      name,
      kind === 'numeric' && !pii ? 'numeric' : 'categorical',
    ]),
  );
  const read = await readColumns(table, kinds, options.target);
  const unused = table.names.filter((name) => !kinds.has(name) && name !== options.target);
  return {
    features,
    ...rowsOf(table, features, read),
    notes: [
      ...(unused.length > 0 ? [`not columns of the model, and not read: ${unused.join(', ')}`] : []),
      ...table.notes,
    ],
  };
}

function assertColumns(table: Table, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !table.names.includes(name));
  if (missing.length > 0)
    throw new InvalidDataError(
      `${table.file}: no column is named ${missing.map((name) => `"${name}"`).join(', ')}; the file has: ${table.names.join(', ')}`,
    );
}

type Kinds = ReadonlyMap<string, 'numeric' | 'categorical'>;

async function kindsByGraph(
  table: Table,
  { target, exclude, pii }: BaselineOptions,
  { inputs }: Pick<ModelDescription, 'inputs'>,
): Promise<{ readonly kinds: Kinds; readonly notes: readonly string[] }> {
  const kinds = new Map<string, 'numeric' | 'categorical'>();
  const notes: string[] = [];
  const shape = await table.shape({ keep: table.names, exclude: [...exclude, ...pii] });
  for (const name of table.names) {
    if (name === target || exclude.includes(name) || pii.includes(name)) continue;
    const input = inputs.length === 1 ? inputs[0] : inputs.find((one) => isNamed(one.name, name));
    if (input === undefined) {
      notes.push(`column "${name}" is left out: the graph has no input of that name`);
      continue;
    }
    const found = shape.kinds.get(name);
    const isEmpty = found === undefined;
    if (isEmpty && inputs.length === 1) {
      const reason = shape.notCompared.find(({ column }) => column === name)?.reason ?? 'it cannot be read';
      notes.push(`column "${name}" is left out: ${reason}`);
    } else if (input.type === 'string') kinds.set(name, 'categorical');
    // of one matrix, text among numbers is for whoever matches it to the input to refuse
    else kinds.set(name, found === 'numeric' || inputs.length > 1 ? 'numeric' : 'categorical');
  }
  return { kinds, notes };
}

/** Exporters put an underscore for what is no letter or digit; which one is meant, the plan of the inputs decides. */
function isNamed(input: string, column: string): boolean {
  const plain = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '_');
  return input === column || plain(input) === plain(column);
}

interface ReadColumns {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
  readonly labels?: readonly (string | null)[];
}

async function readColumns(
  table: Table,
  kinds: ReadonlyMap<string, ColumnKind>,
  target: string | undefined,
): Promise<ReadColumns> {
  const read = new Map(kinds);
  if (target !== undefined) read.set(target, 'categorical');
  const batch = await table.sample(MAX_BASELINE_ROWS, read);
  if (batch.rows < MIN_BASELINE_ROWS)
    throw new InvalidDataError(
      `${table.file} has ${batch.rows} rows; at least ${MIN_BASELINE_ROWS} are needed for a trial and a baseline`,
    );
  const columns = new Map(batch.columns.map((column) => [column.name, column]));
  for (const column of batch.columns) assertUsable(table, column);
  const labels = target === undefined ? undefined : columns.get(target)?.values;
  return {
    rows: batch.rows,
    columns,
    ...(labels === undefined ? {} : { labels: labels as readonly (string | null)[] }),
  };
}

function assertUsable({ file }: Table, column: Column): void {
  if (column.kind === 'categorical') {
    const long = column.values.find((text) => text !== null && text.length > maxTextLength) ?? undefined;
    if (long !== undefined)
      throw new InvalidDataError(
        `${file}: column "${column.name}" has ${long.length} characters in a cell; at most ${maxTextLength} are allowed`,
      );
    return;
  }
  if (column.invalid !== undefined && column.invalid > 0)
    throw new InvalidDataError(
      `${file}: column "${column.name}" has ${column.invalid} values that are not numbers, where the model takes numbers`,
    );
  const infinite = column.values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite >= 0)
    throw new InvalidDataError(
      `${file}: column "${column.name}" has ${column.values[infinite]} in row ${infinite + 1}; a finite number, or none, is expected`,
    );
}

/** What was seen: bounds and values are soft. */
function describe(name: string, kind: 'numeric' | 'categorical', column: Column): Feature {
  if (column.kind === 'categorical' || kind === 'categorical') {
    const seen = new Set<string>();
    for (const value of column.values) if (value !== null) seen.add(String(value));
    const values = [...seen].sort().slice(0, maxStoredValues);
    const isBoolean = values.length > 0 && values.every((text) => text === 'true' || text === 'false');
    return { name, kind: 'categorical', ...(isBoolean ? { boolean: true } : {}), values };
  }
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let isInteger = true;
  for (const value of column.values) {
    if (Number.isNaN(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    isInteger &&= Number.isInteger(value);
  }
  if (min > max) return { name, kind: 'numeric' };
  return { name, kind: 'numeric', ...(isInteger ? { integer: true } : {}), min, max };
}

function rowsOf(
  { file }: Table,
  features: readonly Feature[],
  { rows, columns, labels }: ReadColumns,
): Pick<BaselineFile, 'rows' | 'labels'> {
  const read = features.map(({ name, pii }) => {
    const column = columns.get(name);
    if (!column) throw new InvalidDataError(`${file}: column "${name}" cannot be read`);
    return { name, pii, values: column.values as ArrayLike<FeatureValue> };
  });
  return {
    rows: Array.from({ length: rows }, (_, row) => ({
      features: Object.fromEntries(
        read.map(({ name, pii, values }): [string, FeatureValue | true] => {
          const value = values[row] ?? null;
          if (pii) return [name, value === null ? null : true];
          return [name, Number.isNaN(value) ? null : value];
        }),
      ),
    })),
    ...(labels ? { labels } : {}),
  };
}
