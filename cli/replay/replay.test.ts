import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SpoolRecord } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import { createModel } from '#shared/registry/registry.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { eventOf, expiryOf, labelRecord, predictionRecord } from '#shared/testing/stream.ts';
import { lockDataDir } from '../../localstack/embedded/host-lock.ts';
import { openStore } from '../../localstack/embedded/store.ts';
import { main } from '../main.ts';

let dir: string;
let dataDir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-replay-'));
  dataDir = join(dir, 'data');
  const store = openStore({ dir: dataDir });
  await createModel({ state: store.table('state') }, smallRecord());
  await store.close();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

async function replay(...words: string[]) {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  const code = await main(['replay', ...words]);
  vi.restoreAllMocks();
  return { code, ...printed };
}

async function counted(source: string, ...words: string[]) {
  const { code, stdout, stderr } = await replay(source, '--data-dir', dataDir, '--json', ...words);
  expect(stderr).toBe('');
  return { code, ...JSON.parse(stdout) };
}

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(dir, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** What stands under the ids, by their sort key. */
async function stored(
  ids: readonly string[],
  sk: 'prediction' | 'label' = 'prediction',
): Promise<(Json | undefined)[]> {
  const store = openStore({ dir: dataDir });
  const table = store.table('predictions', { feed: true });
  const items = await Promise.all(ids.map((id) => table.get({ pk: `small#${id}`, sk })));
  await store.close();
  return items.map((item) => item?.value);
}

const farAway = 4_000_000_000;
const features = { width: 1, colour: 'blue' };

function prediction(id: string, more: Partial<SpoolRecord> = {}): SpoolRecord {
  const answer = { prediction: 3 };
  const value = {
    model: 'small',
    version: 'v1',
    request_id: id,
    at: 1000,
    features,
    context: {},
    answer,
    hash: 'h',
  };
  return { pk: `small#${id}`, sk: 'prediction', value, expiresAt: farAway, ...more };
}

function label(id: string, value: number, labelledAt: number): SpoolRecord {
  const record = {
    model: 'small',
    request_id: id,
    label: value,
    labelled_at: labelledAt,
    received_at: labelledAt,
  };
  return { pk: `small#${id}`, sk: 'label', value: record, expiresAt: farAway };
}

const linesOf = (...records: readonly unknown[]) => records.map((one) => `${JSON.stringify(one)}\n`).join('');
const row = (id: string) => ({ id, at: 1000, features, label: 3 });
const batch = eventOf([
  predictionRecord('small', 'v1', row('s1'), 1, 5000),
  labelRecord('small', 's1', 7, 4000, 2, 5000),
  expiryOf({ pk: 'small#old', sk: 'prediction' }, 3, 5000),
]);
const logged = (id: string) => JSON.stringify({ tidemark_spool: prediction(id) });

interface Case {
  readonly content: string | Uint8Array;
  readonly ids: readonly string[];
  readonly put: number;
  readonly other?: number;
}

const cases: readonly (readonly [string, Case])[] = [
  [
    'a spool, whatever its texts hold',
    {
      content: linesOf(
        prediction('a'),
        prediction('b', {
          value: { ...(prediction('b').value as object), features: { colour: 'line\u2028separator\n' } },
        }),
      ),
      ids: ['a', 'b'],
      put: 2,
    },
  ],
  [
    'a gzipped spool',
    { content: gzipSync(linesOf(prediction('a'), prediction('b'))), ids: ['a', 'b'], put: 2 },
  ],
  ['a spool without a last line end', { content: linesOf(prediction('a')).trimEnd(), ids: ['a'], put: 1 }],
  [
    'a log exported as text',
    {
      content: [
        '2026-11-21T10:00:00.000Z START RequestId: 1',
        `2026-11-21T10:00:00.001Z ${logged('a')}`,
        '2026-11-21T10:00:00.002Z {"level":"warn","message":"prediction log failed"}',
        'Error: of more than one line',
        '    at somewhere',
        `2026-11-21T10:00:00.003Z stream/1 ${logged('b')}`,
        '{"time":"2026-11-21T10:00:00Z","level":"info","message":"done"}',
      ].join('\n'),
      ids: ['a', 'b'],
      put: 2,
      other: 5,
    },
  ],
  [
    'the answer of filter-log-events',
    {
      content: JSON.stringify(
        {
          events: [
            { message: `${logged('a')}\n` },
            { message: 'END RequestId: 1' },
            { message: logged('b') },
          ],
        },
        null,
        2,
      ),
      ids: ['a', 'b'],
      put: 2,
      other: 1,
    },
  ],
  [
    'the result of a log query',
    { content: linesOf({ '@message': logged('a') }, { '@message': logged('b') }), ids: ['a', 'b'], put: 2 },
  ],
  [
    'a batch as it was asynchronously invoked',
    { content: JSON.stringify({ requestPayload: batch }), ids: ['s1'], put: 2, other: 1 },
  ],
  [
    'a batch of a stream, filed as text in a document',
    {
      content: JSON.stringify(
        { version: '1.0', DDBStreamBatchInfo: {}, payload: JSON.stringify(batch) },
        null,
        2,
      ),
      ids: ['s1'],
      put: 2,
      other: 1,
    },
  ],
  ['bare records of a stream', { content: JSON.stringify(batch), ids: ['s1'], put: 2, other: 1 }],
];

describe('tidemark replay', () => {
  test.each(cases)(
    '%s: is put back, and the second time is there already',
    async (_, { content, ids, put, other = 0 }) => {
      const file = await fileOf('lost', content);
      const before = await readFile(file);
      const clean = { code: 0, refused: [], unreadable: [], other };
      expect(await counted(file)).toMatchObject({ ...clean, put, already_there: 0 });
      expect((await stored(ids)).every((value) => value !== undefined)).toBe(true);
      expect(await counted(file)).toMatchObject({ ...clean, put: 0, already_there: put });
      expect(await readFile(file)).toEqual(before);
    },
  );

  test('what is put back is the record itself, and the feed carries it once', async () => {
    const file = await fileOf('spool.ndjson', linesOf(prediction('a'), prediction('a'), label('a', 5, 2000)));
    expect(await counted(file)).toMatchObject({ code: 0, put: 2, already_there: 1 });
    await counted(file);
    const store = openStore({ dir: dataDir });
    const table = store.table('predictions', { feed: true });
    expect(await table.get({ pk: 'small#a', sk: 'prediction' })).toMatchObject({
      ...prediction('a'),
      revision: 1,
    });
    const seen: string[] = [];
    const delivered = new Promise<void>((resolve) => {
      store.feed('predictions').deliver(async ({ Records }) => {
        seen.push(...Records.map(({ eventName, dynamodb }) => `${eventName} ${dynamodb!.Keys!.sk!.S}`));
        resolve();
      });
    });
    await delivered;
    await store.close();
    expect(seen).toEqual(['INSERT prediction', 'INSERT label']);
  });

  test('of two labels of one request the later holds, in whatever order and however often they are put back', async () => {
    const [early, late] = [label('a', 1, 2000), label('a', 2, 3000)];
    const upward = await fileOf('up', linesOf(early, late));
    const downward = await fileOf('down', linesOf(late, early));
    expect(await counted(upward)).toMatchObject({ put: 2, already_there: 0 });
    expect(await counted(downward)).toMatchObject({ put: 0, already_there: 2 });
    expect(await counted(upward)).toMatchObject({ put: 0, already_there: 2 });
    expect(await stored(['a'], 'label')).toMatchObject([{ label: 2 }]);
  });

  test('every file under a folder is read, in the order of its names', async () => {
    await fileOf('bucket/shard/1/2026/11/21/b', JSON.stringify({ payload: JSON.stringify(batch) }));
    await fileOf('bucket/shard/1/2026/11/20/a.gz', gzipSync(linesOf(prediction('a'))));
    await fileOf('bucket/.hidden', 'not looked at');
    await fileOf('bucket/aws-logs-write-test', 'Permission Check Successful');
    expect(await counted(join(dir, 'bucket'))).toMatchObject({ code: 0, put: 3, unreadable: [] });
  });

  test('lines that cannot be read are named by number, all others put back, and the exit is 1', async () => {
    const cut = JSON.stringify(prediction('cut')).slice(0, 40);
    const poison = predictionRecord('small', 'v1', row('p'), 1, 5000);
    const lines = [
      'garbage',
      JSON.stringify(prediction('a')),
      '7',
      '',
      JSON.stringify({ pk: 'small#x', sk: 'prediction', value: { model: 'small' } }),
      JSON.stringify({ pk: 'small#x', sk: 'report', value: 1 }),
      JSON.stringify(prediction('x', { pk: 'other#x' })),
      JSON.stringify({ Records: [{ ...poison, eventName: 'SELECT' }, poison] }),
      JSON.stringify({ DDBStreamBatchInfo: { batchSize: 3 } }),
      JSON.stringify({ payload: 'cut {' }),
      `2026-11-21T10:00:00Z {"tidemark_spool":{"pk":`,
      JSON.stringify(prediction('b')),
      cut,
    ];
    const file = await fileOf('spool.ndjson', `${lines.join('\n')}`);
    const result = await counted(file);
    expect(result).toMatchObject({ code: 1, put: 3, already_there: 0, refused: [] });
    const named = result.unreadable.map(({ where }: { where: string }) => where.slice(file.length + 1));
    const broken = [
      'line 1',
      'line 3',
      'line 5',
      'line 6',
      'line 7',
      'line 8 record 1',
      'line 9',
      'line 10',
      'line 11',
    ];
    // after a line of a log the cut one is taken for another of it
    expect(named).toEqual(broken);
    expect(result.other).toBe(1);
    expect((await stored(['a', 'b', 'p', 'x'])).map((value) => value !== undefined)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('a last line that a kill has cut is unreadable', async () => {
    const cut = JSON.stringify(prediction('cut')).slice(0, 40);
    const result = await counted(await fileOf('spool.ndjson', `${linesOf(prediction('a'))}${cut}`));
    expect(result).toMatchObject({
      code: 1,
      put: 1,
      unreadable: [{ where: expect.stringMatching(/ line 2$/) }],
    });
  });

  test('a gzipped file that was cut gives what could be read of it, and says where it ends', async () => {
    const whole = gzipSync(
      linesOf(
        ...Array.from({ length: 3000 }, (_, at) =>
          prediction(`id-${at}-${Math.sin(at)}`.replace(/[^\w-]/g, '')),
        ),
      ),
    );
    const file = await fileOf('cut.gz', whole.subarray(0, Math.floor(whole.length / 2)));
    const result = await counted(file);
    expect(result).toMatchObject({
      code: 1,
      unreadable: [{ where: expect.stringMatching(/ after line \d+$/), reason: 'unexpected end of file' }],
    });
    expect(result.put).toBeGreaterThan(0);
  });

  test('a record that has expired, of another model or too large is refused, each time', async () => {
    const now = Math.floor(Date.now() / 1000);
    const strange = { ...(prediction('c').value as object), model: 'strange' } as Json;
    const large = { ...(prediction('d').value as object), features: { colour: 'x'.repeat(400_000) } } as Json;
    const file = await fileOf(
      'spool.ndjson',
      linesOf(
        prediction('a', { expiresAt: now - 1 }),
        prediction('b', { expiresAt: now + 600 }),
        prediction('c', { pk: 'strange#c', value: strange }),
        prediction('d', { value: large }),
        prediction('e', { expiresAt: 1_800_000_000_000 }),
      ),
    );
    const first = await counted(file);
    expect(first).toMatchObject({ code: 1, put: 1, already_there: 0, unreadable: [] });
    const reasons = first.refused.map(({ reason }: { reason: string }) => reason);
    expect(reasons).toEqual([
      expect.stringMatching(/^it expired at 20/),
      'no model is named "strange"; there are small',
      expect.stringContaining('at most 358400 are allowed'),
      expect.stringContaining('whole unix seconds'),
    ]);
    expect(await counted(file)).toEqual({ ...first, put: 0, already_there: 1 });
  });

  test('--dry-run counts the same and changes nothing', async () => {
    const file = await fileOf('spool.ndjson', linesOf(prediction('a'), prediction('a'), prediction('b')));
    expect(await counted(file, '--dry-run')).toMatchObject({ dry_run: true, put: 2, already_there: 1 });
    expect(await stored(['a', 'b'])).toEqual([undefined, undefined]);
    expect(await counted(file)).toMatchObject({ dry_run: false, put: 2, already_there: 1 });
  });

  test('an empty file has nothing to put back and is no fault', async () => {
    const { code, stdout } = await replay(await fileOf('empty', ''), '--data-dir', dataDir);
    expect([code, stdout]).toEqual([0, '0 put back, 0 already there, 0 refused, 0 unreadable\n']);
  });

  test('a person is told the first faults, with their lines', async () => {
    const file = await fileOf('spool.ndjson', `${'x\n'.repeat(25)}${linesOf(prediction('a'))}`);
    const { code, stdout } = await replay(file, '--data-dir', dataDir);
    expect(code).toBe(1);
    expect(stdout).toContain('1 put back, 0 already there, 0 refused, 25 unreadable\n');
    expect(stdout).toContain(`  unreadable: ${file} line 20: `);
    expect(stdout).not.toContain('line 21');
    expect(stdout).toContain('and 5 more unreadable');
  });

  test('killed in the middle and run again, every record is there once', async () => {
    const count = 10_000;
    const ids = Array.from({ length: count }, (_, at) => `k${at}`);
    const file = await fileOf('spool.ndjson', linesOf(...ids.map((id) => prediction(id))));
    const script = fileURLToPath(new URL('../tidemark.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, 'replay', file, '--data-dir', dataDir], {
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    const watching = openStore({ dir: dataDir });
    const table = watching.table('predictions', { feed: true });
    while (!(await table.get({ pk: 'small#k300', sk: 'prediction' })))
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    expect((await ended)[1]).toBe('SIGKILL');
    await watching.close();
    const result = await counted(file);
    expect(result.already_there).toBeGreaterThan(300);
    expect(result.put).toBeGreaterThan(0);
    expect(result.put + result.already_there).toBe(count);
    expect((await stored(ids)).every((value) => value !== undefined)).toBe(true);
  });

  test('while a host runs on the directory nothing is written, and the process is named', async () => {
    const file = await fileOf('spool.ndjson', linesOf(prediction('a')));
    const lock = lockDataDir(dataDir);
    const { code, stderr } = await replay(file, '--data-dir', dataDir);
    lock.release();
    expect(code).toBe(1);
    expect(stderr).toContain(`is in use by process ${process.pid}: stop that process`);
    expect(await stored(['a'])).toEqual([undefined]);
    expect(await counted(file)).toMatchObject({ code: 0, put: 1 });
    expect(existsSync(join(dataDir, 'host.lock'))).toBe(false);
  });

  test('words that cannot be used exit 2 and make no store', async () => {
    const file = await fileOf('spool.ndjson', linesOf(prediction('a')));
    const elsewhere = join(dir, 'elsewhere');
    await mkdir(join(dir, 'empty'));
    for (const [words, said] of [
      [[], '0 files were named'],
      [[file, file, '--data-dir', dataDir], '2 files were named'],
      [[file], 'or --stage STAGE'],
      [[file, '--data-dir', elsewhere], 'it has no store.lmdb'],
      [[join(dir, 'none'), '--data-dir', dataDir], 'no such file'],
      [[dataDir, '--data-dir', dataDir], 'is a data directory'],
      [[join(dir, 'empty'), '--data-dir', dataDir], 'no file under it'],
    ] as const) {
      const { code, stderr } = await replay(...words);
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    }
    expect(existsSync(elsewhere)).toBe(false);
  });
});
