/** Writing a changed table so that every cell nobody changed stands as it stood, byte for byte: quotes, blanks, line ends. */

import { parseCsv, type TextTable } from '#shared/schema/csv.ts';

interface RawCsv {
  /** As in the file, a byte order mark included. */
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly lineEnd: string;
  readonly endsWithLineEnd: boolean;
}

/**
 * The changed table as a file. A cell is written anew only if its text changed, in quotes where its column's or its own
 * former text was in quotes or where it must be.
 *
 * @param text the file that `changed` was made from, by way of `parseCsv`
 * @param renamed new column name → old one
 * @example keptCsv('a,b\n"x", 1\n', { header: ['a', 'b'], rows: [['y', '1']], lines: [2] }) // => 'a,b\n"y", 1\n'
 */
export function keptCsv(
  text: string,
  changed: TextTable,
  renamed: Readonly<Record<string, string>> = {},
): string {
  const before = parseCsv(text);
  const raw = readRaw(text);
  const recordOf = new Map(before.lines.map((line, row) => [line, row]));
  const columns = changed.header.map((name) => before.header.indexOf(renamed[name] ?? name));
  const header = changed.header.map((name, at) =>
    columns[at]! >= 0 && renamed[name] === undefined
      ? raw.header[columns[at]!]!
      : encode(name, raw.header[columns[at]!]),
  );
  const records = changed.rows.map((cells, row) => {
    const source = recordOf.get(changed.lines[row]!);
    if (source === undefined) throw new RangeError(`no row of the file ends on line ${changed.lines[row]}`);
    return cells.map((cell, at) => {
      const column = columns[at]!;
      const former = raw.rows[source]![column];
      return former !== undefined && before.rows[source]![column] === cell ? former : encode(cell, former);
    });
  });
  const lines = [header, ...records].map((cells) => cells.join(','));
  const mark = text.startsWith(byteOrderMark) && !lines[0]!.startsWith(byteOrderMark) ? byteOrderMark : '';
  return `${mark}${lines.join(raw.lineEnd)}${raw.endsWithLineEnd ? raw.lineEnd : ''}`;
}

const byteOrderMark = '\uFEFF';

function encode(cell: string, former = ''): string {
  if (cell === '') return '';
  return former.includes('"') || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Splits a file that `parseCsv` accepts into its cells as they stand; empty lines are left out, as there. */
function readRaw(text: string): RawCsv {
  const records: string[][] = [];
  let cells: string[] = [];
  let start = 0;
  let isQuoted = false;
  let lineEnd: string | undefined;
  const endRecord = (end: number) => {
    cells.push(text.slice(start, end));
    if (cells.length > 1 || cells[0] !== '') records.push(cells);
    cells = [];
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') isQuoted = !isQuoted;
    if (isQuoted || (sign !== ',' && sign !== '\n' && sign !== '\r')) continue;
    if (sign === ',') {
      cells.push(text.slice(start, at));
      start = at + 1;
      continue;
    }
    // the first line end of a file is that of all its lines
    lineEnd ??= sign === '\r' && text[at + 1] === '\n' ? '\r\n' : sign;
    if (!text.startsWith(lineEnd, at)) continue;
    endRecord(at);
    start = at + lineEnd.length;
    at = start - 1;
  }
  if (start < text.length) endRecord(text.length);
  return {
    header: records[0] ?? [],
    rows: records.slice(1),
    lineEnd: lineEnd ?? '\n',
    endsWithLineEnd: lineEnd !== undefined && text.endsWith(lineEnd),
  };
}
