/** A CSV file, plain or gzipped, as a table. */
import { InvalidDataError } from '../errors.ts';
import type { Column } from '../schema/columns.ts';
import { hasBareReturns, readHeader, recordEnd, skipBlankLines } from './csv-header.ts';
import { CsvRows } from './csv-rows.ts';
import { checkText, markBytes, readHead } from './head.ts';
import type { Table, TableBatch } from './table.ts';
import { CellDecoder } from './text-decoder.ts';
import { TextTable } from './text-table.ts';

export interface CsvOptions {
  readonly size: number;
  readonly isGzipped: boolean;
  readonly isTabSeparated: boolean;
  /** Bytes read at once; for tests. */
  readonly chunkBytes?: number;
}

export async function openCsv(file: string, options: CsvOptions): Promise<Table> {
  const { isGzipped, size } = options;
  const head = await readHead(file, isGzipped, hasData);
  const { bytes } = head;
  checkText(file, bytes);
  const start = skipBlankLines(bytes, markBytes(bytes));
  if (start >= bytes.length)
    throw new InvalidDataError(`${file}: the file is empty: a header line and data are expected`);
  if (hasBareReturns(bytes))
    throw new InvalidDataError(
      `${file}: its lines end in CR alone; save it with LF or CR LF at the end of each line`,
    );
  const { header, delimiter, end, lines, notCompared } = readHeader(
    file,
    bytes,
    start,
    options.isTabSeparated,
  );
  if (head.isAll && skipBlankLines(bytes, end) >= bytes.length)
    throw new InvalidDataError(`${file}: the file has a header and no data rows`);
  const decoder = new CellDecoder();
  return new TextTable<TableBatch>({
    file,
    format: 'csv',
    names: header.filter((name) => name !== undefined),
    sizeBytes: size,
    isGzipped,
    dataStart: end,
    rowBytes: averageRowBytes(bytes.subarray(end)),
    // a lone cell tells nothing about where a row starts
    canSeek: header.length > 1,
    notCompared,
    ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    reader: (kinds, rows, isWanted, exact) =>
      new CsvRows({ header, delimiter, firstLine: lines + 1 }, kinds, decoder, rows, isWanted, exact),
    join: joinBatches,
    cells: (parts) => {
      const { columns } = joinBatches(parts);
      return new Map(columns.map(({ name, values }) => [name, values as readonly (string | null)[]]));
    },
    notes: () => decoder.notes(),
  });
}

function hasData(bytes: Uint8Array): boolean {
  if (hasBareReturns(bytes)) return true;
  const end = recordEnd(bytes, skipBlankLines(bytes, markBytes(bytes)));
  return end > 0 && skipBlankLines(bytes, end) < bytes.length;
}

function averageRowBytes(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return bytes.length / Math.max(1, lines);
}

/** Rows of the batches one after the other; all have the same columns. */
function joinBatches(batches: readonly TableBatch[]): TableBatch {
  const [first] = batches;
  if (!first || batches.length === 1) return first ?? { rows: 0, columns: [] };
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  return {
    rows,
    columns: first.columns.map((_, at) =>
      joinColumns(
        batches.map((batch) => batch.columns[at]!),
        rows,
      ),
    ),
  };
}

function joinColumns(parts: readonly Column[], rows: number): Column {
  const { name, kind } = parts[0]!;
  if (kind === 'categorical')
    return { kind, name, values: parts.flatMap((part) => part.values as readonly (string | null)[]) };
  const values = new Float64Array(rows);
  let at = 0;
  let invalid = 0;
  for (const part of parts) {
    values.set(part.values as Float64Array, at);
    at += part.values.length;
    if (part.kind === 'numeric') invalid += part.invalid ?? 0;
  }
  return { kind, name, values, ...(invalid > 0 ? { invalid } : {}) };
}
