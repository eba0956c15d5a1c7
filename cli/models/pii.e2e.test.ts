/** A model with a person's column, registered from a laptop and served by a whole host: what its data directory holds afterwards. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { wideRegression, wideRows } from '#shared/testing/foreign-model.ts';
import { type Host, startHost } from '../../localstack/embedded/host.ts';
import { main } from '../main.ts';

/** In every value of a person, and nowhere else. */
const canary = '07700900';
let dir: string;
let host: Host;
const printed: string[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-pii-'));
  const env = { GRANULE_MS: '500', POINTER_TTL_MS: '0', LOG_LEVEL: 'debug' };
  host = await startHost({ dataDir: join(dir, 'data'), port: 0, minuteMs: 3_600_000, env });
  const lines = wideRows(120).map(
    ({ features, label }, at) =>
      `${features.weight},${features.depth},${at % 4 ? `${canary}${at}` : ''},${label}`,
  );
  await writeFile(join(dir, 'rows.csv'), ['weight,depth,phone,value', ...lines, ''].join('\n'));
  await writeFile(join(dir, 'wide.onnx'), wideRegression());
});
afterAll(async () => {
  await rm(dir, { recursive: true, maxRetries: 5 });
});

async function models(...args: string[]): Promise<number> {
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
  const code = await main(['models', ...args, '--url', host.url]);
  vi.restoreAllMocks();
  return code;
}

async function post(path: string, body: unknown): Promise<number> {
  const response = await fetch(`${host.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  printed.push(await response.text());
  return response.status;
}

test('a column marked --pii never leaves the computer it is registered from, and no file of the host gets its values', async () => {
  const [onnx, baseline] = [join(dir, 'wide.onnx'), join(dir, 'rows.csv')];
  const code = await models(
    'register',
    'wide',
    '--onnx',
    onnx,
    '--baseline',
    baseline,
    '--target',
    'value',
    '--pii',
    'phone',
  );
  expect([printed.join(''), code]).toEqual([expect.stringContaining('phone: categorical pii'), 0]);

  const features = { weight: 5, depth: 60, phone: `${canary}1` };
  expect(await post('/models/wide/predict', { request_id: 'a', features })).toBe(200);
  expect(
    await post('/models/wide/predict', { request_id: 'a', features: { ...features, phone: `${canary}2` } }),
  ).toBe(409);
  expect(await post('/models/wide/predict', { features: { ...features, phone: [`${canary}3`] } })).toBe(400);
  expect(await post('/models/wide/predict', `{"features": {"phone": "${canary}4"`)).toBe(400);
  expect(await post('/models/wide/explain', { features })).toBe(200);
  const log = await fetch(`${host.url}/models/wide/logs?request_id=a`).then((response) => response.text());
  expect(log).toMatch(/"phone":"tok_[\w-]{22}"/);
  printed.push(log);
  await host.close();

  const files = await readdir(join(dir, 'data'), { recursive: true, withFileTypes: true });
  const found: string[] = [];
  let read = 0;
  for (const file of files) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    const text = file.name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    read += 1;
    if (text.includes(canary.slice(1))) found.push(file.name);
  }
  expect(read).toBeGreaterThan(8);
  expect(found).toEqual([]);
  expect(printed.join('\n')).not.toContain(canary.slice(1));
});
