/** Labelled rows of a model from an object or a query: read as a table, kept as the pipeline keeps rows. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Deps } from '../deps.ts';
import { InvalidDataError } from '../errors.ts';
import { createTokeniser, type Tokenise } from '../privacy/tokeniser.ts';
import type { ModelRecord, TrainingSource } from '../registry/model.ts';
import type { LabelledRow } from '../retrain/snapshot.ts';
import { parseDate } from '../schema/dates.ts';
import { type Feature, piiFeatures } from '../schema/feature-schema.ts';
import type { FeatureValue } from '../schema/rows.ts';
import type { ColumnKind, Table, TableBatch } from '../tabular/table.ts';
import { openTable } from '../tabular/table.ts';
import { spoolQuery } from './postgres.ts';

export interface SourceRows {
  /** The newest `max_rows`, in order of time; in the order of the table where there is none. */
  readonly rows: readonly LabelledRow[];
  readonly notes: readonly string[];
}

/**
 * What is pii leaves here as tokens; the file it is read from is deleted before this returns.
 *
 * @throws InvalidDataError when the source is not there or cannot be read, lacks a feature, the target or the time, or
 *   has no row with a target
 */
export async function readSource(
  deps: Pick<Deps, 'objects' | 'secret' | 'piiKey'>,
  model: ModelRecord,
  source: TrainingSource,
): Promise<SourceRows> {
  const tokenise = await createTokeniser(deps, model.name, model.schema);
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-ingest-'));
  try {
    const file = await spool(deps, model, source, folder);
    const unquoted = isAboutPeople(model) ? withoutQuotes : asItIs;
    const table = await openTable(file).catch(unquoted);
    return await readTable(table, model, source.time, tokenise, unquoted);
  } catch (error) {
    if (!(error instanceof InvalidDataError)) throw error;
    // the file's folder is nobody's but this function's
    throw new InvalidDataError(error.message.replaceAll(`${folder}/`, ''), { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isAboutPeople = ({ schema }: ModelRecord): boolean => piiFeatures(schema).length > 0;

type Rethrow = (error: unknown) => never;

const asItIs: Rethrow = (error) => {
  throw error;
};

/** What a reader finds wrong with a file often quotes it, and its reason goes into the ledger. */
const withoutQuotes: Rethrow = (error) => {
  if (!(error instanceof InvalidDataError)) throw error;
  throw new InvalidDataError(
    'the source cannot be read as a table; why is not said, as it could quote what is pii: CSV needs a header line, NDJSON an object on each',
  );
};

async function* caught<T>(all: AsyncIterable<T>, rethrow: Rethrow): AsyncGenerator<T> {
  try {
    yield* all;
  } catch (error) {
    rethrow(error);
  }
}

async function spool(
  deps: Pick<Deps, 'objects' | 'secret'>,
  { schema }: ModelRecord,
  source: TrainingSource,
  folder: string,
): Promise<string> {
  if (source.kind === 'object') {
    const bytes = await deps.objects.get(source.key);
    if (!bytes) throw new InvalidDataError(`the source ${source.key} is not there`);
    const file = join(folder, basename(source.key));
    await writeFile(file, bytes);
    return file;
  }
  const connection = await deps.secret(source.secret);
  if (connection === undefined) throw new InvalidDataError(`there is no secret named "${source.secret}"`);
  const file = join(folder, 'query.csv');
  await spoolQuery({ connection, query: source.query }, file, { isPrivate: piiFeatures(schema).length > 0 });
  return file;
}

async function readTable(
  table: Table,
  model: ModelRecord,
  time: string | undefined,
  tokenise: Tokenise,
  unquoted: Rethrow,
): Promise<SourceRows> {
  const { features, target } = model.schema;
  // what is about a person is best left out of an extract: it is read where it is there, ids as well
  const isRead = ({ name, kind, pii }: Feature) => (pii ? table.names.includes(name) : kind !== 'id');
  const wanted = [...features.filter(isRead), { name: target.name, kind: 'target' as const }];
  const missing = [...wanted.map(({ name }) => name), ...(time === undefined ? [] : [time])].find(
    (name) => !table.names.includes(name),
  );
  if (missing !== undefined)
    throw new InvalidDataError(
      `the source has no column "${missing}"; it has ${
        // of a file without a header these are its first row
        isAboutPeople(model) ? `${table.names.length} others` : table.names.slice(0, 50).join(', ')
      }`,
    );
  const hidden = new Set(piiFeatures(model.schema));
  const isPrivate = (name: string) => hidden.has(name);
  const kinds = new Map<string, ColumnKind>();
  for (const { name, kind } of wanted) {
    const isText = kind === 'target' ? target.classes !== undefined : kind !== 'numeric' || isPrivate(name);
    kinds.set(name, isText ? 'categorical' : 'numeric');
  }
  if (time !== undefined) kinds.set(time, 'categorical');
  let rows: LabelledRow[] = [];
  const limit = model.retrain.max_rows;
  let read = 0;
  let unlabelled = 0;
  const invalid = new Map<string, number>();
  for await (const batch of caught(table.batches({ kinds, exact: new Set(kinds.keys()) }), unquoted)) {
    const cells = cellsOf(batch);
    for (const column of batch.columns)
      if (column.kind === 'numeric' && column.invalid)
        invalid.set(column.name, (invalid.get(column.name) ?? 0) + column.invalid);
    for (let row = 0; row < batch.rows; row++) {
      const label = cells(target.name, row);
      read += 1;
      if (label === null) unlabelled += 1;
      else rows.push(toRow(model, cells, row, { read, label, time, tokenise }));
    }
    if (rows.length > 2 * limit) rows = newest(rows, limit);
  }
  if (rows.length === 0) throw new InvalidDataError(`the source has no row with a value of "${target.name}"`);
  const { rows: skipped, first } = table.skipped;
  return {
    rows: newest(rows, limit),
    notes: [
      ...(unlabelled > 0 ? [`${unlabelled} of ${read} rows have no value of "${target.name}"`] : []),
      // what is said of the first may quote it
      ...(skipped > 0 ? [`${skipped} rows were skipped${hidden.size > 0 ? '' : `: ${first}`}`] : []),
      ...Array.from(
        invalid,
        ([name, cells]) => `column "${name}" has ${cells} cells that are not numbers; they count as missing`,
      ),
    ],
  };
}

/** In order of time; of equal ones the last of the table. */
function newest(rows: readonly LabelledRow[], limit: number): LabelledRow[] {
  return rows.toSorted((one, other) => one.at - other.at).slice(-limit);
}

type Cells = (column: string, row: number) => FeatureValue;

function cellsOf(batch: TableBatch): Cells {
  const byName = new Map(batch.columns.map((column) => [column.name, column]));
  return (name, row) => {
    const value = byName.get(name)?.values[row];
    return value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? null : value;
  };
}

function toRow(
  { schema }: ModelRecord,
  cells: Cells,
  row: number,
  {
    read,
    label,
    time,
    tokenise,
  }: {
    readonly read: number;
    readonly label: number | string;
    readonly time: string | undefined;
    readonly tokenise: Tokenise;
  },
): LabelledRow {
  const features: Record<string, FeatureValue> = {};
  const isHidden = schema.features.some(({ name, pii }) => pii && name === time);
  for (const { name, kind, boolean, pii } of schema.features) {
    if (kind === 'id' && !pii) continue;
    const value = cells(name, row);
    features[name] = boolean === true && typeof value === 'string' ? booleanText(value) : value;
  }
  return {
    id: `source-${read}`,
    at: time === undefined ? read : timeOf(cells(time, row), time, read, isHidden),
    features: tokenise(features),
    label,
  };
}

/** As rows are logged: Python and spreadsheets write True and TRUE. */
function booleanText(value: string): string {
  const text = value.toLowerCase();
  return text === 'true' || text === 'false' ? text : value;
}

function timeOf(value: FeatureValue, column: string, row: number, isHidden: boolean): number {
  const text = String(value ?? '');
  const at = parseDate(text)?.epochMs ?? (text === '' ? Number.NaN : Number(text));
  if (Number.isNaN(at))
    throw new InvalidDataError(
      `row ${row} of the source: ${isHidden ? 'the value' : JSON.stringify(text)} in "${column}" is neither a date nor a number`,
    );
  return at;
}
