/** Measures the embedded host over real HTTP with durable logging on: most predictions per second, and latency at a steady rate. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import type { BenchTable } from './table.ts';

const seconds = 10;
const steadyRate = 1000;
const body = JSON.stringify({
  features: {
    weight: 1.2,
    colour: 'faint',
    clarity: 'slight',
    shape: 'round',
    depth: 61.2,
    girdle: 3,
    certified: true,
    sold_on: '2025-06-01',
  },
});

export async function run(): Promise<BenchTable> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tidemark-bench-'));
  const host = await startHost(dataDir);
  try {
    await load(host.url, { connections: 32, duration: 2 });
    const most = await load(host.url, { connections: 64, duration: seconds });
    const steady = await load(host.url, { connections: 32, duration: seconds, overallRate: steadyRate });
    const answered = most['2xx'] + steady['2xx'];
    return {
      name: 'embedded host over HTTP, durable log on, POST /predict, 64 connections',
      rows: [
        ['predictions per second', Math.round(most['2xx'] / most.duration).toLocaleString('en')],
        ['latency at that rate, p50 / p99', `${most.latency.p50} / ${most.latency.p99} ms`],
        [
          `latency at ${steadyRate} per second, p50 / p99`,
          `${steady.latency.p50} / ${steady.latency.p99} ms`,
        ],
        [
          'requests that were not answered 200',
          String(most.requests.total + steady.requests.total - answered),
        ],
      ],
    };
  } finally {
    await host.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function load(url: string, options: { connections: number; duration: number; overallRate?: number }) {
  return autocannon({
    url: `${url}/predict`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    ...options,
  });
}

async function startHost(dataDir: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const script = fileURLToPath(new URL('../cli/tidemark.mjs', import.meta.url));
  const child = spawn(
    process.execPath,
    [script, 'start', '--data-dir', dataDir, '--port', '0', '--no-traffic', '--no-prometheus', '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the host ended at once (exit ${code})`)));
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve((JSON.parse(line) as { url: string }).url),
    );
  });
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}
