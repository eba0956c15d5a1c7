/** Benchmark: a minute's publication of 5,000 series, and /metrics of 50 models × 50 features. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { measureProcess } from './measure-process.ts';
import type { BenchTable } from './table.ts';

interface Figures {
  readonly series: number;
  /** The first time, everything; milliseconds. */
  readonly whole?: number;
  readonly later?: number;
  readonly cold?: number;
  readonly warm?: number;
}

/** Stores in memory: what is measured is the work, not a network. */
export async function run(): Promise<BenchTable> {
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/api/v1/write`;
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-bench-publish-'));
  try {
    const outfile = join(dir, 'child.mjs');
    buildSync({
      entryPoints: [fileURLToPath(new URL('publish-child.ts', import.meta.url))],
      ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', outfile, logLevel: 'error' },
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    const publish = await measure(outfile, 'publish', 10, url);
    const scrape = await measure(outfile, 'scrape', 50, url);
    const ms = (value = Number.NaN) => `${Math.round(value)} ms`;
    return {
      name: 'publish and /metrics, 50 features a model, stores in memory',
      rows: [
        [`publish ${publish.series.toLocaleString('en')} series, a cold process`, ms(publish.whole)],
        ['a minute later, warm', ms(publish.later)],
        ['memory of the process, at most', publish.memory],
        [
          `/metrics of 50 models, ${scrape.series.toLocaleString('en')} series, a cold process`,
          ms(scrape.cold),
        ],
        ['again, warm', ms(scrape.warm)],
      ],
    };
  } finally {
    receiver.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(
  file: string,
  what: string,
  models: number,
  url: string,
): Promise<Figures & { readonly memory: string }> {
  const { stdout, stderr, exitCode, peakBytes } = await measureProcess(process.execPath, [
    file,
    what,
    String(models),
    '50',
    url,
  ]);
  if (exitCode !== 0) throw new Error(`the ${what} benchmark failed: ${stderr}`);
  const memory = peakBytes === undefined ? 'not measured' : `${Math.round(peakBytes / 2 ** 20)} MB`;
  return { ...(JSON.parse(stdout) as Figures), memory };
}
