/** The first record of a CSV file: column names, the delimiter, and where the data start. */
import { CsvError, parse } from 'csv-parse/sync';
import { InvalidDataError } from '../errors.ts';
import { isNumericText } from '../schema/cells.ts';
import type { TableShape } from './table.ts';

const newline = 10;
const carriageReturn = 13;
const quote = 34;
const comma = 44;
const semicolon = 59;
const tab = 9;

export interface CsvHeader {
  /** By position; undefined where there is no usable name. */
  readonly header: readonly (string | undefined)[];
  readonly delimiter: number;
  /** Byte at which the record after the header starts. */
  readonly end: number;
  /** Lines up to there. */
  readonly lines: number;
  readonly notCompared: TableShape['notCompared'];
}

const delimiters: readonly number[] = [comma, semicolon, tab];

/**
 * Where the record that starts at `from` ends, its newline included; -1 when it goes on behind the bytes. A quote opens
 * only at the start of a cell: the one in `size 5"` is a character like others.
 *
 * @param separators the delimiter, or all it may be
 */
export function recordEnd(
  bytes: Uint8Array,
  from: number,
  separators: readonly number[] = delimiters,
): number {
  for (const [byte, at] of unquoted(bytes, from, bytes.length, separators))
    if (byte === newline) return at + 1;
  return -1;
}

/** The bytes outside quotes that end a cell, and where they stand. */
function* unquoted(
  bytes: Uint8Array,
  from: number,
  to: number,
  separators: readonly number[],
): Generator<readonly [byte: number, at: number]> {
  let isStart = true;
  for (let at = from; at < to; at++) {
    let byte = bytes[at]!;
    if (byte === quote && isStart) {
      do {
        at = bytes.indexOf(quote, at + 1) + 1;
        if (at === 0 || at >= to) return;
      } while (bytes[at] === quote);
      byte = bytes[at]!;
    }
    isStart = byte === newline || separators.includes(byte);
    if (isStart) yield [byte, at];
  }
}

/** Whether lines end as they did on a Mac before 2001. */
export function hasBareReturns(bytes: Uint8Array): boolean {
  const first = bytes.indexOf(carriageReturn);
  return first >= 0 && first < bytes.length - 1 && !bytes.includes(newline);
}

/** Where the first record starts: blank lines in front do not count. */
export function skipBlankLines(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === newline || bytes[at] === carriageReturn) at++;
  return at;
}

/** @param start where the header starts in `bytes` */
export function readHeader(
  file: string,
  bytes: Uint8Array,
  start: number,
  isTabSeparated: boolean,
): CsvHeader {
  const endBy = (separators: readonly number[]) => {
    const found = recordEnd(bytes, start, separators);
    return found < 0 ? bytes.length : found;
  };
  const delimiter = isTabSeparated ? tab : detectDelimiter(bytes, start, endBy(delimiters));
  const end = endBy([delimiter]);
  const cells = readCells(file, bytes, start, end, delimiter);
  if (cells.every((cell) => cell === ''))
    throw new InvalidDataError(`${file}: line 1: no column has a name: a header line and data are expected`);
  checkNumericNames(file, cells);
  const notCompared: { column: string; reason: string }[] = [];
  const header = cells.map((name, at) => {
    if (name === '') notCompared.push({ column: `column ${at + 1}`, reason: 'no name' });
    else if (cells.indexOf(name) < at)
      notCompared.push({
        column: `column ${at + 1} (${name})`,
        reason: 'the name is used twice: only the first such column is read',
      });
    else return name;
    return undefined;
  });
  let lines = 0;
  for (let at = 0; at < end; at++) if (bytes[at] === newline) lines++;
  return { header, delimiter, end, lines, notCompared };
}

/** Comma, unless the header has none and just one of the others. */
function detectDelimiter(bytes: Uint8Array, start: number, end: number): number {
  const counts = new Map(delimiters.map((byte) => [byte, countUnquoted(bytes, start, end, byte)]));
  if (counts.get(comma)! > 0) {
    const other = [semicolon, tab].find((byte) => isSteady(bytes, start, end, byte));
    return other !== undefined && !isSteady(bytes, start, end, comma) ? other : comma;
  }
  const others = [semicolon, tab].filter((byte) => counts.get(byte)! > 0);
  if (others.length === 1) return others[0]!;
  return others.find((byte) => isSteady(bytes, start, end, byte)) ?? comma;
}

/** Whether the next records have the delimiter as often as the header, and at all. */
function isSteady(bytes: Uint8Array, start: number, headerEnd: number, delimiter: number): boolean {
  const expected = countUnquoted(bytes, start, headerEnd, delimiter);
  if (expected === 0) return false;
  let from = headerEnd;
  for (let record = 0; record < 5; record++) {
    const end = recordEnd(bytes, from);
    if (end < 0) break;
    if (end - from > 2 && countUnquoted(bytes, from, end, delimiter) !== expected) return false;
    from = end;
  }
  return true;
}

function countUnquoted(bytes: Uint8Array, from: number, to: number, wanted: number): number {
  let count = 0;
  for (const [byte] of unquoted(bytes, from, to, delimiters)) if (byte === wanted) count++;
  return count;
}

function readCells(file: string, bytes: Uint8Array, from: number, to: number, delimiter: number): string[] {
  const text = new TextDecoder().decode(bytes.subarray(from, to));
  try {
    const records = parse(text, { delimiter: String.fromCharCode(delimiter), relax_quotes: true });
    return (records[0] ?? []).map((cell) => cell.trim());
  } catch (error) {
    if (error instanceof CsvError)
      throw new InvalidDataError(`${file}: line 1: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Numbers for names mean that there is no header, unless they count the columns as data frames without names do. */
function checkNumericNames(file: string, cells: readonly string[]): void {
  const numbers = cells.filter(isNumericText);
  const isCount = numbers.every(
    (text, at) => /^\d+$/.test(text) && (at === 0 || Number(text) > Number(numbers[at - 1])),
  );
  if (!isCount || (numbers.length === 1 && cells.length === 1))
    throw new InvalidDataError(
      `${file}: line 1: no header: "${numbers[0]}" is a number where a column name is expected`,
    );
}
