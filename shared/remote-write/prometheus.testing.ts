/** Test support: a real Prometheus that takes remote writes, on a free port, with a store of its own that is deleted. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** On the PATH: Debian's package, and no dependency. */
const binary = 'prometheus';

interface Value {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

type Point = readonly [seconds: number, value: string];

export interface Prometheus {
  readonly writeUrl: string;
  /** An instant query, as of a time in Unix milliseconds. */
  query(promql: string, atMs: number): Promise<readonly Value[]>;
  /** How many numbers a query answers with, minute by minute from one time to another, both in Unix milliseconds. */
  countRange(promql: string, fromMs: number, toMs: number): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Throws, saying what to install, where there is no `prometheus` on the PATH.
 *
 * @param rules a rule file that it evaluates
 */
export async function startPrometheus(rules?: string): Promise<Prometheus> {
  if (spawnSync(binary, ['--version']).error)
    throw new Error('there is no prometheus on the PATH; on Debian: apt-get install prometheus');
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-prometheus-'));
  const port = await freePort();
  if (rules !== undefined) writeFileSync(join(dir, 'rules.yml'), rules);
  writeFileSync(join(dir, 'prometheus.yml'), rules === undefined ? '{}\n' : 'rule_files: [rules.yml]\n');
  const child = spawn(
    binary,
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill();
    await new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done(undefined)));
    rmSync(dir, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++) {
    const isReady = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) break;
    if (tries > 100 || child.exitCode !== null) {
      await stop();
      throw new Error('prometheus does not start');
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  const ask = async <T>(what: string, parameters: URLSearchParams): Promise<readonly T[]> => {
    const response = await fetch(`${url}/api/v1/${what}?${parameters}`);
    const { data, error } = (await response.json()) as { data?: { result: readonly T[] }; error?: string };
    if (!data) throw new Error(error);
    return data.result;
  };
  return {
    writeUrl: `${url}/api/v1/write`,
    stop,
    async query(promql, atMs) {
      const parameters = new URLSearchParams({ query: promql, time: String(atMs / 1000) });
      const result = await ask<{ metric: Record<string, string>; value: Point }>('query', parameters);
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async countRange(promql, fromMs, toMs) {
      const times = { start: String(fromMs / 1000), end: String(toMs / 1000), step: '60' };
      const parameters = new URLSearchParams({ query: promql, ...times });
      const result = await ask<{ values: readonly Point[] }>('query_range', parameters);
      return result.flatMap(({ values }) => values).filter(([, value]) => value !== 'NaN').length;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
