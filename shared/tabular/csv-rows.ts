/** The inner loop over the bytes of a CSV file: cells become numbers and interned texts in place, no row is ever an object. */
import type { Column } from '../schema/columns.ts';
import {
  categoryFromText,
  type DateCell,
  dateFromText,
  type NumericCell,
  numberFromText,
} from './cell-values.ts';
import { dateColumnNames } from './date-columns.ts';
import { exactPowersOfTen, parseDecimal } from './decimal.ts';
import { hashPrime, hashSeed, Interner } from './interner.ts';
import type { RecordReader } from './record-reader.ts';
import type { ColumnKind, TableBatch } from './table.ts';
import type { CellDecoder } from './text-decoder.ts';

const newline = 10;
const carriageReturn = 13;
const quote = 34;
const minus = 45;
const point = 46;

const ignored = 0;
const numeric = 1;
const categorical = 2;
const datetime = 3;
const codes = { numeric, categorical, datetime } as const;

/** Of the fast path: as many digits as a 32-bit integer always holds. */
const maxFastDigits = 9;

const isIncomplete = -1;
const isMalformed = -2;

export interface CsvLayout {
  /** Names by position; a column without a name is never read. */
  readonly header: readonly (string | undefined)[];
  readonly delimiter: number;
  /** Line of the file, from 1, at which the first row starts. */
  readonly firstLine: number;
}

/**
 * Reads the columns whose kind is given; the others are only stepped over. A row of the wrong length is skipped and counted;
 * of one whose quotes make no sense only the first line is given up, so that a stray quote does not swallow what follows.
 */
export class CsvRows implements RecordReader<TableBatch> {
  readonly #layout: CsvLayout;
  readonly #kinds: ReadonlyMap<string, ColumnKind>;
  readonly #codes: Uint8Array;
  readonly #noCodes: Uint8Array;
  /** Where a column's numbers start in the batch; a date has three columns in a row. */
  readonly #bases: Int32Array;
  readonly #numbers: Interner<NumericCell>;
  readonly #dates: Interner<DateCell>;
  readonly #categories: Interner<string | null>[];
  readonly #capacity: number;
  readonly #numericColumns: number;
  readonly #isWanted: ((row: number) => boolean) | undefined;
  readonly #isExact: readonly boolean[];

  #values: Float64Array;
  #texts: (string | null)[][];
  #invalid: Int32Array;
  /** Columns with an invalid cell in the row being read, counted when the row turns out to be one. */
  #pending: number[] = [];
  #scratch = new Uint8Array(256);
  #newlines = 0;
  #line: number;
  #read = 0;

  rows = 0;
  skippedRows = 0;
  firstSkipped: string | undefined;
  multilineRows = 0;

  /**
   * @param capacity rows of a batch
   * @param isWanted of the how manyth good row, from 0: the others are checked and not kept
   * @param exact columns whose numbers are read to the last bit; all by default
   */
  constructor(
    layout: CsvLayout,
    kinds: ReadonlyMap<string, ColumnKind>,
    decoder: CellDecoder,
    capacity: number,
    isWanted?: (row: number) => boolean,
    exact?: ReadonlySet<string>,
  ) {
    this.#layout = layout;
    this.#kinds = kinds;
    this.#capacity = capacity;
    this.#isWanted = isWanted;
    this.#isExact = layout.header.map(
      (name) => exact === undefined || (name !== undefined && exact.has(name)),
    );
    this.#line = layout.firstLine;
    const width = layout.header.length;
    this.#codes = new Uint8Array(width);
    this.#noCodes = new Uint8Array(width);
    this.#bases = new Int32Array(width);
    this.#numbers = new Interner(decoder.decode, numberFromText);
    this.#dates = new Interner(decoder.decode, dateFromText);
    this.#categories = layout.header.map(() => new Interner(decoder.decode, categoryFromText));
    let numericColumns = 0;
    layout.header.forEach((name, at) => {
      const kind = name === undefined ? undefined : kinds.get(name);
      if (kind === undefined) return;
      this.#codes[at] = codes[kind];
      if (kind === 'categorical') return;
      this.#bases[at] = numericColumns * capacity;
      numericColumns += kind === 'datetime' ? 3 : 1;
    });
    this.#numericColumns = numericColumns;
    this.#invalid = new Int32Array(width);
    this.#values = new Float64Array(numericColumns * capacity);
    this.#texts = this.#emptyTexts();
  }

  get isFull(): boolean {
    return this.rows === this.#capacity;
  }

  /** One loop without calls for the common cells, for speed. Every scan stops at the newline behind the last byte. */
  parse(bytes: Uint8Array, from: number, end: number, more: 'more' | 'none' | 'no room'): number {
    const width = this.#codes.length;
    const delimiter = this.#layout.delimiter;
    const bases = this.#bases;
    const values = this.#values;
    const powers = exactPowersOfTen;
    let at = from;
    while (this.rows < this.#capacity && at < end) {
      const start = at;
      let byte = bytes[at]!;
      const lineEnd = byte === carriageReturn ? at + 1 : at;
      if (bytes[lineEnd] === newline && (lineEnd < end || more === 'none')) {
        at = lineEnd + 1;
        this.#line++;
        continue;
      }
      const isWanted = this.#isWanted === undefined || this.#isWanted(this.#read);
      const columnCodes = isWanted ? this.#codes : this.#noCodes;
      const row = this.rows;
      let column = 0;
      this.#newlines = 0;
      for (;;) {
        const cell = at;
        const code = column < width ? columnCodes[column]! : ignored;
        byte = bytes[at]!;
        if (byte === quote) {
          at = this.#readQuoted(bytes, at, end, more === 'none', code, column);
          if (at < 0) break;
        } else if (code === numeric) {
          const isNegative = byte === minus;
          if (isNegative) byte = bytes[++at]!;
          const first = at;
          let mantissa = 0;
          while (byte >= 48 && byte <= 57) {
            mantissa = (Math.imul(mantissa, 10) + (byte - 48)) | 0;
            byte = bytes[++at]!;
          }
          let digits = at - first;
          let decimals = 0;
          if (byte === point) {
            const fraction = ++at;
            byte = bytes[at]!;
            while (byte >= 48 && byte <= 57) {
              mantissa = (Math.imul(mantissa, 10) + (byte - 48)) | 0;
              byte = bytes[++at]!;
            }
            decimals = at - fraction;
            digits += decimals;
          }
          if ((byte === delimiter || byte === newline) && digits > 0 && digits <= maxFastDigits) {
            const value = mantissa / powers[decimals]!;
            values[bases[column]! + row] = isNegative ? -value : value;
          } else {
            while (byte !== delimiter && byte !== newline) byte = bytes[++at]!;
            this.#readNumber(bytes, cell, at, column);
          }
        } else if (code === categorical) {
          let hash = hashSeed;
          while (byte !== delimiter && byte !== newline) {
            hash = Math.imul(hash ^ byte, hashPrime);
            byte = bytes[++at]!;
          }
          this.#texts[column]![row] = this.#categories[column]!.find(bytes, cell, at, hash);
        } else {
          while (byte !== delimiter && byte !== newline) byte = bytes[++at]!;
          if (code === datetime) this.#readDate(bytes, cell, at, column);
        }
        column++;
        if (bytes[at] !== delimiter) break;
        at++;
      }
      if (at >= end ? more !== 'none' : at === isIncomplete && more === 'more') {
        this.#pending.length = 0;
        return start;
      }
      if (at >= 0) {
        this.#finishRow(column, isWanted);
        at++;
        continue;
      }
      const fault =
        at === isMalformed ? 'text follows a closing quote' : 'a quote is opened and never closed';
      at = bytes.indexOf(newline, start);
      this.#pending.length = 0;
      if (at >= end && more !== 'none') return start;
      this.#skip(fault);
      this.#line++;
      at++;
    }
    return Math.min(at, end);
  }

  take(): TableBatch {
    const rows = this.rows;
    const columns: Column[] = [];
    this.#layout.header.forEach((name, at) => {
      const kind = name === undefined ? undefined : this.#kinds.get(name);
      if (name === undefined || kind === undefined) return;
      if (kind === 'categorical') {
        const values = this.#texts[at]!;
        columns.push({ kind, name, values: rows === this.#capacity ? values : values.slice(0, rows) });
        return;
      }
      const invalid = this.#invalid[at]!;
      const parts = kind === 'numeric' ? [name] : dateColumnNames(name);
      parts.forEach((part, index) => {
        const base = this.#bases[at]! + index * this.#capacity;
        const values = this.#values.subarray(base, base + rows);
        columns.push({ kind: 'numeric', name: part, values, ...(invalid > 0 ? { invalid } : {}) });
      });
    });
    this.rows = 0;
    this.#values = new Float64Array(this.#numericColumns * this.#capacity);
    this.#texts = this.#emptyTexts();
    this.#invalid.fill(0);
    return { rows, columns };
  }

  #emptyTexts(): (string | null)[][] {
    return Array.from(this.#codes, (code) =>
      code === categorical ? new Array<string | null>(this.#capacity).fill(null) : [],
    );
  }

  #finishRow(cells: number, isWanted: boolean): void {
    const width = this.#codes.length;
    if (cells === width) {
      for (const column of this.#pending) this.#invalid[column]!++;
      if (isWanted) this.rows++;
      this.#read++;
      if (this.#newlines > 0) this.multilineRows++;
    } else this.#skip(`${cells} ${cells === 1 ? 'cell' : 'cells'}, the header has ${width}`);
    this.#pending.length = 0;
    this.#line += 1 + this.#newlines;
  }

  #skip(reason: string): void {
    this.skippedRows++;
    this.firstSkipped ??= `line ${this.#line}: ${reason}`;
  }

  /** A number that is not short and plain: long, with an exponent or spaces, missing, or none at all. */
  #readNumber(bytes: Uint8Array, from: number, to: number, column: number): void {
    let end = to;
    if (end > from && bytes[end - 1] === carriageReturn) end--;
    let value = parseDecimal(bytes, from, end, this.#isExact[column]);
    if (Number.isNaN(value) && end > from) {
      const cell = this.#numbers.read(bytes, from, end);
      value = cell.value;
      if (cell.isInvalid) this.#pending.push(column);
    }
    this.#values[this.#bases[column]! + this.rows] = value;
  }

  #readDate(bytes: Uint8Array, from: number, to: number, column: number): void {
    const cell = this.#dates.read(bytes, from, to);
    const at = this.#bases[column]! + this.rows;
    this.#values[at] = cell.hour;
    this.#values[at + this.#capacity] = cell.weekday;
    this.#values[at + 2 * this.#capacity] = cell.month;
    if (cell.isInvalid) this.#pending.push(column);
  }

  /** @returns where the delimiter or newline after the cell stands, or a negative code */
  #readQuoted(
    bytes: Uint8Array,
    from: number,
    end: number,
    isEnd: boolean,
    code: number,
    column: number,
  ): number {
    let at = from + 1;
    let escapes = 0;
    for (;;) {
      while (at < end && bytes[at] !== quote) {
        if (bytes[at] === newline) this.#newlines++;
        at++;
      }
      if (at >= end) return isIncomplete;
      if (at + 1 >= end || bytes[at + 1] !== quote) break;
      escapes++;
      at += 2;
    }
    if (at + 1 >= end && !isEnd) return isIncomplete;
    let next = at + 1;
    if (bytes[next] === carriageReturn && bytes[next + 1] === newline) next++;
    if (bytes[next] !== this.#layout.delimiter && bytes[next] !== newline) return isMalformed;
    if (code === ignored) return next;
    if (escapes === 0) this.#readCell(bytes, from + 1, at, code, column);
    else {
      const length = this.#unescape(bytes, from + 1, at);
      this.#readCell(this.#scratch, 0, length, code, column);
    }
    return next;
  }

  #readCell(bytes: Uint8Array, from: number, to: number, code: number, column: number): void {
    if (code === numeric) this.#readNumber(bytes, from, to, column);
    else if (code === datetime) this.#readDate(bytes, from, to, column);
    else this.#texts[column]![this.rows] = this.#categories[column]!.read(bytes, from, to);
  }

  /** Two quotes are one. */
  #unescape(bytes: Uint8Array, from: number, to: number): number {
    if (this.#scratch.length < to - from) this.#scratch = new Uint8Array(2 * (to - from));
    let length = 0;
    for (let at = from; at < to; at++) {
      if (bytes[at] === quote) at++;
      this.#scratch[length++] = bytes[at]!;
    }
    return length;
  }
}
