/** Tables from files as people have them: every format, spread samples, and files that are not what they seem. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidDataError } from '../errors.ts';
import { parquetSample } from './parquet-sample.ts';
import { type ColumnKind, openTable, type Table, type TableBatch } from './table.ts';
import { shapeRowsOf } from './text-table.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'table-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

async function tableOf(name: string, content: string | Uint8Array): Promise<Table> {
  return openTable(await fileOf(name, content));
}

type Kinds = Readonly<Record<string, ColumnKind>>;

/** Every batch as rows of plain values, by column. */
async function readAll(table: Table, kinds: Kinds, batchRows?: number): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  const options = { kinds: new Map(Object.entries(kinds)), ...(batchRows ? { batchRows } : {}) };
  for await (const batch of table.batches(options))
    for (const { name, values } of batch.columns) found[name] = [...(found[name] ?? []), ...values];
  return found;
}

function values(batch: TableBatch, name: string): readonly unknown[] {
  return [...batch.columns.find((column) => column.name === name)!.values];
}

const rows = (count: number, row: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => row(at)).join('\n');
const csv = (header: string, count: number, row: (at: number) => string) =>
  `${header}\n${rows(count, row)}\n`;

describe('the shape of a table', () => {
  it('is told by 8192 rows of few columns, and by fewer, but 500, of many', () => {
    expect([1, 244, 500, 2000, 4000, 1e6].map(shapeRowsOf)).toEqual([8192, 8192, 4000, 1000, 500, 500]);
  });

  it('says from when to when its dates are, of the columns asked for', async () => {
    const content = csv(
      'x,at,on',
      400,
      (at) => `${at % 7},2026-03-0${1 + (at % 9)} 1${at % 10}:00,2026-01-01`,
    );
    const span = (firstDay: string, lastDay: string) => ({
      firstMs: Date.parse(`${firstDay}Z`),
      lastMs: Date.parse(`${lastDay}Z`),
    });
    const at = span('2026-03-01T10:00', '2026-03-09T19:00');
    const on = span('2026-01-01T00:00', '2026-01-01T00:00');
    const json = rows(400, (row) =>
      JSON.stringify({ x: row % 7, at: `2026-03-0${1 + (row % 9)}T1${row % 10}:00Z` }),
    );
    const table = await tableOf('dates.csv', content);
    expect([...(await table.shape()).dateSpans]).toEqual([
      ['at', at],
      ['on', on],
    ]);
    const only = await table.shape({ only: ['at'] });
    expect([...only.kinds, ...only.dateSpans]).toEqual([
      ['at', 'datetime'],
      ['at', at],
    ]);
    const inJson = await (await tableOf('dates.ndjson', `${json}\n`)).shape({ only: ['at'] });
    expect([...inJson.kinds, ...inJson.dateSpans]).toEqual([
      ['at', 'datetime'],
      ['at', at],
    ]);
    const typed = await (await tableOf('dates.parquet', parquetSample)).shape({ only: ['at', 'tags'] });
    expect([...typed.kinds]).toEqual([['at', 'datetime']]);
    expect(typed.dateSpans.get('at')!.lastMs - typed.dateSpans.get('at')!.firstMs).toBeGreaterThan(
      82_000_000,
    );
  });

  it('tells numbers, categories and dates, and leaves out ids, empty and doubtful columns with the reason', async () => {
    const table = await tableOf(
      'shape.csv',
      csv(
        'key,uid,price,plan,ok,at,none,price,',
        100,
        (at) =>
          `${at},u${at},${(at * 7) % 13}.5,${at % 2 ? 'a' : 'b'},${at % 2 ? 'True' : 'False'},2026-01-0${1 + (at % 9)},NA,1,x`,
      ),
    );
    expect(table.names).toEqual(['key', 'uid', 'price', 'plan', 'ok', 'at', 'none']);
    const { kinds, notCompared } = await table.shape();
    expect(Object.fromEntries(kinds)).toEqual({
      price: 'numeric',
      plan: 'categorical',
      ok: 'categorical',
      at: 'datetime',
    });
    expect(notCompared).toEqual([
      { column: 'key', reason: 'looks like an id: whole numbers that only rise' },
      { column: 'uid', reason: 'looks like an id: text, 100 distinct values in 100 rows looked at' },
      { column: 'none', reason: 'empty in all 100 rows looked at' },
      {
        column: 'column 8 (price)',
        reason: 'the name is used twice: only the first such column is read',
      },
      { column: 'column 9', reason: 'no name' },
    ]);
  });

  it('never takes a column that is kept for an id, and leaves out what is asked for', async () => {
    const table = await tableOf(
      'keep.csv',
      csv('key,uid,x', 100, (at) => `${at},u${at},${at % 3}`),
    );
    const { kinds, notCompared } = await table.shape({ keep: ['key', 'uid'], exclude: ['x'] });
    expect(Object.fromEntries(kinds)).toEqual({ key: 'numeric', uid: 'categorical' });
    expect(notCompared).toEqual([{ column: 'x', reason: 'asked for' }]);
  });

  it.each([
    [94, 'categorical'],
    [95, 'numeric'],
  ])('takes a column of %i %% numbers as %s', async (share, kind) => {
    const table = await tableOf(
      'mixed.csv',
      csv('x,y', 100, (at) => `${at < share ? (at * 37) % 101 : 'oops'},1`),
    );
    const { kinds } = await table.shape({ keep: ['x'] });
    expect(kinds.get('x')).toBe(kind);
  });

  it.each([
    [50, 'categorical'],
    [51, undefined],
  ])('takes text of which %i %% is distinct as %s', async (distinct, kind) => {
    const table = await tableOf(
      'text.csv',
      csv('x,y', 100, (at) => `t${at % distinct},1`),
    );
    expect((await table.shape()).kinds.get('x')).toBe(kind);
  });

  it.each([
    [19, 'categorical'],
    [20, undefined],
  ])('takes %i different texts as %s: of fewer than 20 rows nobody can tell an id', async (count, kind) => {
    const table = await tableOf(
      'texts.csv',
      csv('x,y', count, (at) => `t${at},1`),
    );
    expect((await table.shape()).kinds.get('x')).toBe(kind);
  });

  it('says of a column that is half numbers, half text that it is, not that it is an id', async () => {
    const table = await tableOf(
      'half.csv',
      csv('x,y', 100, (at) => `${at % 3 ? at + 0.5 : 'word'},1`),
    );
    expect((await table.shape()).notCompared[0]).toEqual({
      column: 'x',
      reason: 'numbers and text: 66 % of 100 values looked at are numbers, 95 % are needed',
    });
  });

  it.each([
    [19, 'numeric'],
    [20, undefined],
  ])('takes %i whole numbers that only rise as %s', async (count, kind) => {
    const table = await tableOf(
      'rising.csv',
      csv('x,y', count, (at) => `${10 * at},1`),
    );
    expect((await table.shape()).kinds.get('x')).toBe(kind);
  });

  it('leaves out a date whose parts would have the name of another column', async () => {
    const table = await tableOf(
      'clash.csv',
      csv('at,at_hour', 30, (at) => `2026-01-01,${at % 5}`),
    );
    const { kinds, notCompared } = await table.shape();
    expect([...kinds.keys()]).toEqual(['at_hour']);
    expect(notCompared[0]).toMatchObject({ column: 'at', reason: expect.stringContaining('"at_hour"') });
  });

  it.each(['.csv', '.csv.gz'])('is not fooled by a sorted file (%s)', async (extension) => {
    const count = 120_000;
    // numbers in the first tenth, text behind; ties among neighbours only
    const text = csv(
      'x,tied,filler',
      count,
      (at) => `${at < count / 10 ? at % 7 : 'text'},${Math.floor(at / 2)},${'-'.repeat(20)}`,
    );
    const table = await tableOf(
      `sorted${extension}`,
      extension === '.csv' ? text : gzipSync(text, { level: 1 }),
    );
    const { kinds } = await table.shape();
    expect(kinds.get('x')).toBe('categorical');
    expect(kinds.get('tied')).toBe('numeric');
  });
});

describe('a sample', () => {
  const count = 100_000;
  const text = csv(
    'x,city,filler',
    count,
    (at) => `${at},${at % 2 ? 'Oslo' : 'Rome'},${'.'.repeat(10 + (at % 30))}`,
  );
  const kinds = new Map<string, ColumnKind>([
    ['x', 'numeric'],
    ['city', 'categorical'],
  ]);
  const ndjson = `${rows(count, (at) => JSON.stringify({ x: at, city: at % 2 ? 'Oslo' : 'Rome' }))}\n`;

  it.each<[string, string | Uint8Array]>([
    ['read.csv', text],
    ['read.csv.gz', gzipSync(text, { level: 1 })],
    ['read.ndjson', ndjson],
    ['read.jsonl.gz', gzipSync(ndjson, { level: 1 })],
  ])(
    'of %s has about as many rows as asked for, evenly over the file and in order',
    async (name, content) => {
      const batch = await (await tableOf(name, content)).sample(2000, kinds);
      expect(batch.rows).toBeGreaterThanOrEqual(1900);
      expect(batch.rows).toBeLessThanOrEqual(4000);
      const x = values(batch, 'x') as number[];
      expect(x.every((value, at) => at === 0 || value > x[at - 1]!)).toBe(true);
      for (let tenth = 0; tenth < 10; tenth++) {
        const share = x.filter((value) => Math.floor((10 * value) / count) === tenth).length / x.length;
        expect(share).toBeGreaterThan(0.06);
        expect(share).toBeLessThan(0.14);
      }
      expect(values(batch, 'city')).toEqual(x.map((value) => (value % 2 ? 'Oslo' : 'Rome')));
    },
  );

  it('is the whole file when it has fewer rows', async () => {
    const batch = await (
      await tableOf(
        'few.csv',
        csv('x,city', 10, (at) => `${at},a`),
      )
    ).sample(2000, kinds);
    expect(values(batch, 'x')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('never starts within a quoted cell: each of its rows is one of the file', async () => {
    const quoted = csv('x,city', 60_000, (at) => `${at},"a\n${at},b"`);
    const batch = await (await tableOf('quoted.csv', quoted)).sample(500, kinds);
    expect(values(batch, 'city')).toEqual((values(batch, 'x') as number[]).map((at) => `a\n${at},b`));
  });
});

describe('the batches of a table', () => {
  it('hold every row once and in order, whatever the size of a batch', async () => {
    const table = await tableOf(
      'all.csv',
      csv('x,city', 1000, (at) => `${at / 8},c${at % 5}`),
    );
    for (const batchRows of [1, 7, 1000, undefined])
      expect(await readAll(table, { x: 'numeric', city: 'categorical' }, batchRows)).toEqual({
        x: Array.from({ length: 1000 }, (_, at) => at / 8),
        city: Array.from({ length: 1000 }, (_, at) => `c${at % 5}`),
      });
  });

  it('lack the columns that the file lacks', async () => {
    expect(await readAll(await tableOf('lack.csv', 'x,y\n1,2\n'), { x: 'numeric', z: 'numeric' })).toEqual({
      x: [1],
    });
    expect(await readAll(await tableOf('lack.jsonl', '{"x":1}\n'), { x: 'numeric', z: 'numeric' })).toEqual({
      x: [1],
    });
  });

  it('tell how far they are, up to the whole file', async () => {
    const text = csv('x,y', 5000, (at) => `${at},1`);
    for (const [name, content] of [
      ['p.csv', text],
      ['p.csv.gz', gzipSync(text)],
    ] as const) {
      const seen: { bytes: number; ofBytes: number; rows: number }[] = [];
      const table = await tableOf(name, content);
      for await (const _ of table.batches({
        kinds: new Map([['x', 'numeric']]),
        batchRows: 500,
        onProgress: (done) => seen.push(done),
      }));
      expect(seen.map((done) => done.rows)).toEqual([
        500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000,
      ]);
      expect(seen.at(-1)).toMatchObject({ bytes: content.length, ofBytes: content.length });
    }
  });

  it.each([
    ['commas', 'a.csv', 'x,city\n1.5,Oslo\n'],
    ['semicolons', 'b.csv', 'x;city\n1.5;Oslo\n'],
    ['semicolons beside a comma in a name', 'c.csv', 'x;city;"a, b";c, d\n1.5;Oslo;1;2\n1.5;Oslo;1;2'],
    ['tabs', 'd.csv', 'x\tcity\n1.5\tOslo\n'],
    ['tabs in a .tsv file', 'e.tsv', 'x\tcity\ta,b\n1.5\tOslo\t3\n'],
    ['a byte order mark and CRLF', 'f.csv', '\uFEFFx,city\r\n1.5,Oslo\r\n'],
    ['blank lines', 'g.csv', '\n\nx,city\n\n1.5,Oslo\n\n'],
    ['quotes everywhere', 'h.csv', '"x","city"\n"1.5","Oslo"'],
    ['spaces around cells', 'i.csv', 'x , city\n 1.5 , Oslo \n'],
  ])('understand %s', async (_what, name, content) => {
    const found = await readAll(await tableOf(name, content), { x: 'numeric', city: 'categorical' });
    expect(new Set(found.x)).toEqual(new Set([1.5]));
    expect(new Set(found.city)).toEqual(new Set(['Oslo']));
  });

  it('count text among numbers as invalid and missing cells not', async () => {
    const table = await tableOf(
      'invalid.csv',
      csv('x,y', 100, (at) => `${at < 97 ? at : ['NA', 'oops', 'inf'][at - 97]},1`),
    );
    expect((await table.shape({ keep: ['x'] })).kinds.get('x')).toBe('numeric');
    for await (const batch of table.batches({ kinds: new Map([['x', 'numeric']]) }))
      expect(batch.columns[0]).toMatchObject({ invalid: 1 });
  });

  it('read what data frames write for infinity as the number it is', async () => {
    const texts = ['inf', '-inf', 'Infinity', '-Infinity', '+Inf', 'infinite', '1e300'];
    const table = await tableOf('inf.csv', `x,y\n${texts.map((text) => `${text},1`).join('\n')}\n`);
    for await (const { columns } of table.batches({ kinds: new Map([['x', 'numeric']]) })) {
      const [up, down] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      expect([...columns[0]!.values]).toEqual([up, down, up, down, up, Number.NaN, 1e300]);
      expect(columns[0]).toMatchObject({ invalid: 1 });
    }
    const many = csv('x,y', 100, (at) => `${at % 3 ? (at * 37) % 101 : '-inf'},1`);
    expect((await (await tableOf('infs.csv', many)).shape()).kinds.get('x')).toBe('numeric');
  });

  it('leave out ragged rows, count them and explain the first by its line', async () => {
    const table = await tableOf('ragged.csv', 'x,y\n1,2\n3\n4,5,6\n7,8\n');
    expect(await readAll(table, { x: 'numeric' })).toEqual({ x: [1, 7] });
    expect(table.skipped).toEqual({ rows: 2, first: 'line 3: 1 cell, the header has 2' });
  });

  it('read a file of one column', async () => {
    const table = await tableOf('one.csv', 'x\n1\n\n2\n');
    expect(await readAll(table, { x: 'numeric' })).toEqual({ x: [1, 2] });
    expect((await table.shape()).kinds.get('x')).toBe('numeric');
  });

  it('read a line of megabytes', async () => {
    const long = 'ab'.repeat(1 << 20);
    const found = await readAll(await tableOf('long.csv', `x,y\n1,${long}\n2,b\n`), {
      x: 'numeric',
      y: 'categorical',
    });
    expect(found.x).toEqual([1, 2]);
    expect(found.y![0] === long).toBe(true);
  });

  it('read bytes that are not UTF-8 with replacement characters and say so once', async () => {
    const table = await tableOf('latin.csv', Buffer.from('x,city\n1,Malmö\n2,Århus\n', 'latin1'));
    expect(await readAll(table, { city: 'categorical' })).toEqual({ city: ['Malm\uFFFD', '\uFFFDrhus'] });
    expect(table.notes).toEqual([
      'some text is not UTF-8 and was read with replacement characters, first "Malm\uFFFD"',
    ]);
  });
});

describe('an NDJSON file', () => {
  const lines = [
    '{"x":1,"city":"Oslo","ok":true,"at":"2026-11-21T08:15:00Z","deep":{"a":1}}',
    '{"x":null,"city":"","ok":false,"at":null,"deep":{"a":2},"late":3}',
    'not json',
    '[1,2]',
    '{"x":1e999,"city":"NA","ok":true,"at":"soon"}',
    '{"x":"2.5","city":"Oslo","ok":true,"at":"2026-11-21"}',
    '{"x":true,"city":"Oslo","ok":true,"at":"2026-11-21"}',
  ];

  it('has the union of the keys, leaves out nested values, and keeps infinite numbers', async () => {
    const table = await tableOf('mixed.ndjson', `${lines.join('\r\n')}\r\n`);
    expect(table.names).toEqual(['x', 'city', 'ok', 'at', 'deep', 'late']);
    expect((await table.shape()).notCompared).toContainEqual({
      column: 'deep',
      reason: 'nested or binary values',
    });
    expect(
      await readAll(table, {
        x: 'numeric',
        city: 'categorical',
        ok: 'categorical',
        at: 'datetime',
        late: 'numeric',
      }),
    ).toEqual({
      x: [1, Number.NaN, Number.POSITIVE_INFINITY, 2.5, Number.NaN],
      city: ['Oslo', null, null, 'Oslo', 'Oslo'],
      ok: ['true', 'false', 'true', 'true', 'true'],
      at_hour: [8, Number.NaN, Number.NaN, 0, 0],
      at_weekday: [6, Number.NaN, Number.NaN, 6, 6],
      at_month: [11, Number.NaN, Number.NaN, 11, 11],
      late: [Number.NaN, 3, Number.NaN, Number.NaN, Number.NaN],
    });
    expect(table.skipped).toMatchObject({
      rows: 2,
      first: expect.stringMatching(/^line 3: not a JSON object: /),
    });
  });
});

describe('a parquet file', () => {
  const at = Array.from({ length: 60 }, (_, row) => row);

  it('has the kinds of its columns, without ids, nested and empty ones', async () => {
    const { kinds, notCompared } = await (await tableOf('a.parquet', parquetSample)).shape();
    expect(Object.fromEntries(kinds)).toEqual({
      amount: 'numeric',
      score: 'numeric',
      count: 'numeric',
      city: 'categorical',
      active: 'categorical',
      at: 'datetime',
    });
    expect(notCompared.map((one) => one.column)).toEqual(['id', 'empty', 'tags']);
  });

  it.each([undefined, 7, 25, 100])(
    'gives the values that were written, in batches of %s rows',
    async (batchRows) => {
      const table = await tableOf('b.parquet', parquetSample);
      const kinds: Kinds = {
        id: 'numeric',
        amount: 'numeric',
        score: 'numeric',
        city: 'categorical',
        active: 'categorical',
        at: 'datetime',
      };
      const found = await readAll(table, kinds, batchRows);
      expect(found.id).toEqual(at.map((row) => 1000 + row));
      expect(found.amount).toEqual(at.map((row) => (row % 10 === 3 ? Number.NaN : row / 4 - 7.5)));
      expect(found.score).toEqual(
        at.map((row) =>
          row === 5 ? Number.POSITIVE_INFINITY : row === 6 ? Number.NaN : Math.fround(row * 0.1),
        ),
      );
      expect(found.city).toEqual(at.map((row) => ['Oslo', 'Rome', null][row % 3]));
      expect(found.active).toEqual(at.map((row) => String(row % 2 === 0)));
      expect(found.at_hour).toEqual(at.map((row) => row % 24));
      expect(new Set(found.at_month)).toEqual(new Set([11]));
    },
  );

  it('is sampled over all its row groups, each row whole', async () => {
    const kinds = new Map<string, ColumnKind>([
      ['id', 'numeric'],
      ['count', 'numeric'],
    ]);
    const batch = await (await tableOf('c.parquet', parquetSample)).sample(16, kinds);
    expect(values(batch, 'id')).toEqual(
      Array.from({ length: 16 }, (_, run) => 1000 + Math.floor((run * 60) / 16)),
    );
    expect(values(batch, 'count')).toEqual((values(batch, 'id') as number[]).map((id) => (id - 1000) % 7));
  });

  it('says of a nested column that it cannot be read, or that it was to be left out', async () => {
    const table = await tableOf('d.parquet', parquetSample);
    const nested = { column: 'tags', reason: 'nested or binary values' };
    expect(table.unreadable).toEqual([nested]);
    expect((await table.shape()).notCompared).toContainEqual(nested);
    expect((await table.shape({ exclude: ['tags'] })).notCompared).toContainEqual({
      column: 'tags',
      reason: 'asked for',
    });
  });
});

describe('a file that is no table', () => {
  it.each<[string, string, string | Uint8Array, RegExp]>([
    ['nothing', 'empty.csv', '', /the file is empty/],
    ['only newlines', 'blank.csv', '\n\r\n\n', /the file is empty/],
    ['only a header', 'header.csv', 'x,y\n', /a header and no data rows/],
    ['only a header, gzipped', 'header.csv.gz', gzipSync('x,y\n\n'), /a header and no data rows/],
    ['of lines that end in CR alone', 'mac.csv', 'x,y\r1,2\r3,4', /lines end in CR alone/],
    ['of one long line that ends in CR', 'mac.csv', `x,y\r${'1,2\r'.repeat(5e5)}`, /lines end in CR alone/],
    ['no header', 'numbers.csv', '5.1,3.5,setosa\n4.9,3.0,setosa\n', /no header: "5.1" is a number/],
    ['zero bytes', 'binary.csv', Buffer.from([80, 75, 3, 4, 0, 0, 10, 0]), /not a text file/],
    ['UTF-16', 'wide.csv', Buffer.from('\uFEFFx,y\n1,2\n', 'utf16le'), /UTF-16; save it as UTF-8/],
    ['text named parquet', 'text.parquet', 'x,y\n1,2\n', /not a parquet file: it does not start with PAR1/],
    [
      'a parquet file cut short',
      'cut.parquet',
      parquetSample.subarray(0, 3000),
      /not a readable parquet file/,
    ],
    ['an unknown kind', 'table.xlsx', 'x', /unknown kind of file; \.csv, \.tsv/],
    ['an empty NDJSON file', 'empty.jsonl', '\uFEFF', /the file is empty/],
    [
      'a JSON array',
      'array.ndjson',
      '[{"x":1},{"x":2}]',
      /no row can be read: line 1: not a JSON object: an object is expected/,
    ],
    [
      'a gzip file cut short in its header',
      'cut.csv.gz',
      gzipSync('x,y\n1,2\n').subarray(0, 20),
      /the file ends early/,
    ],
  ])('because it has %s is refused by name with the reason', async (_what, name, content, reason) => {
    const file = await fileOf(name, content);
    const error = await openTable(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidDataError);
    expect((error as Error).message).toMatch(reason);
    expect((error as Error).message.startsWith(`${file}: `)).toBe(true);
  });

  it('because there is none is refused', async () => {
    await expect(openTable(join(folder, 'nowhere.csv'))).rejects.toThrow(
      /nowhere.csv: there is no such file; .csv/,
    );
  });

  it('because it is a directory is refused', async () => {
    await mkdir(join(folder, 'dir.csv'));
    await expect(openTable(join(folder, 'dir.csv'))).rejects.toThrow(/dir.csv: a directory/);
  });

  it('because all rows are ragged is refused with the first of them', async () => {
    const table = await tableOf('all-ragged.csv', 'x,y\n1,2,3\n4,5,6\n');
    await expect(table.shape()).rejects.toThrow('no row can be read: line 2: 3 cells, the header has 2');
  });

  it('because its gzip data end early fails while it is read, not silently', async () => {
    const noise = csv('x,y', 60_000, (at) => `${Math.sin(at)},${Math.cos(at)}`);
    const packed = gzipSync(noise, { level: 1 });
    const table = await tableOf('cut-late.csv.gz', packed.subarray(0, packed.length - 1000));
    await expect(readAll(table, { x: 'numeric' }, 10_000)).rejects.toThrow(
      /cut-late.csv.gz: .*the file ends early/,
    );
  });

  it.each([
    ['within a cell', 'id,size 5",weight\n1,2,3\n4,5,6\n', ['id', 'size 5"', 'weight']],
    ['within two cells', 'a 1",b 2",c\n1,2,3\n4,5,6\n', ['a 1"', 'b 2"', 'c']],
    ['within a cell, between semicolons', 'id;size 5";weight\n1;2;3\n4;5;6\n', ['id', 'size 5"', 'weight']],
    ['before a cell of two lines', '"a, ""b""\nc",x"y,z\n1,2,3\n4,5,6\n', ['a, "b"\nc', 'x"y', 'z']],
  ])('reads a header with a quote %s, and no row is lost to it', async (_, content, names) => {
    const table = await tableOf('stray.csv', content);
    expect(table.names).toEqual(names);
    const kinds = Object.fromEntries(names.map((name) => [name, 'numeric' as const]));
    expect(Object.values(await readAll(table, kinds))).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });

  it('takes counted columns, as data frames without names write them, for a header', async () => {
    expect((await tableOf('counted.csv', ',0,1\n0,1.5,2.5\n')).names).toEqual(['0', '1']);
  });
});
