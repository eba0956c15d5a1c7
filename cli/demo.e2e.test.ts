import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArchiveRow, readArchive } from '#shared/capture/archive.ts';
import { featuresHash } from '#shared/log/prediction-log.ts';
import { seededRandom } from '#shared/random.ts';
import { createFolderObjects } from '../localstack/embedded/folder-objects.ts';
import { loadData } from './demo/data.ts';
import { planInjection } from './demo/injection.ts';
import { readDemoOptions } from './demo/options.ts';
import type { DemoResult } from './demo/result.ts';
import { type Finished, runTidemark } from './processes.testing.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-demo-'));
});
afterAll(() => rm(dir, { recursive: true, maxRetries: 5 }));

/** What was printed is one JSON object on one line, and the same is kept in the folder. */
function resultOf({ stdout }: Finished, dataDir: string): DemoResult {
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  const result = JSON.parse(lines[0]!) as DemoResult;
  expect(JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8'))).toEqual(result);
  return result;
}

const fields = [
  'champion_before',
  'champion_after',
  'windows',
  'false_alarms',
  'detection_delay_windows',
  'run',
  'error',
  'recovery',
  'injected',
  'resampled',
  'small_data',
  'excluded',
  'leak_suspects',
  'predictions_sent',
  'predictions_logged',
  'host_peak_rss_mb',
  'duration_s',
];

describe('tidemark demo --drift shift --json on generated data', () => {
  const words = ['--drift', 'shift', '--seed', '3'];
  let dataDir: string;
  let finished: Finished;
  let result: DemoResult;

  beforeAll(async () => {
    dataDir = join(dir, 'generated');
    finished = await runTidemark(['demo', ...words, '--data-dir', dataDir, '--json']);
    expect(finished.code, finished.stderr).toBe(0);
    result = resultOf(finished, dataDir);
  }, 180_000);

  test('prints exactly the documented fields', () => {
    expect(Object.keys(result).sort()).toEqual(fields.toSorted());
    for (const window of result.windows) {
      expect(window).toMatchObject({ rows: expect.any(Number), verdict: expect.stringMatching(/^[a-z_]+$/) });
      expect(Date.parse(window.end) - Date.parse(window.start)).toBe(2000);
      expect([typeof window.worst_feature, typeof window.psi]).toEqual(['string', 'number']);
    }
    expect(Object.keys(result.error).sort()).toEqual(['after', 'baseline', 'metric', 'naive', 'under_drift']);
    expect(Object.keys(result.run!).sort()).toEqual(['id', 'outcome', 'stages']);
    for (const stage of result.run!.stages) {
      expect(Object.keys(stage).sort()).toEqual(['ms', 'name', 'status']);
      expect(stage.ms).toBeGreaterThanOrEqual(0);
    }
  });

  test('is caught without a false alarm, repaired by a proven version, and says so', () => {
    expect(result).toMatchObject({ false_alarms: 0, small_data: false, resampled: 1 });
    expect(result.detection_delay_windows).toBeGreaterThanOrEqual(1);
    expect(result.run).toMatchObject({ outcome: 'promoted' });
    expect(result.champion_after).not.toBe(result.champion_before);
    const { metric, baseline, under_drift: under, after, naive } = result.error;
    expect(metric).toBe('rmse');
    expect(under!).toBeGreaterThan(baseline);
    expect(after!).toBeLessThan(under!);
    expect(after!).toBeLessThan(naive!);
    expect(result.recovery).toBeCloseTo((under! - after!) / (under! - baseline), 9);
    expect(result.recovery!).toBeGreaterThanOrEqual(0.5);
    expect(finished.stderr).toContain('run ended: promoted');
    expect(finished.stderr).toContain('the demo held what it claims');
    expect(finished.stderr).not.toContain('NOT SO');
  });

  test('confirms no window before the change, and the next champion serves windows of its own', () => {
    const injectedAt = Date.parse(result.injected.at!);
    const before = result.windows.filter((window) => Date.parse(window.end) <= injectedAt);
    expect(before.length).toBeGreaterThanOrEqual(3);
    expect(before.map((window) => window.confirmed)).not.toContain(true);
    expect(result.windows.map((window) => window.version)).toContain(result.champion_after);
  });

  test('logs every prediction it sends, in windows of 50 at least', () => {
    expect(result.predictions_logged).toBe(result.predictions_sent);
    expect(result.windows.reduce((sum, window) => sum + window.rows, 0)).toBe(result.predictions_sent);
  });

  test('keeps the final-check rows out of everything that was sent, logged or trained on', async () => {
    const options = readDemoOptions(words);
    const data = loadData(options);
    const { apply, description } = planInjection(
      'shift',
      data.inferred.schema,
      data.train,
      options.driftSize,
      options.seed,
    );
    expect(result.injected.description).toBe(description);
    const used = new Set<string>();
    const objects = createFolderObjects(join(dataDir, 'objects'));
    let archived = 0;
    const from = Date.parse(result.windows[0]!.start);
    for await (const { rows } of readArchive({ objects }, 'demo', from, Date.now()))
      for (const row of rows as readonly ArchiveRow[]) {
        if (row.kind !== 'prediction') continue;
        archived += 1;
        used.add(featuresHash(row.features));
      }
    expect(archived).toBe(result.predictions_sent);
    for (const row of [...data.train, ...data.holdout]) used.add(featuresHash(row.features));
    const leaked = data.final.filter(
      (row) => used.has(featuresHash(row.features)) || used.has(featuresHash(apply(row).features)),
    );
    expect(leaked.map((row) => row.id)).toEqual([]);
    expect(data.traffic.some((row) => used.has(featuresHash(row.features)))).toBe(true);
  });

  test('leaves a folder that says what alarmed', () => {
    const report = JSON.parse(readFileSync(join(dataDir, 'report.json'), 'utf8')) as {
      verdict: { confirmed: boolean };
    };
    expect(report.verdict.confirmed).toBe(true);
    expect(finished.stderr).toContain('npm run demo -- --data YOUR.csv --target COLUMN');
    expect(existsSync(join(dataDir, 'store.lmdb'))).toBe(true);
  });
});

/** Orders with a column of every kind, holes in them, and a class of eight rows. */
function ordersCsv(rows: number, seed: number): string {
  const random = seededRandom(seed);
  const lines = ['order_no,amount,items,channel,is_gift,ordered_on,route'];
  for (let row = 0; row < rows; row++) {
    const amount = 5 + 195 * random();
    const items = 1 + Math.floor(12 * random());
    const channel = ['web', 'phone', 'shop'][Math.floor(3 * random())]!;
    const isGift = random() < 0.3;
    const day = new Date(Date.UTC(2026, 0, 1 + Math.floor(300 * random()))).toISOString().slice(0, 10);
    const score = amount / 20 + items + (channel === 'shop' ? 4 : 0) + (isGift ? 2 : 0) + 2 * random();
    const route = row % 88 === 7 ? 'by hand' : score > 16 ? 'express' : score > 10 ? 'parcel' : 'letter';
    lines.push(
      [
        1000 + row,
        random() < 0.03 ? '' : amount.toFixed(2),
        random() < 0.03 ? 'NA' : items,
        random() < 0.03 ? '' : channel,
        isGift,
        random() < 0.03 ? '' : day,
        route,
      ].join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}

describe('tidemark demo --drift shift on a file with every kind of column', () => {
  test('comes to an honest end, and drops what it cannot use by name', async () => {
    const file = join(dir, 'orders.csv');
    const dataDir = join(dir, 'orders');
    await writeFile(file, ordersCsv(700, 21));
    const finished = await runTidemark([
      'demo',
      '--data',
      file,
      '--target',
      'route',
      '--drift',
      'shift',
      '--data-dir',
      dataDir,
      '--json',
    ]);
    expect([0, 1], finished.stderr).toContain(finished.code);
    const result = resultOf(finished, dataDir);
    expect(Object.keys(result).sort()).toEqual(fields.toSorted());
    expect(finished.stderr).toContain('class "by hand" was dropped: 8 rows, at least 20 are needed');
    expect(result.excluded).toEqual([
      { column: 'order_no', reason: 'looks like an id: whole numbers that only rise' },
    ]);
    for (const kind of [
      'amount (numeric)',
      'items (numeric)',
      'channel (categorical)',
      'is_gift (categorical)',
    ])
      expect(finished.stderr).toContain(kind);
    expect(finished.stderr).toContain('ordered_on (datetime)');
    expect(result).toMatchObject({ small_data: false, injected: { kind: 'shift' } });
    expect(result.error.metric).toBe('error_rate');
    expect(result.predictions_logged).toBe(result.predictions_sent);
    expect(result.windows.every((window) => window.rows >= 50)).toBe(true);
    if (result.resampled > 1) expect(finished.stderr).toContain(`resampled ×${result.resampled}`);
    // exit 0 and "held", or exit 1 and each claim that did not
    const broken = finished.stderr.split('\n').filter((line) => line.includes('NOT SO:'));
    expect(broken.length > 0).toBe(finished.code === 1);
    expect(finished.stderr.includes('the demo held what it claims')).toBe(finished.code === 0);
    if (finished.code === 0) {
      expect(finished.stderr).toContain('run ended: promoted');
      expect(result.champion_after).not.toBe(result.champion_before);
      expect(result.recovery!).toBeGreaterThanOrEqual(0.5);
    }
  });
});
