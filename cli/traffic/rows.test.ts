import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { checkRow } from '#shared/schema/check-row.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import { generateRows, readRows } from './rows.ts';

const schema: ModelSchema = {
  features: [
    { name: 'width', kind: 'numeric', min: 2, max: 3 },
    { name: 'steps', kind: 'numeric', integer: true, min: -2, max: 2 },
    { name: 'free', kind: 'numeric' },
    { name: 'least', kind: 'numeric', min: 5 },
    { name: 'most', kind: 'numeric', max: -5 },
    { name: 'colour', kind: 'categorical', values: ['amber', 'blue'] },
    { name: 'sealed', kind: 'categorical', boolean: true, values: ['false', 'true'] },
    { name: 'unseen', kind: 'categorical' },
    { name: 'made_on', kind: 'datetime', baseline: '2026-02-28' },
    { name: 'serial', kind: 'id' },
  ],
  target: { name: 'price' },
};
const todayMs = Date.parse('2026-11-21T12:00:00Z');
const generate = (count: number, seed: number) => generateRows(schema, count, seededRandom(seed), todayMs);

describe('generateRows', () => {
  const rows = generate(500, 1).map(({ features }) => JSON.parse(features) as Record<string, unknown>);
  const all = (name: string) => rows.map((row) => row[name]);

  test('every row is one that the model takes', () => {
    for (const row of rows) expect(checkRow(schema, row, '')).toMatchObject({ ok: true });
  });

  test('numbers fill their range, whole where only whole ones were seen; categories and booleans are the known ones', () => {
    const numbers = (name: string) => all(name) as number[];
    expect(Math.min(...numbers('width'))).toBeGreaterThanOrEqual(2);
    expect(Math.min(...numbers('width'))).toBeLessThan(2.05);
    expect(Math.max(...numbers('width'))).toBeLessThan(3);
    expect(Math.max(...numbers('width'))).toBeGreaterThan(2.95);
    expect(new Set(numbers('steps').map((step) => step + 0))).toEqual(new Set([-2, -1, 0, 1, 2]));
    expect(Math.min(...numbers('least'))).toBeGreaterThanOrEqual(5);
    expect(Math.max(...numbers('most'))).toBeLessThanOrEqual(-5);
    expect(new Set(all('colour'))).toEqual(new Set(['amber', 'blue']));
    expect(new Set(all('sealed'))).toEqual(new Set([true, false]));
    expect(new Set(all('unseen'))).toEqual(new Set([null]));
  });

  test('dates end with the newest one that the model has seen', () => {
    const dates = (all('made_on') as string[]).toSorted();
    expect([dates[0], dates.at(-1)]).toEqual(['2026-01-30', '2026-02-28']);
  });

  test('the same seed gives the same rows, another one others', () => {
    expect(generate(20, 7)).toEqual(generate(20, 7));
    expect(generate(20, 7)).not.toEqual(generate(20, 8));
  });

  test('of a model of images nothing is made up', () => {
    const image = { width: 8, height: 8, channels: 1 } as never;
    const photos: ModelSchema = { ...schema, features: [{ name: 'photo', kind: 'image', image }] };
    expect(() => generateRows(photos, 1, seededRandom(1), todayMs)).toThrow('"photo" is an image');
  });
});

describe('readRows', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tidemark-traffic-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const small: ModelSchema = {
    features: [
      { name: 'width', kind: 'numeric' },
      { name: 'code', kind: 'categorical' },
    ],
    target: { name: 'price' },
  };

  async function rowsOf(name: string, text: string, of: ModelSchema = small, target?: string) {
    await writeFile(join(dir, name), text);
    return readRows(join(dir, name), of, target).map(({ features, ...rest }) => ({
      ...JSON.parse(features),
      ...rest,
    }));
  }

  test('of a CSV numbers are numbers only where the model wants them, empty cells missing, other columns left out', async () => {
    expect(await rowsOf('rows.csv', 'code,width,price\n007,1.50,9\nNA,,8\nx,wide,7\n')).toEqual([
      { width: 1.5, code: '007' },
      { width: null, code: null },
      { width: 'wide', code: 'x' },
    ]);
  });

  test('labels are numbers for a regression, texts for a classification, absent where the file has none', async () => {
    const text = 'code,width,price\na,1,9.5\nb,2,\n';
    expect((await rowsOf('rows.csv', text, small, 'price')).map(({ label }) => label)).toEqual([
      9.5,
      undefined,
    ]);
    const classes: ModelSchema = { ...small, target: { name: 'price', classes: ['9.5', '8'] } };
    expect((await rowsOf('rows.csv', text, classes, 'price'))[0].label).toBe('9.5');
  });

  test('JSON lines go as they are', async () => {
    const text = '{"width":1,"code":"007","price":3}\n\n{"width":null,"code":"y","price":4}\n';
    expect(await rowsOf('rows.ndjson', text, small, 'price')).toEqual([
      { width: 1, code: '007', label: 3 },
      { width: null, code: 'y', label: 4 },
    ]);
  });

  test.each([
    ['a column is missing', 'rows.csv', 'width,price\n1,2\n', 'no column "code"; it has width, price'],
    ['the file is empty', 'rows.ndjson', '', 'the file is empty'],
    ['a line is no JSON', 'rows.ndjson', '{"width":1,"code":"x","price":1}\n{', 'line 2'],
    ['a line is no object', 'rows.jsonl', '[1]', 'line 1: a JSON object is expected'],
  ])('%s: refused in words', async (_, name, text, words) => {
    await expect(rowsOf(name, text, small, 'price')).rejects.toThrow(words);
  });
});
