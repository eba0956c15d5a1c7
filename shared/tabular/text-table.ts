/** What CSV and NDJSON files have in common: records on lines, read as a stream or from places spread over the file. */
import { InvalidDataError } from '../errors.ts';
import { openBytes } from './byte-source.ts';
import { inferShape, type SampledColumns } from './infer-shape.ts';
import { type RecordReader, readRecords, type WalkOptions } from './record-reader.ts';
import { RunSampler } from './run-sampler.ts';
import type { ColumnKind, ReadOptions, ShapeOptions, Table, TableBatch, TableShape } from './table.ts';

/** Two megabytes and the cache of a core; larger chunks were slower. */
const defaultChunkBytes = 512 << 10;
const batchCells = 1 << 18;
/** Rows by which kinds and ids are told, fewer of a wide file: every cell of them becomes a text. */
const mostShapeRows = 8192;
const leastShapeRows = 500;
const shapeCells = 2e6;
/** Places from which a sample is read. */
const blocks = 64;
const smallestBlockBytes = 4096;

type Kinds = ReadonlyMap<string, ColumnKind>;

export interface TextReader<Part> extends RecordReader<Part> {
  /** Rows over several lines: a place in the middle of the file may be within one. */
  readonly multilineRows: number;
}

/** One text format. `Part` is what its reader gives for some rows. */
export interface TextFormat<Part> {
  readonly file: string;
  readonly format: 'csv' | 'ndjson';
  readonly names: Iterable<string>;
  readonly sizeBytes: number;
  readonly isGzipped: boolean;
  /** Where the first row starts. */
  readonly dataStart: number;
  /** Of the first rows, on average. */
  readonly rowBytes: number;
  /** Whether the next newline from anywhere in the file very likely ends a record. */
  readonly canSeek: boolean;
  /** Columns that the header itself rules out. */
  readonly notCompared: TableShape['notCompared'];
  readonly chunkBytes?: number;
  reader(
    kinds: Kinds,
    rows: number,
    isWanted?: (row: number) => boolean,
    exact?: ReadonlySet<string>,
  ): TextReader<Part>;
  join(parts: readonly Part[], kinds: Kinds): TableBatch;
  /** Cells as they stand, of rows read as categorical. */
  cells(parts: readonly Part[]): SampledColumns;
  notes(): readonly string[];
}

export class TextTable<Part> implements Table {
  readonly #of: TextFormat<Part>;
  #skipped: Table['skipped'] = { rows: 0 };

  constructor(format: TextFormat<Part>) {
    this.#of = format;
  }

  get file(): string {
    return this.#of.file;
  }
  get format(): 'csv' | 'ndjson' {
    return this.#of.format;
  }
  get names(): readonly string[] {
    return [...this.#of.names];
  }
  get unreadable(): TableShape['notCompared'] {
    return this.#of.notCompared;
  }
  get skipped(): Table['skipped'] {
    return this.#skipped;
  }
  get notes(): readonly string[] {
    return this.#of.notes();
  }

  async shape(options?: ShapeOptions): Promise<TableShape> {
    const wanted = options?.only ? new Set(options.only) : undefined;
    const names = this.names.filter((name) => wanted === undefined || wanted.has(name));
    const asText = new Map(names.map((name) => [name, 'categorical' as const]));
    const cells = this.#of.cells(await sampleParts(this.#of, shapeRowsOf(names.length), asText));
    const shape = inferShape(
      wanted ? new Map([...cells].filter(([name]) => wanted.has(name))) : cells,
      options,
    );
    return { ...shape, notCompared: [...shape.notCompared, ...this.#of.notCompared] };
  }

  async sample(rows: number, kinds: Kinds): Promise<TableBatch> {
    return this.#of.join(await sampleParts(this.#of, rows, kinds), kinds);
  }

  async *batches(options: ReadOptions): AsyncGenerator<TableBatch> {
    this.#skipped = { rows: 0 };
    const { file, isGzipped, dataStart, sizeBytes } = this.#of;
    const fitting = Math.floor(batchCells / Math.max(1, options.kinds.size));
    const reader = this.#of.reader(
      options.kinds,
      options.batchRows ?? Math.min(16_384, Math.max(256, fitting)),
      undefined,
      options.exact,
    );
    const source = await openBytes(file, isGzipped, dataStart);
    let rows = 0;
    try {
      for await (const part of readRecords(source, reader, walkOf(this.#of))) {
        const batch = this.#of.join([part], options.kinds);
        rows += batch.rows;
        options.onProgress?.({ bytes: source.bytesRead, ofBytes: sizeBytes, rows });
        yield batch;
      }
    } finally {
      await source.close();
      this.#skipped = skippedOf(reader);
    }
  }
}

/** @param columns how many are looked at */
export function shapeRowsOf(columns: number): number {
  return Math.min(mostShapeRows, Math.max(leastShapeRows, Math.floor(shapeCells / Math.max(1, columns))));
}

function walkOf(format: TextFormat<unknown>): WalkOptions {
  return {
    chunkBytes: format.chunkBytes ?? defaultChunkBytes,
    skipBytes: format.isGzipped ? format.dataStart : 0,
  };
}

/** About `rows` rows spread over the file, in file order; throws when none can be read. */
export async function sampleParts<Part>(
  format: TextFormat<Part>,
  rows: number,
  kinds: Kinds,
): Promise<readonly Part[]> {
  const { sizeBytes, dataStart, rowBytes, canSeek, isGzipped } = format;
  const isWorthSeeking = 4 * Math.max(rows * rowBytes, blocks * smallestBlockBytes) < sizeBytes - dataStart;
  const seeked = canSeek && !isGzipped && isWorthSeeking ? await seekParts(format, rows, kinds) : undefined;
  return seeked ?? walkParts(format, rows, kinds);
}

/** Undefined when a place may have been within a quoted cell: a row of the wrong length, or one over several lines. */
async function seekParts<Part>(
  format: TextFormat<Part>,
  rows: number,
  kinds: Kinds,
): Promise<readonly Part[] | undefined> {
  const { file, sizeBytes, dataStart, rowBytes } = format;
  const blockRows = Math.ceil(rows / blocks);
  const chunkBytes = Math.max(smallestBlockBytes, Math.ceil(1.2 * blockRows * rowBytes));
  const parts: Part[] = [];
  for (let block = 0; block < blocks; block++) {
    const from = dataStart + Math.floor(((sizeBytes - dataStart) * block) / blocks);
    const source = await openBytes(file, false, from);
    const reader = format.reader(kinds, blockRows);
    try {
      for await (const part of readRecords(source, reader, { chunkBytes, fromNextLine: block > 0 })) {
        parts.push(part);
        break;
      }
    } finally {
      await source.close();
    }
    if (reader.skippedRows > 0 || reader.multilineRows > 0) return undefined;
  }
  return parts;
}

async function walkParts<Part>(
  format: TextFormat<Part>,
  rows: number,
  kinds: Kinds,
): Promise<readonly Part[]> {
  const { file, isGzipped, dataStart } = format;
  const sampler = new RunSampler<Part>(rows);
  const reader = format.reader(kinds, sampler.runRows, sampler.wants);
  const source = await openBytes(file, isGzipped, dataStart);
  try {
    for await (const part of readRecords(source, reader, walkOf(format))) sampler.add(part);
  } finally {
    await source.close();
  }
  const parts = sampler.result();
  if (parts.length === 0)
    throw new InvalidDataError(
      `${file}: no row can be read: ${reader.firstSkipped ?? 'there are no data rows'}`,
    );
  return parts;
}

function skippedOf(reader: RecordReader<unknown>): Table['skipped'] {
  const first = reader.firstSkipped;
  return { rows: reader.skippedRows, ...(first === undefined ? {} : { first }) };
}
