/** A parquet file as a table: column by column over ranges of rows, so that a large row group does not fill the memory. */
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { InvalidDataError } from '../errors.ts';
import { inferShape } from './infer-shape.ts';
import type { ColumnKind, ReadOptions, ShapeOptions, Table, TableBatch, TableShape } from './table.ts';
import { shapeRowsOf } from './text-table.ts';
import { ColumnBuilder } from './value-columns.ts';

/** Runs of neighbouring rows in a sample; each costs the decoding of a page of every column. */
const sampleRuns = 16;
/** Values of a page of doubles as writers cut them, about. */
const pageRows = 1 << 17;
/** Of one batch, over all columns: the pages of a column are decoded anew for every batch of its row group. */
const batchCells = 12 << 20;
const leastBatchRows = 4096;

interface RowRange {
  readonly start: number;
  readonly end: number;
}

export async function openParquet(file: string): Promise<Table> {
  const buffer = await asyncBufferFromFile(file);
  const metadata = await naming(file, () => parquetMetadataAsync(buffer));
  const rows = Number(metadata.num_rows);
  if (rows === 0) throw new InvalidDataError(`${file}: the file has columns and no rows`);
  return new ParquetTable(file, buffer, metadata);
}

class ParquetTable implements Table {
  readonly file: string;
  readonly format = 'parquet';
  readonly names: readonly string[];
  readonly unreadable: TableShape['notCompared'];
  readonly skipped = { rows: 0 };
  readonly notes: readonly string[] = [];
  readonly #buffer: AsyncBuffer;
  readonly #metadata: FileMetaData;
  readonly #nested: readonly string[];

  constructor(file: string, buffer: AsyncBuffer, metadata: FileMetaData) {
    this.file = file;
    this.#buffer = buffer;
    this.#metadata = metadata;
    const columns = parquetSchema(metadata).children;
    const isNested = (column: (typeof columns)[number]) =>
      column.children.length > 0 || column.element.repetition_type === 'REPEATED';
    this.names = columns.map((column) => column.element.name);
    this.#nested = columns.filter(isNested).map((column) => column.element.name);
    this.unreadable = this.#nested.map((column) => ({ column, reason: 'nested or binary values' }));
  }

  async shape(options?: ShapeOptions): Promise<TableShape> {
    const names = this.names.filter(
      (name) => !this.#nested.includes(name) && options?.only?.includes(name) !== false,
    );
    const ranges = this.#spread(shapeRowsOf(names.length));
    const cells = new Map<string, unknown[]>();
    for (const name of names) {
      const column: unknown[] = [];
      await this.#readColumn(name, ranges, (row, value) => {
        column[row] = value;
      });
      cells.set(name, column);
    }
    const shape = inferShape(cells, options);
    const nested = this.unreadable.map(({ column, reason }) => ({
      column,
      reason: options?.exclude?.includes(column) ? 'asked for' : reason,
    }));
    return { ...shape, notCompared: [...shape.notCompared, ...nested] };
  }

  sample(rows: number, kinds: ReadonlyMap<string, ColumnKind>): Promise<TableBatch> {
    return this.#read(this.#spread(rows), kinds);
  }

  async *batches(options: ReadOptions): AsyncGenerator<TableBatch> {
    const { kinds, onProgress } = options;
    const fitting = Math.floor(batchCells / Math.max(1, kinds.size));
    const mostRows = options.batchRows ?? Math.max(leastBatchRows, fitting);
    const total = Number(this.#metadata.num_rows);
    let start = 0;
    for (const group of this.#metadata.row_groups) {
      const groupRows = Number(group.num_rows);
      const groupEnd = start + groupRows;
      const batchRows = Math.ceil(groupRows / Math.ceil(groupRows / mostRows));
      while (start < groupEnd) {
        const end = Math.min(groupEnd, start + batchRows);
        const batch = await this.#read([{ start, end }], kinds);
        const ofBytes = this.#buffer.byteLength;
        onProgress?.({ bytes: Math.round((ofBytes * end) / total), ofBytes, rows: end });
        yield batch;
        start = end;
      }
    }
  }

  async #read(ranges: readonly RowRange[], kinds: ReadonlyMap<string, ColumnKind>): Promise<TableBatch> {
    const rows = ranges.reduce((sum, range) => sum + range.end - range.start, 0);
    const columns: TableBatch['columns'][number][] = [];
    for (const name of this.names) {
      const kind = kinds.get(name);
      if (kind === undefined || this.#nested.includes(name)) continue;
      const builder = new ColumnBuilder(name, kind, rows);
      await this.#readColumn(name, ranges, (row, value) => builder.set(row, value));
      columns.push(...builder.columns());
    }
    return { rows, columns };
  }

  /** Short ranges over the whole file, in order; one range of everything when the file has no more rows. */
  #spread(rows: number): readonly RowRange[] {
    const total = Number(this.#metadata.num_rows);
    if (total <= rows) return [{ start: 0, end: total }];
    const length = Math.ceil(rows / sampleRuns);
    return Array.from({ length: sampleRuns }, (_, run) => {
      const start = Math.floor((run * total) / sampleRuns);
      return { start, end: Math.min(start + length, Math.floor(((run + 1) * total) / sampleRuns)) };
    });
  }

  /** @param set called with the row counted over the ranges, in no particular order */
  async #readColumn(
    name: string,
    ranges: readonly RowRange[],
    set: (row: number, value: unknown) => void,
  ): Promise<void> {
    const file = rememberingLast(this.#buffer);
    const metadata = this.#metadata;
    let offset = 0;
    for (const span of spansOf(ranges)) {
      const first = offset;
      const onChunk = (chunk: { columnData: ArrayLike<unknown>; rowStart: number; rowEnd: number }) => {
        let at = first;
        for (const { start, end } of span) {
          const last = Math.min(end, chunk.rowEnd);
          for (let row = Math.max(start, chunk.rowStart); row < last; row++)
            set(at + row - start, chunk.columnData[row - chunk.rowStart]);
          at += end - start;
        }
      };
      const rowStart = span[0]!.start;
      const rowEnd = span.at(-1)!.end;
      await naming(this.file, () =>
        parquetRead({ file, metadata, compressors, columns: [name], rowStart, rowEnd, onChunk }),
      );
      for (const { start, end } of span) offset += end - start;
    }
  }
}

/** Ranges that lie so close that their pages are best decoded together. */
function spansOf(ranges: readonly RowRange[]): readonly (readonly RowRange[])[] {
  const spans: RowRange[][] = [];
  for (const range of ranges) {
    const span = spans.at(-1);
    if (span && range.start - span.at(-1)!.end < pageRows) span.push(range);
    else spans.push([range]);
  }
  return spans;
}

/** Several ranges of one column chunk read its bytes once. */
function rememberingLast(file: AsyncBuffer): AsyncBuffer {
  let key = '';
  let last: Promise<ArrayBuffer> | undefined;
  return {
    byteLength: file.byteLength,
    slice(start, end) {
      const wanted = `${start}-${end}`;
      if (last === undefined || key !== wanted) {
        key = wanted;
        last = Promise.resolve(file.slice(start, end));
      }
      return last;
    },
  };
}

async function naming<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw new InvalidDataError(`${file}: not a readable parquet file: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
