/** `npm run screenshots`: pictures of the report and the console for docs/images/, from a demo that is run for them. */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BrowserPage, openBrowser, type View } from './browser/chromium.ts';

const tidemark = fileURLToPath(new URL('../cli/tidemark.mjs', import.meta.url));
const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
/** Of a picture in the repository. */
const MOST_BYTES = 200_000;
const SHORTER = 0.9;

const desktop = { width: 1280, height: 1400 };
const phone = { width: 390, height: 1500 };
const views: Readonly<Record<string, View>> = {
  desktop,
  'desktop-dark': { ...desktop, scheme: 'dark' },
  phone,
  'phone-dark': { ...phone, scheme: 'dark' },
};

interface Entry {
  readonly id: string;
  readonly outcome: { readonly confirmed: boolean };
}

const folder = mkdtempSync(join(tmpdir(), 'tidemark-screenshots-'));
try {
  await takeAll(folder);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function takeAll(dataDir: string): Promise<void> {
  // first of all: without one there is no use in a demo
  const browser = await openBrowser();
  try {
    process.stdout.write('running the demo\n');
    await promisify(execFile)(process.execPath, [tidemark, 'demo', '--json', '--data-dir', dataDir]);
    const host = await startHost(dataDir);
    try {
      mkdirSync(images, { recursive: true });
      const page = await browser.newPage();
      for (const [name, path] of Object.entries(await pathsOf(host.url)))
        await takePage(page, name, host.url + path);
    } finally {
      await host.stop();
    }
  } finally {
    await browser.close();
  }
}

/** The report of the first alarm, the console, and the page that asks before a retraining, as a dashboard leads to it. */
async function pathsOf(url: string): Promise<Record<string, string>> {
  const { models } = await get<{ models: readonly { name: string }[] }>(`${url}/models`);
  const model = models[0]?.name;
  if (model === undefined) throw new Error('the demo left no model');
  const { reports } = await get<{ reports: readonly Entry[] }>(`${url}/models/${model}/reports?limit=500`);
  const alarm = reports.findLast(({ outcome }) => outcome.confirmed);
  if (!alarm) throw new Error(`the demo raised no alarm in ${reports.length} reports`);
  const report = `/models/${model}/reports/${alarm.id}`;
  const { diagnosis } = await get<{ diagnosis: { worst: readonly { name: string }[] } }>(url + report);
  const from = new URLSearchParams({ from: 'grafana', feature: diagnosis.worst[0]?.name ?? '' });
  return {
    report: `${report}?format=html`,
    console: '/console',
    'console-model': `/console/models/${model}`,
    'console-retrain': `/console/models/${model}/retrain?${from}`,
  };
}

async function takePage(page: BrowserPage, name: string, url: string): Promise<void> {
  for (const [kind, view] of Object.entries(views)) {
    await page.look(view);
    await page.open(url);
    let { height } = view;
    let png = await page.screenshot(height);
    while (png.length > MOST_BYTES) {
      height = Math.floor(SHORTER * height);
      png = await page.screenshot(height);
    }
    writeFileSync(join(images, `${name}-${kind}.png`), png);
    process.stdout.write(`${name}-${kind}.png: ${Math.round(png.length / 1000)} kB\n`);
  }
  if (page.faults.length > 0) throw new Error(`${url}: ${page.faults.join('; ')}`);
}

async function get<Answer>(url: string): Promise<Answer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} from ${url}`);
  return (await response.json()) as Answer;
}

async function startHost(dataDir: string) {
  const quiet = '--port 0 --no-sample --no-traffic --no-prometheus --json'.split(' ');
  const args = [tidemark, 'start', '--data-dir', dataDir, ...quiet];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { LOG_LEVEL: 'error', ...process.env },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the host ended at once (exit ${code})`)));
  });
  return {
    url: (JSON.parse(line) as { url: string }).url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
