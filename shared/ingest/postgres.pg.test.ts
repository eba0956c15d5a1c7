import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTable } from '#shared/tabular/table.ts';
import { spoolQuery } from './postgres.ts';
import { readTrainingSet } from './training-set.ts';

/** A server of its own, from Debian's package `postgresql`, in a folder that is gone afterwards. */
const folder = mkdtempSync(join(tmpdir(), 'tidemark-pg-'));
chmodSync(folder, 0o777);
let stop: () => Promise<void> = async () => undefined;
let connection = '';

function binaries(): string {
  const root = '/usr/lib/postgresql';
  const newest = existsSync(root) && readdirSync(root).sort().at(-1);
  if (!newest) throw new Error(`${root} is not there: apt-get install postgresql`);
  return join(root, newest, 'bin');
}

/** PostgreSQL refuses to run as root. */
function asUser(command: string, args: readonly string[]): [string, string[]] {
  return process.getuid?.() === 0
    ? ['runuser', ['-u', 'postgres', '--', command, ...args]]
    : [command, [...args]];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeAll(async () => {
  const bin = binaries();
  const data = join(folder, 'data');
  execFileSync(
    ...asUser(join(bin, 'initdb'), ['-D', data, '-U', 'owner', '--auth=trust', '-E', 'UTF8', '--no-sync']),
    {
      cwd: folder,
      stdio: 'pipe',
    },
  );
  const port = await freePort();
  const server = spawn(
    ...asUser(join(bin, 'postgres'), [
      '-D',
      data,
      '-p',
      String(port),
      '-k',
      folder,
      '-c',
      'listen_addresses=127.0.0.1',
    ]),
    { cwd: folder, stdio: 'ignore' },
  );
  stop = async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    // the server's own pid: runuser does not hand signals on
    process.kill(Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGINT');
    await ended;
  };
  connection = `postgres://owner:hidden@127.0.0.1:${port}/postgres`;
  for (let attempt = 0; ; attempt++) {
    try {
      await sql('select 1');
      return;
    } catch (error) {
      if (attempt > 100) throw error;
      await sleep(100);
    }
  }
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function sql(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: connection });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

let files = 0;
const spool = async (query: string, options = {}) => {
  const file = join(folder, `${files++}.csv`);
  return { rows: await spoolQuery({ connection, query }, file, options), file };
};

describe('a query on a real PostgreSQL server', () => {
  test('becomes a file with every kind of value as readers here understand it', async () => {
    const { rows, file } =
      await spool(`select 1.50::numeric as n, 9007199254740993::int8 as big, true as yes, null::text as none,
      e'a "quoted",\\nline' as text, timestamp '2026-11-21 08:30:00.5' as t, timestamptz '2026-11-21 08:30:00+02' as tz, date '2026-11-21' as d`);
    expect(rows).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(
      'n,big,yes,none,text,t,tz,d\n1.50,9007199254740993,true,,"a ""quoted"",\nline",2026-11-21T08:30:00.5,2026-11-21T06:30:00Z,2026-11-21\n',
    );
  });

  test('is read through a cursor, larger than a batch, and trains like any other table', async () => {
    await sql(`create table sales as select i as at, sin(i) * 10 as x, (array['a','b','c'])[i % 3 + 1] as c,
      case when i % 50 = 0 then null else sin(i) * 20 + i % 3 end as y from generate_series(1, 12001) as i`);
    const told: number[] = [];
    const { rows, file } = await spool('select * from sales order by at', {
      onProgress: (done: number) => told.push(done),
    });
    expect(rows).toBe(12_001);
    expect(told).toEqual([5000, 10_000, 12_001]);
    const set = await readTrainingSet(await openTable(file), { target: 'y', time: 'at' });
    expect(set.data.rows).toBe(12_001 - 240);
    expect(set.schema.features.map(({ name, kind }) => [name, kind])).toEqual([
      ['x', 'numeric'],
      ['c', 'categorical'],
    ]);
  });

  test('cannot write: the transaction is read-only', async () => {
    await sql('create table kept as select 1 as a');
    await expect(
      spool('with gone as (delete from kept returning a) select a, a as b from gone'),
    ).rejects.toThrow('in a read-only transaction');
  });

  test.each([
    ['is wrong', 'select nothing from nowhere', 'the query failed: relation "nowhere" does not exist'],
    ['gives no rows', 'select 1 as a, 2 as b where false', 'the query gave no rows'],
    ['gives one column', 'select 1 as a', 'the query gives 1 columns: a feature and the target are expected'],
    [
      'names two columns alike',
      'select 1 as a, 2 as a',
      'the query gives two columns named "a": name one of them with AS',
    ],
  ])('that %s is refused with the reason', async (_, query, reason) => {
    await expect(spool(query)).rejects.toThrow(reason);
  });

  test('that runs too long is stopped by the server', async () => {
    await expect(spool('select pg_sleep(20), 1 as b', { timeoutMs: 300 })).rejects.toThrow(
      'canceling statement due to statement timeout',
    );
  });

  test('with a wrong address says where it looked, and never the password', async () => {
    const wrong = connection.replace(/:\d+\//, ':1/');
    const error = await spoolQuery({ connection: wrong, query: 'select 1, 2' }, join(folder, 'no.csv')).catch(
      (one: Error) => one,
    );
    expect(String(error)).toContain('postgres://127.0.0.1:1/postgres cannot be reached');
    expect(String(error)).not.toContain('hidden');
  });
});
