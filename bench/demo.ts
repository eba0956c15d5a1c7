/** Measures the demo as a user runs it: on diamonds in this checkout, and from a cold clone with an empty package cache. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { referenceFile } from '#shared/testing/reference-data.ts';
import type { BenchTable } from './table.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const execute = promisify(execFile);

interface DemoOutput {
  readonly duration_s: number;
  readonly recovery: number;
  readonly host_peak_rss_mb: number | null;
  readonly predictions_sent: number;
}

export async function run(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-demo-'));
  try {
    return { name: 'npm run demo', rows: [...(await onDiamonds(folder)), ...(await fromColdClone(folder))] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onDiamonds(folder: string): Promise<BenchTable['rows']> {
  const file = referenceFile('diamonds.csv');
  if (file === undefined) return [['diamonds', 'diamonds.csv not available']];
  const args = [
    'run',
    '--silent',
    'demo',
    '--',
    '--data',
    file,
    '--target',
    'price',
    '--json',
    '--data-dir',
    join(folder, 'data'),
  ];
  const { stdout } = await execute('npm', args, { cwd: root });
  const demo = JSON.parse(stdout) as DemoOutput;
  return [
    [
      'diamonds (53,940 rows)',
      `${demo.duration_s} s, ${Math.round(100 * demo.recovery)} % recovered, ${demo.predictions_sent} predictions`,
    ],
    [
      'largest memory of the host in it',
      demo.host_peak_rss_mb === null ? 'not told here' : `${demo.host_peak_rss_mb} MB`,
    ],
  ];
}

/** `git clone`, `npm ci` with nothing in its cache, `npm run demo`. */
async function fromColdClone(folder: string): Promise<BenchTable['rows']> {
  const clone = join(folder, 'clone');
  const started = performance.now();
  await execute('git', ['clone', '--quiet', root, clone]);
  await execute('npm', ['ci', '--cache', join(folder, 'cache')], { cwd: clone, maxBuffer: 2 ** 26 });
  const installed = performance.now();
  await execute('npm', ['run', 'demo'], { cwd: clone, maxBuffer: 2 ** 26 });
  const total = (performance.now() - started) / 1000;
  return [
    [
      'cold clone to the last line',
      `${Math.round(total)} s, ${Math.round((installed - started) / 1000)} s of it install`,
    ],
  ];
}
