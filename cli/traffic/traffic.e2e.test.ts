import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HostChild, killHostChildren, runTidemark, startHostChild } from '../processes.testing.ts';
import { registerSmall, smallRecord, smallRows } from '../small-model.testing.ts';

let dir: string;
let dataDir: string;
let host: HostChild;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-traffic-'));
  dataDir = join(dir, 'data');
  await registerSmall(dataDir, smallRecord('small'));
  host = await startHostChild(dataDir);
});
afterAll(async () => {
  killHostChildren();
  await rm(dir, { recursive: true, force: true });
});

async function traffic(...words: string[]) {
  const { code, stdout } = await runTidemark(['traffic', '--url', host.url, '--json', ...words]);
  return { code, ...JSON.parse(stdout) };
}

test('rows made up from its schema are all answered by a real host, and nothing went to its spool', async () => {
  const result = await traffic('--rate', '60', '--duration', '1s');
  expect(result).toMatchObject({ code: 0, model: 'small', sent: 60 });
  expect(result.predictions).toMatchObject({ ok: 60, refused: {}, errors: 0, spooled: 0 });
});

test('a file goes in batches with its labels', async () => {
  const rows = smallRows(50, 3);
  const names = Object.keys(rows[0]!.features);
  const lines = rows.map(({ features, label }) => [...names.map((name) => features[name]), label].join(','));
  const file = join(dir, 'rows.csv');
  await writeFile(file, `${[...names, 'price'].join(',')}\n${lines.join('\n')}\n`);
  const result = await traffic(
    '--rate',
    '10',
    '--duration',
    '1s',
    '--batch',
    '10',
    '--data',
    file,
    '--labels',
  );
  expect(result).toMatchObject({ code: 0, sent: 10, predictions: { ok: 10 }, feedback: { ok: 10 } });
});

test('rows that the model does not take are refusals with the words of the host', async () => {
  const file = join(dir, 'broken.ndjson');
  const row = { ...smallRows(1, 3)[0]!.features, width: 'wide' };
  await writeFile(file, `${JSON.stringify(row)}\n`);
  const result = await traffic('--rate', '10', '--duration', '500ms', '--data', file);
  expect(result).toMatchObject({ code: 1, predictions: { ok: 0, refused: { 400: 5 } } });
  expect(result.first_errors[0]).toContain('a number is expected');
});
