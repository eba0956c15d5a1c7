/** The own reader of CSV against csv-parse, with the file cut at every place. */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from './byte-source.ts';
import { categoryFromText, numberFromText } from './cell-values.ts';
import { CsvRows } from './csv-rows.ts';
import { readRecords } from './record-reader.ts';
import type { ColumnKind } from './table.ts';
import { CellDecoder } from './text-decoder.ts';

function sourceOf(bytes: Uint8Array): ByteSource {
  let at = 0;
  return {
    file: 'memory.csv',
    get bytesRead() {
      return at;
    },
    async read(target, offset, length) {
      const part = bytes.subarray(at, at + length);
      target.set(part, offset);
      at += part.length;
      return part.length;
    },
    close: async () => {},
  };
}

interface Read {
  readonly rows: (string | number | null)[][];
  readonly invalid: number;
  readonly skipped: number;
  readonly first: string | undefined;
}

async function readCsv(
  text: string,
  kinds: readonly ColumnKind[],
  options: { chunkBytes?: number; batchRows?: number; delimiter?: string } = {},
): Promise<Read> {
  const { chunkBytes = 7, batchRows = 3, delimiter = ',' } = options;
  const header = kinds.map((_, at) => `c${at}`);
  const reader = new CsvRows(
    { header, delimiter: delimiter.charCodeAt(0), firstLine: 1 },
    new Map(header.map((name, at) => [name, kinds[at]!])),
    new CellDecoder(),
    batchRows,
  );
  const rows: (string | number | null)[][] = [];
  let invalid = 0;
  for await (const batch of readRecords(sourceOf(Buffer.from(text)), reader, { chunkBytes })) {
    for (let row = 0; row < batch.rows; row++) rows.push(batch.columns.map((column) => column.values[row]!));
    for (const column of batch.columns) if (column.kind === 'numeric') invalid += column.invalid ?? 0;
  }
  return { rows, invalid, skipped: reader.skippedRows, first: reader.firstSkipped };
}

/** What csv-parse makes of it: rows of the right length, and how many are not. */
function reference(text: string, kinds: readonly ColumnKind[], delimiter: string): Omit<Read, 'first'> {
  const records = parse(text, {
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n'],
  });
  const good = records.filter((record) => record.length === kinds.length);
  let invalid = 0;
  const rows = good.map((record) =>
    record.map((cell, at) => {
      if (kinds[at] === 'categorical') return categoryFromText(cell.trim());
      const found = numberFromText(cell.trim());
      if (found.isInvalid) invalid++;
      return found.value;
    }),
  );
  return { rows, invalid, skipped: records.length - good.length };
}

const text = fc.string({
  unit: fc.constantFrom('a', 'é', '😀', ' ', ',', ';', '"', '\n', '\r\n', '1'),
  maxLength: 6,
});
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
  fc.constantFrom('', 'NA', ' 1.5 ', 'x', '1e5', 'Infinity', '-.5', '1e999', '12345678901234567890'),
);

function written(cell: string, delimiter: string, isQuoted: boolean): string {
  return isQuoted || /["\r\n]/.test(cell) || cell.includes(delimiter)
    ? `"${cell.replaceAll('"', '""')}"`
    : cell;
}

const table = fc
  .record({
    kinds: fc.array(fc.constantFrom<ColumnKind>('numeric', 'categorical'), { minLength: 2, maxLength: 5 }),
    newline: fc.constantFrom('\n', '\r\n'),
    delimiter: fc.constantFrom(',', ';', '\t'),
    endsWithNewline: fc.boolean(),
  })
  .chain((shape) => {
    const cell = (kind: ColumnKind) =>
      fc
        .tuple(kind === 'numeric' ? number : text, fc.boolean())
        .map(([value, isQuoted]) => written(value, shape.delimiter, isQuoted));
    const row = fc
      .tuple(fc.tuple(...shape.kinds.map(cell)), fc.constantFrom(0, 0, 0, 0, -1, 1))
      .map(([cells, more]) =>
        (more < 0 ? cells.slice(0, -1) : more > 0 ? [...cells, '9'] : cells).join(shape.delimiter),
      );
    return fc
      .array(fc.oneof({ weight: 9, arbitrary: row }, fc.constant('')), { maxLength: 8 })
      .map((rows) => ({
        ...shape,
        text: rows.join(shape.newline) + (shape.endsWithNewline ? shape.newline : ''),
      }));
  });

describe('rows of a CSV file', () => {
  it('are those of csv-parse for any quotes, newlines and delimiters, wherever a chunk or a batch ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 4 }),
        async (made, chunkBytes, batchRows) => {
          const { first: _, ...read } = await readCsv(made.text, made.kinds, {
            chunkBytes,
            batchRows,
            delimiter: made.delimiter,
          });
          expect(read).toEqual(reference(made.text, made.kinds, made.delimiter));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each(Array.from({ length: 16 }, (_, at) => at + 1))(
    'do not depend on chunks of %i bytes',
    async (chunkBytes) => {
      const csv = 'a,1.25\r\n"b ""x""\r\ny",-2e3\r\n\r\nc,NA\r\n"d,",oops\r\nlast,"7"';
      expect(await readCsv(csv, ['categorical', 'numeric'], { chunkBytes })).toEqual({
        rows: [
          ['a', 1.25],
          ['b "x"\r\ny', -2000],
          ['c', Number.NaN],
          ['d,', Number.NaN],
          ['last', 7],
        ],
        invalid: 1,
        skipped: 0,
        first: undefined,
      });
    },
  );

  it('do not depend on the chunks when the quotes make no sense either', async () => {
    const noise = fc.string({ unit: fc.constantFrom('a', '1', ',', '"', '\n', '\r\n', '\r'), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 1, max: 16 }), async (text, chunkBytes) => {
        const whole = await readCsv(text, ['categorical', 'numeric'], { chunkBytes: 1000 });
        expect(await readCsv(text, ['categorical', 'numeric'], { chunkBytes })).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });

  it('of the wrong length are left out, and the first is named by its line, quoted newlines included', async () => {
    const read = await readCsv('"a\nb",1\n\nc\nd,2,3\ne,4\n', ['categorical', 'numeric']);
    expect(read.rows).toEqual([
      ['a\nb', 1],
      ['e', 4],
    ]);
    expect(read).toMatchObject({ skipped: 2, first: 'line 4: 1 cell, the header has 2' });
  });

  it('with an invalid number count it only when the row itself is kept', async () => {
    expect(await readCsv('x,1,9\nx,1\n', ['numeric', 'numeric'])).toMatchObject({ invalid: 1, skipped: 1 });
  });

  it('lose one line, not the rest of the file, to a quote that is never closed', async () => {
    const read = await readCsv('a,1\n"b,2\nc,3\nd,4\n', ['categorical', 'numeric']);
    expect(read.rows).toEqual([
      ['a', 1],
      ['c', 3],
      ['d', 4],
    ]);
    expect(read).toMatchObject({ skipped: 1, first: 'line 2: a quote is opened and never closed' });
  });

  it('lose one line to an open quote even when more follows than is held in memory', async () => {
    const rest = `${'c'.repeat(99)},3\n`.repeat(200_000);
    const read = await readCsv(`"b,2\n${rest}`, ['categorical', 'numeric'], {
      chunkBytes: 1 << 20,
      batchRows: 8192,
    });
    expect(read.rows.length).toBe(200_000);
    expect(read).toMatchObject({ skipped: 1, first: 'line 1: a quote is opened and never closed' });
  });

  it('end with an error when one of them is longer than 16 MB', async () => {
    const long = `a,1\n${'b'.repeat(17 << 20)},2\n`;
    await expect(readCsv(long, ['categorical', 'numeric'], { chunkBytes: 1 << 20 })).rejects.toThrow(
      'memory.csv: a line is longer than 16 MB',
    );
  });

  it('lose one line to text behind a closing quote', async () => {
    const read = await readCsv('a,1\n"b"x,2\nc,3', ['categorical', 'numeric']);
    expect(read.rows).toEqual([
      ['a', 1],
      ['c', 3],
    ]);
    expect(read).toMatchObject({ skipped: 1, first: 'line 2: text follows a closing quote' });
  });

  it('keep a quote within a cell as it stands', async () => {
    expect((await readCsv('5" pipe,1\n', ['categorical', 'numeric'])).rows).toEqual([['5" pipe', 1]]);
  });

  it('give the hour, weekday and month of a date', async () => {
    const read = await readCsv('2026-11-21 08:15\nsoon\nNA\n', ['datetime']);
    expect(read.rows).toEqual([
      [8, 6, 11],
      [Number.NaN, Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN, Number.NaN],
    ]);
    expect(read.invalid).toBe(3);
  });

  it('write truth values in one way', async () => {
    expect((await readCsv('True\nFALSE\ntrue\n', ['categorical'])).rows).toEqual([
      ['true'],
      ['false'],
      ['true'],
    ]);
  });

  it('keep their categories apart when there are more than are remembered', async () => {
    const count = 70_000;
    const csv = Array.from({ length: count }, (_, row) => `k${row},${row}`).join('\n');
    const { rows } = await readCsv(csv, ['categorical', 'numeric'], { chunkBytes: 1 << 16, batchRows: 8192 });
    expect(rows.length).toBe(count);
    expect(rows.every(([text, row]) => text === `k${row}`)).toBe(true);
  });
});
