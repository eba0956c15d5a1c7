import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openTable } from '#shared/tabular/table.ts';
import { readTrainingSet, type TrainingSetOptions } from './training-set.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-set-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
async function read(lines: readonly string[], options: Partial<TrainingSetOptions> = {}) {
  const file = join(folder, `${files++}.csv`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return readTrainingSet(await openTable(file), { target: 'y', ...options });
}

const rows = (count: number, of: (row: number) => string) =>
  Array.from({ length: count }, (_, row) => of(row));
/** Not in order, so that it is no id. */
const number = (row: number) => ((row * 7919) % 1000) / 8;

describe('a training set', () => {
  test('has float32 features, text, the parts of dates, and a schema with what was seen', async () => {
    const set = await read([
      'x,c,flag,day,y',
      ...rows(
        100,
        (row) =>
          `${number(row)},${'ab'[row % 2]},${row % 3 === 0},2026-11-${10 + (row % 10)},${number(row) * 2}`,
      ),
    ]);
    expect(set.schema.features).toEqual([
      { name: 'x', kind: 'numeric', min: expect.any(Number), max: expect.any(Number) },
      { name: 'c', kind: 'categorical', values: ['a', 'b'] },
      { name: 'flag', kind: 'categorical', boolean: true, values: ['false', 'true'] },
      { name: 'day', kind: 'datetime', baseline: '2026-11-19T00:00:00.000Z' },
    ]);
    expect(set.data.columns.map(({ name }) => name)).toEqual([
      'x',
      'c',
      'flag',
      'day_hour',
      'day_weekday',
      'day_month',
    ]);
    expect(set.data.columns[0]!.values).toBeInstanceOf(Float32Array);
    expect(set.target).toEqual({
      task: 'regression',
      values: Float64Array.from({ length: 100 }, (_, row) => number(row) * 2),
    });
  });

  test('knows a column about people by its name only: it is not read, learnt from, or described', async () => {
    const lines = ['x,phone,y', ...rows(60, (row) => `${number(row)},07700 900${row},${number(row) * 2}`)];
    const set = await read(lines, { pii: ['phone'] });
    expect(set.schema.features[1]).toEqual({ name: 'phone', kind: 'categorical', pii: true });
    expect(set.data.columns.map(({ name }) => name)).toEqual(['x']);
    expect(set.excluded).toEqual([]);
    await expect(read(lines, { pii: ['mail'] })).rejects.toThrow('no column is named "mail"');
    await expect(read(lines, { pii: ['phone'], exclude: ['phone'] })).rejects.toThrow(
      '"phone" is named twice',
    );
    await expect(read(lines, { pii: ['y'] })).rejects.toThrow('"y" has two roles');
  });

  test('quotes no skipped row where a column is about people', async () => {
    const file = join(folder, 'people.ndjson');
    const people = rows(60, (row) => JSON.stringify({ x: number(row), phone: `0${row}`, y: number(row) }));
    writeFileSync(file, ['"07700 900123"', ...people].join('\n'));
    const notes = async (pii: readonly string[]) =>
      (await readTrainingSet(await openTable(file), { target: 'y', pii })).notes;
    expect(await notes(['phone'])).toContain('1 rows were skipped');
    expect((await notes([])).join()).toContain('07700 900123');
  });

  test('leaves rows without a target out, and says how many; cells that are no numbers count as missing', async () => {
    const set = await read([
      'x,y',
      ...rows(200, (row) => `${row === 7 ? 'oops' : number(row)},${row % 10 === 0 ? '' : number(row + 1)}`),
    ]);
    expect(set.data.rows).toBe(180);
    expect(set.notes).toEqual([
      '20 rows without a target were left out',
      'column "x" has 1 cells that are not numbers; they count as missing',
    ]);
    expect(set.data.columns[0]!.values.filter((value) => Number.isNaN(value))).toHaveLength(1);
  });

  test('reads few whole numbers as classes in their order, and many as numbers; --task overrides either', async () => {
    const ten = ['x,y', ...rows(300, (row) => `${number(row)},${row % 11}`)];
    const classes = await read(ten);
    expect(classes.target).toMatchObject({
      task: 'classification',
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10'],
    });
    expect((await read(ten, { task: 'regression' })).target.task).toBe('regression');
    const twentyOne = ['x,y', ...rows(300, (row) => `${number(row)},${row % 21}`)];
    expect((await read(twentyOne)).target.task).toBe('regression');
    expect((await read(twentyOne, { task: 'classification' })).target.task).toBe('classification');
  });

  test('keeps the time of each row beside it: a date as milliseconds, a number as itself; it is no feature', async () => {
    const set = await read(
      [
        'at,x,y',
        ...rows(60, (row) => `2026-11-21T00:${10 + (row % 40)}:00Z,${number(row)},${number(row + 3)}`),
      ],
      { time: 'at' },
    );
    expect(set.times?.[0]).toBe(Date.UTC(2026, 10, 21, 0, 10));
    expect(set.schema.features.map(({ name }) => name)).toEqual(['x']);
    const counted = await read(['at,x,y', ...rows(60, (row) => `${row},${number(row)},${number(row + 3)}`)], {
      time: 'at',
    });
    expect([...counted.times!.slice(0, 3)]).toEqual([0, 1, 2]);
  });

  test('drops small classes by name where a least size is given, with their rows and times', async () => {
    const lines = [
      'at,x,y',
      ...rows(100, (row) => `${row},${number(row)},${row === 50 ? 'rare' : 'ab'[row % 2]}`),
    ];
    const set = await read(lines, { minClassRows: 2, time: 'at' });
    expect(set.notes).toContain('class "rare" was left out: 1 rows, at least 2 are needed');
    expect(set.data.rows).toBe(99);
    expect(set.times).toHaveLength(99);
    expect(set.times).not.toContain(50);
  });

  test('reads a column of 10,000 categories whole; its schema keeps the first thousand', async () => {
    const set = await read([
      'c,x,y',
      ...rows(
        30_000,
        (row) => `${row % 3 === 0 ? `v${row / 3}` : 'common'},${number(row)},${number(row * 3)}`,
      ),
    ]);
    expect(new Set(set.data.columns[0]!.values as readonly string[]).size).toBe(10_001);
    expect(set.schema.features[0]!.values).toHaveLength(1000);
  });

  test.each<[string, readonly string[], Partial<TrainingSetOptions>, string]>([
    [
      'a constant target',
      ['x,y', ...rows(50, (row) => `${number(row)},3.5`)],
      {},
      'the target "y" is constant (3.5): nothing to learn',
    ],
    [
      'a target missing in every row',
      ['x,y', ...rows(50, (row) => `${number(row)},`)],
      {},
      'the target "y" is empty in all 50 rows looked at',
    ],
    [
      'one class',
      ['x,y', ...rows(50, (row) => `${number(row)},yes`)],
      {},
      'the target "y" has fewer than two classes: yes (50 rows)',
    ],
    [
      'a class with one row',
      ['x,y', ...rows(50, (row) => `${number(row)},${row === 9 ? 'rare' : 'ab'[row % 2]}`)],
      {},
      'class "rare" of the target "y" has 1 row: at least 2 are needed',
    ],
    [
      'classes that are nearly all different',
      ['x,y', ...rows(3000, (row) => `${number(row)},${row % 1001}`)],
      { task: 'classification' },
      'has 1001 distinct values: at most 1000 classes are possible',
    ],
    [
      'text for a regression',
      ['x,y', ...rows(50, (row) => `${number(row)},${'ab'[row % 2]}`)],
      { task: 'regression' },
      'the target "y" is text: a regression needs numbers',
    ],
    [
      'a number beyond float32',
      ['x,y', ...rows(50, (row) => `${number(row)},${row === 3 ? '1e39' : number(row + 1)}`)],
      {},
      'the target "y" has 1e+39 in row 4; at most 1e+35 is allowed, since models add up in 32-bit floats',
    ],
    [
      'a date as target',
      ['x,y', ...rows(50, (row) => `${number(row)},2026-11-${10 + (row % 10)}`)],
      {},
      'the target "y" is a date: numbers or classes are expected',
    ],
    [
      'an unknown target',
      ['x,y', '1,2', '2,3'],
      { target: 'z' },
      'no column is named "z"; the file has x, y',
    ],
    [
      'no feature left',
      ['x,y', ...rows(50, (row) => `${number(row)},${number(row + 1)}`)],
      { exclude: ['x'] },
      'no usable feature column is left; left out: x (asked for)',
    ],
    [
      'a time that is empty',
      ['t,x,y', ...rows(50, (row) => `,${number(row)},${number(row + 1)}`)],
      { time: 't' },
      '"t" cannot order the rows: empty in all 50 rows looked at',
    ],
    [
      'numbers closer together than float32 can answer',
      ['x,y', ...rows(50, (row) => `${number(row)},${1_700_000_000 + number(row + 1)}`)],
      {},
      'the target "y" is about 1.70e+9 and varies by 36.',
    ],
    [
      'a column with two roles',
      ['x,y', ...rows(50, (row) => `${number(row)},${number(row + 1)}`)],
      { time: 'y' },
      '"y" has two roles',
    ],
  ])('refuses %s', async (_, lines, options, message) => {
    await expect(read(lines, options)).rejects.toThrow(message);
  });
});
