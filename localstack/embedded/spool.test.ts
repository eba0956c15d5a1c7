import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SpoolRecord } from '#shared/deps.ts';
import { MemoryTable } from '#shared/testing/memory-table.ts';
import { rejectedFile, replaySpool } from './spool.ts';

let dir: string;
let file: string;
let table: MemoryTable;
let logged: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-spool-'));
  file = join(dir, 'spool.ndjson');
  table = new MemoryTable();
  logged = [];
});
afterEach(() => rm(dir, { recursive: true }));

const replay = () => replaySpool(file, table, (level, message) => logged.push(`${level}: ${message}`));
const lineOf = (pk: string, more: Partial<SpoolRecord> = {}) =>
  JSON.stringify({ pk, sk: 'prediction', value: `of ${pk}`, ...more });
const has = async (pk: string) => (await table.get({ pk, sk: 'prediction' })) !== undefined;

describe('replaySpool', () => {
  test('sets aside each line that can never be put, says so, and puts all the others', async () => {
    const hopeless = [
      lineOf('large', { value: 'x'.repeat(350 * 1024) }),
      lineOf(''),
      lineOf('milliseconds', { expiresAt: 1_800_000_000_000 }),
      '{"pk":"no-value","sk":"prediction"}',
      '7',
      lineOf('cut').slice(0, 20),
    ];
    const lines = hopeless.flatMap((line, at) => [lineOf(`good-${at}`), line]);
    await writeFile(file, `${lines.join('\n')}\n`);
    expect(await replay()).toBe(hopeless.length);
    for (const at of hopeless.keys()) expect(await has(`good-${at}`)).toBe(true);
    expect(readFileSync(join(dir, 'spool.rejected.ndjson'), 'utf8')).toBe(`${hopeless.join('\n')}\n`);
    expect(logged).toEqual(hopeless.map(() => 'warn: a spooled record can never be logged'));
    expect([existsSync(file), existsSync(`${file}.replaying`)]).toEqual([false, false]);
    expect(await replay()).toBe(0);
  });

  test('with a store that is down neither throws nor loses a line: the next replay puts them once', async () => {
    await writeFile(file, `${lineOf('a')}\n${lineOf('b')}\n`);
    table.beforeWrite = ({ pk }) => {
      if (pk === 'b') throw new Error('the store is down');
    };
    expect(await replay()).toBe(1);
    expect(logged).toEqual(['error: the spool could not be replayed; the next start tries again']);
    table.beforeWrite = () => undefined;
    await writeFile(file, `${lineOf('c')}\n`);
    expect(await replay()).toBe(2);
    for (const pk of ['a', 'b', 'c']) expect(await has(pk)).toBe(true);
    expect(existsSync(rejectedFile(file))).toBe(false);
  });
});
