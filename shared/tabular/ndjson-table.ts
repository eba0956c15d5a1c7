/** A file of one JSON object per line, plain or gzipped, as a table. */
import { InvalidDataError } from '../errors.ts';
import { checkText, markBytes, readHead } from './head.ts';
import { type JsonObject, JsonRows } from './json-rows.ts';
import type { ColumnKind, Table, TableBatch } from './table.ts';
import { sampleParts, shapeRowsOf, type TextFormat, TextTable } from './text-table.ts';
import { ColumnBuilder } from './value-columns.ts';

const newline = 10;
const colon = 58;

export interface NdjsonOptions {
  readonly size: number;
  readonly isGzipped: boolean;
  /** Bytes read at once; for tests. */
  readonly chunkBytes?: number;
}

export async function openNdjson(file: string, options: NdjsonOptions): Promise<Table> {
  const { size, isGzipped } = options;
  const { bytes } = await readHead(file, isGzipped, (head) => head.includes(newline));
  checkText(file, bytes);
  if (bytes.length === markBytes(bytes)) throw new InvalidDataError(`${file}: the file is empty`);
  let hasBrokenText = false;
  const onBrokenText = () => {
    hasBrokenText = true;
  };
  const names = new Set<string>();
  const format: TextFormat<readonly JsonObject[]> = {
    file,
    format: 'ndjson',
    names,
    sizeBytes: size,
    isGzipped,
    dataStart: markBytes(bytes),
    rowBytes: bytes.length / Math.max(1, countBytes(bytes, newline)),
    canSeek: true,
    notCompared: [],
    ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    reader: (_kinds, rows, isWanted) => new JsonRows(rows, onBrokenText, isWanted),
    join: (parts, kinds) => toBatch(parts.flat(), names, kinds),
    cells: (parts) => cellsByName(parts.flat()),
    notes: () => (hasBrokenText ? ['some text is not UTF-8 and was read with replacement characters'] : []),
  };
  const parts = await sampleParts(format, shapeRowsOf(countBytes(firstLine(bytes), colon)), new Map());
  for (const name of cellsByName(parts.flat()).keys()) names.add(name);
  return new TextTable(format);
}

/** Its colons are about as many as its keys. */
function firstLine(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(newline);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function countBytes(bytes: Uint8Array, wanted: number): number {
  let found = 0;
  for (const byte of bytes) if (byte === wanted) found++;
  return found;
}

/** The union of the keys, in the order in which they turn up; undefined where an object lacks one. */
function cellsByName(objects: readonly JsonObject[]): Map<string, unknown[]> {
  const cells = new Map<string, unknown[]>();
  objects.forEach((object, row) => {
    for (const name of Object.keys(object)) {
      let column = cells.get(name);
      if (!column) {
        column = new Array<unknown>(objects.length).fill(undefined);
        cells.set(name, column);
      }
      column[row] = object[name];
    }
  });
  return cells;
}

function toBatch(
  objects: readonly JsonObject[],
  names: ReadonlySet<string>,
  kinds: ReadonlyMap<string, ColumnKind>,
): TableBatch {
  const rows = objects.length;
  const columns = [...names].flatMap((name) => {
    const kind = kinds.get(name);
    if (kind === undefined) return [];
    const builder = new ColumnBuilder(name, kind, rows);
    objects.forEach((object, row) => {
      if (Object.hasOwn(object, name)) builder.set(row, object[name]);
    });
    return builder.columns();
  });
  return { rows, columns };
}
