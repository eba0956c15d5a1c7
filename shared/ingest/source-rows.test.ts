import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ModelRecord } from '../registry/model.ts';
import { smallRecord } from '../testing/small-model.ts';
import { readSource } from './source-rows.ts';

const small = smallRecord();
const model: ModelRecord = {
  ...small,
  schema: {
    features: [
      { name: 'x', kind: 'numeric' },
      { name: 'flag', kind: 'categorical', boolean: true, values: ['false', 'true'] },
      { name: 'day', kind: 'datetime' },
      { name: 'user', kind: 'id' },
    ],
    target: { name: 'y' },
  },
  retrain: { ...small.retrain, max_rows: 100 },
};

function read(name: string, content: string | Uint8Array, time?: string, of = model) {
  const objects = { get: async () => Buffer.from(content), put: async () => undefined };
  const ports = { objects, secret: async () => undefined, piiKey: async () => 'k'.repeat(43) };
  return readSource(ports as unknown as Parameters<typeof readSource>[0], of, {
    kind: 'object',
    key: `ingest/${name}`,
    ...(time ? { time } : {}),
  });
}
const lines = (...rows: readonly string[]) => `x,flag,day,y,more\n${rows.join('\n')}\n`;

describe('labelled rows of a source', () => {
  test('have the features of the schema as they are logged: booleans in lower case, dates as text, no ids', async () => {
    const { rows } = await read('a.csv', lines('1,TRUE,2026-11-01,5,z', '2,False,2026-11-02,6,z', '3,,,7,z'));
    expect(rows.map(({ features }) => features)).toEqual([
      { x: 1, flag: 'true', day: '2026-11-01' },
      { x: 2, flag: 'false', day: '2026-11-02' },
      { x: 3, flag: null, day: null },
    ]);
    expect(rows.map(({ label }) => label)).toEqual([5, 6, 7]);
  });

  test('say which cells are no numbers and which rows have no target', async () => {
    const { rows, notes } = await read('a.csv', lines('1,true,,5,', 'wide,true,,6,', '3,true,,,'));
    expect(rows).toHaveLength(2);
    expect(notes).toEqual([
      '1 of 3 rows have no value of "y"',
      'column "x" has 1 cells that are not numbers; they count as missing',
    ]);
  });

  test.each([undefined, 'x'])(
    'are the newest of many, whatever their order in the file (time: %s)',
    async (time) => {
      // of 20,000 rows the newest by x are in the middle
      const at = (row: number) => (row + 10_000) % 20_000;
      const rows = Array.from({ length: 20_000 }, (_, row) => `${at(row)},true,,${row},`);
      const found = await read('a.csv', lines(...rows), time);
      const expected = time ? [9900, 9999] : [19_900, 19_999];
      expect(found.rows).toHaveLength(100);
      expect([found.rows[0]!.label, found.rows.at(-1)!.label]).toEqual(expected);
    },
  );

  test.each<[string, string, string | Uint8Array, string | undefined, string]>([
    ['an empty file', 'a.csv', '', undefined, 'a.csv: the file is empty'],
    ['half an archive', 'a.csv.gz', gzipSync(lines('1,true,,5,')).subarray(0, 30), undefined, 'a.csv.gz: '],
    ['a feature less', 'a.csv', 'x,flag,y\n1,true,2\n', undefined, 'has no column "day"; it has x, flag, y'],
    ['a time in words', 'a.csv', lines('1,true,,5,soon'), 'more', '"soon" in "more" is neither a date nor'],
    ['no target', 'a.csv', lines('1,true,,,'), undefined, 'no row with a value of "y"'],
  ])('are refused of %s, by the name the source has', async (_, name, content, time, reason) => {
    await expect(read(name, content, time)).rejects.toThrow(reason);
    await expect(read(name, content, time)).rejects.not.toThrow('tidemark-ingest');
  });
});

describe('a source that cannot be read, of a model with features about people', () => {
  const person = '07700900';
  const aboutPeople: ModelRecord = {
    ...model,
    schema: {
      ...model.schema,
      features: [{ name: 'phone', kind: 'categorical', pii: true }, ...model.schema.features],
    },
  };
  const refusal = (name: string, content: string | Uint8Array, of: ModelRecord) =>
    read(name, content, undefined, of).then(
      () => 'none',
      (error: Error) => `${error.message} ${error.cause}`,
    );

  test.each<[string, string, string | Uint8Array]>([
    ['lines that are texts', 'a.ndjson', `"${person}"\n`],
    ['a first row where a header is expected', 'a.csv', `${person},true,2026-11-01,5.5\n`],
    ['a row of texts where a header is expected', 'a.csv', `+44 ${person}a,true,2026-11-01,b\n1,2,3,4\n`],
  ])('%s: the reason quotes nobody, and of another model it quotes the file', async (_, name, content) => {
    const said = await refusal(name, content, aboutPeople);
    expect(said).toMatch(/^the source (cannot be read as a table|has no column "x"; it has 4 others)/);
    expect(said).not.toContain(person);
    expect(await refusal(name, content, model)).toContain(person);
  });
});
