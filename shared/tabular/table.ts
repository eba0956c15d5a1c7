/** A data file as a stream of typed columns: what can be compared in it, a sample of it, and every row once. */
import { open, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { InvalidDataError } from '../errors.ts';
import type { Column } from '../schema/columns.ts';
import { openCsv } from './csv-table.ts';
import { openNdjson } from './ndjson-table.ts';
import { openParquet } from './parquet-table.ts';

export type ColumnKind = 'numeric' | 'categorical' | 'datetime';

/** What the columns of a table are, and which of them nothing can be said about. */
export interface TableShape {
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  /** Ids, empty, nested, unnamed and repeated columns, and those asked to be left out. */
  readonly notCompared: readonly { readonly column: string; readonly reason: string }[];
  /** Of the dates among the columns, over the rows looked at. */
  readonly dateSpans: ReadonlyMap<string, DateSpan>;
}

export interface DateSpan {
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface ReadOptions {
  /** Columns to read, and as what; one that the file lacks is absent from the batches. */
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  /**
   * Columns whose numbers are read to the last bit, all by default: of long numbers in the others only what a 32-bit
   * float holds is certain, which is faster.
   */
  readonly exact?: ReadonlySet<string>;
  /** By default as many as keep a batch at a few megabytes. */
  readonly batchRows?: number;
  /** Called after each batch; bytes are those of the file on disk. */
  readonly onProgress?: (done: {
    readonly bytes: number;
    readonly ofBytes: number;
    readonly rows: number;
  }) => void;
}

export interface TableBatch {
  readonly rows: number;
  /** Numbers are doubles; a date is the three columns `…_hour`, `…_weekday` and `…_month`. */
  readonly columns: readonly Column[];
}

export interface ShapeOptions {
  /** Columns left out as asked for; a name that the file lacks is ignored. */
  readonly exclude?: readonly string[];
  /** Columns that are never taken for an id: the target, the prediction, a segment. */
  readonly keep?: readonly string[];
  /** The columns looked at; all by default. */
  readonly only?: readonly string[];
}

export interface Table {
  readonly file: string;
  readonly format: 'csv' | 'ndjson' | 'parquet';
  /** The column names, each once. */
  readonly names: readonly string[];
  /**
   * What the header alone rules out: columns without a name or with one used before, by their position, and nested
   * ones, by a name of `names`. Part of what `shape()` says.
   */
  readonly unreadable: TableShape['notCompared'];
  /** Kinds by rows spread over the whole file; a column is numeric when at least 95 % of what it holds are numbers. */
  shape(options?: ShapeOptions): Promise<TableShape>;
  /** About `rows` rows, in short runs spread evenly over the file; all of them when the file has no more. */
  sample(rows: number, kinds: ReadonlyMap<string, ColumnKind>): Promise<TableBatch>;
  /** Every row once, in order, in bounded memory. */
  batches(options: ReadOptions): AsyncIterable<TableBatch>;
  /** Rows that `batches()` left out; known when it has ended. */
  readonly skipped: { readonly rows: number; readonly first?: string };
  /** What a person should know about how the file was read; complete when `batches()` has ended. */
  readonly notes: readonly string[];
}

const allowed = '.csv, .tsv, .ndjson or .jsonl, each also as .gz, or .parquet is expected';
const parquetMagic = 'PAR1';

/**
 * Opens a file by its extension and its first bytes and reads as much as its column names need.
 *
 * @param file path of a .csv, .tsv, .ndjson or .jsonl file, each also gzipped, or of a .parquet file
 * @throws InvalidDataError when there is no such file, it is empty, has only a header, or is not a table
 * @example for await (const batch of (await openTable('day.csv')).batches({ kinds })) add(batch) // every row once
 */
export async function openTable(file: string): Promise<Table> {
  const { size, start } = await firstBytes(file);
  if (size === 0) throw new InvalidDataError(`${file}: the file is empty; ${allowed}`);
  const isGzipped = start[0] === 0x1f && start[1] === 0x8b;
  const name = basename(file).toLowerCase();
  const extension = extname(name.endsWith('.gz') ? name.slice(0, -3) : name);
  if (start.toString('latin1') === parquetMagic) return openParquet(file);
  if (extension === '.parquet')
    throw new InvalidDataError(`${file}: not a parquet file: it does not start with ${parquetMagic}`);
  if (extension === '.csv' || extension === '.tsv')
    return openCsv(file, { size, isGzipped, isTabSeparated: extension === '.tsv' });
  if (extension === '.ndjson' || extension === '.jsonl') return openNdjson(file, { size, isGzipped });
  throw new InvalidDataError(`${file}: unknown kind of file; ${allowed}`);
}

async function firstBytes(file: string): Promise<{ readonly size: number; readonly start: Buffer }> {
  try {
    const found = await stat(file);
    if (!found.isFile())
      throw new InvalidDataError(
        `${file}: ${found.isDirectory() ? 'a directory' : 'not a regular file'}; a file ending in ${allowed}`,
      );
    const handle = await open(file);
    try {
      const start = Buffer.alloc(4);
      const { bytesRead } = await handle.read(start, 0, 4, 0);
      return { size: found.size, start: start.subarray(0, bytesRead) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof InvalidDataError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new InvalidDataError(
      `${file}: ${isMissing ? `there is no such file; ${allowed}` : (error as Error).message}`,
      { cause: error },
    );
  }
}
