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

export interface Prometheus {
  readonly writeUrl: string;
  /** An instant query, as of a time in Unix milliseconds. */
  query(promql: string, atMs: number): Promise<readonly Value[]>;
  stop(): Promise<void>;
}

/** Throws, saying what to install, where there is no `prometheus` on the PATH. */
export async function startPrometheus(): Promise<Prometheus> {
  if (spawnSync(binary, ['--version']).error)
    throw new Error('there is no prometheus on the PATH; on Debian: apt-get install prometheus');
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-prometheus-'));
  const port = await freePort();
  writeFileSync(join(dir, 'prometheus.yml'), '{}\n');
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
  return {
    writeUrl: `${url}/api/v1/write`,
    stop,
    async query(promql, atMs) {
      const response = await fetch(
        `${url}/api/v1/query?query=${encodeURIComponent(promql)}&time=${atMs / 1000}`,
      );
      const { data, error } = (await response.json()) as {
        data?: { result: readonly { metric: Record<string, string>; value: readonly [number, string] }[] };
        error?: string;
      };
      if (!data) throw new Error(error);
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
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
