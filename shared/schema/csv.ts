/** A CSV file as a rectangular table of text, or the line and the reason why it is not one. */
import { CsvError, parse } from 'csv-parse/sync';
import { InvalidDataError } from '../errors.ts';
import { isNumericText } from './cells.ts';

export interface TextTable {
  readonly header: readonly string[];
  /** As many cells as the header has. */
  readonly rows: readonly (readonly string[])[];
  /** Line of the file on which row `at` ends, counted from 1. */
  readonly lines: readonly number[];
}

/** Throws {@link InvalidDataError} naming the line when the file is not a table with a header of two or more unique names. */
export function parseCsv(text: string): TextTable {
  const records = readRecords(text);
  const header = records[0]?.record.map((name) => name.trim());
  if (!header) throw new InvalidDataError('the file is empty: a header line and data are expected');
  checkHeader(header);
  const data = records.slice(1);
  if (data.length === 0) throw new InvalidDataError('the file has a header and no data rows');
  for (const { record, info } of data)
    if (record.length !== header.length)
      throw new InvalidDataError(
        `line ${info.lines}: ${record.length} cells, the header has ${header.length}`,
      );
  return {
    header,
    rows: data.map(({ record }) => record.map((cell) => cell.trim())),
    lines: data.map(({ info }) => info.lines),
  };
}

interface CsvRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

function readRecords(text: string): CsvRecord[] {
  try {
    return parse(text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
    }) as unknown as CsvRecord[];
  } catch (error) {
    if (error instanceof CsvError) {
      const line = (error as unknown as { lines?: number }).lines;
      throw new InvalidDataError(`line ${line ?? '?'}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function checkHeader(header: readonly string[]): void {
  if (header.length < 2)
    throw new InvalidDataError(
      `line 1: one column ("${header[0]}"); at least one feature and the target are expected`,
    );
  const numeric = header.find((name) => isNumericText(name));
  if (numeric !== undefined)
    throw new InvalidDataError(`line 1: no header: "${numeric}" is a number where a column name is expected`);
  const empty = header.indexOf('');
  if (empty >= 0) throw new InvalidDataError(`line 1: column ${empty + 1} has no name`);
  const twice = header.find((name, at) => header.indexOf(name) !== at);
  if (twice !== undefined) throw new InvalidDataError(`line 1: two columns are named "${twice}"`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const control = header.find((name) => /[\u0000-\u001f]/.test(name));
  if (control !== undefined)
    throw new InvalidDataError(`line 1: column name ${JSON.stringify(control)} has a control character`);
  const tooLong = header.find((name) => name.length > 128);
  if (tooLong !== undefined)
    throw new InvalidDataError(
      `line 1: column name "${tooLong.slice(0, 40)}…" is longer than 128 characters`,
    );
}
