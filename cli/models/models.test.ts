import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { rawLogits, regressionOf, wideRegression, wideRows } from '#shared/testing/foreign-model.ts';
import { type Host, startHost } from '../../localstack/embedded/host.ts';
import { main } from '../main.ts';
import { printedBy } from './printed.testing.ts';

let dir: string;
let host: Host;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-models-'));
  host = await startHost({
    dataDir: join(dir, 'data'),
    port: 0,
    minuteMs: 3_600_000,
    env: { GRANULE_MS: '500', POINTER_TTL_MS: '0', LOG_LEVEL: 'error' },
  });
  const rows = wideRows(120);
  const csv = (column: string, labels: readonly (string | number)[]) =>
    `weight,depth,${column}\n${rows.map(({ features }, at) => `${features.weight},${features.depth},${labels[at]}`).join('\n')}\n`;
  await writeFile(
    join(dir, 'value.csv'),
    csv(
      'value',
      rows.map(({ label }) => label),
    ),
  );
  await writeFile(
    join(dir, 'grade.csv'),
    csv(
      'grade',
      rows.map(({ features }) => (features.weight > 5 ? 'heavy' : 'light')),
    ),
  );
  await writeFile(join(dir, 'rows.ndjson'), rows.map(({ features }) => JSON.stringify(features)).join('\n'));
  await writeFile(join(dir, 'few.csv'), 'weight,depth,value\n1,2,3\n');
  await writeFile(join(dir, 'wide.onnx'), wideRegression());
  await writeFile(join(dir, 'logits.onnx'), rawLogits());
  await writeFile(join(dir, 'cut.onnx'), wideRegression().subarray(0, 100));
});
afterAll(async () => {
  await host.close();
  await rm(dir, { recursive: true, maxRetries: 5 });
});

const models = (...args: string[]) =>
  printedBy([...args, ...(args.includes('--url') ? [] : ['--url', host.url])]);

const register = (name: string, onnx: string, baseline: string, ...more: string[]) =>
  models('register', name, '--onnx', join(dir, onnx), '--baseline', join(dir, baseline), ...more);

async function predict(name: string, features: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${host.url}/models/${name}/predict`, {
    method: 'POST',
    body: JSON.stringify({ features }),
    headers: { 'content-type': 'application/json' },
  });
  return (await response.json()) as Record<string, unknown>;
}

describe('models register', () => {
  test('brings a graph with one wide input to serving: what was understood is said, answers are the graph’s', async () => {
    const { code, stdout, stderr } = await register('prices', 'wide.onnx', 'value.csv', '--target', 'value');
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toContain('task      regression');
    expect(stdout).toContain('"float_input" takes 2 columns, in this order');
    expect(stdout).toMatch(/weight: numeric [\d.-]+ to [\d.]+/);
    expect(stdout).toContain('output    "variable"');
    expect(stdout).toContain('120 rows, 120 with "value"');
    expect(stdout).toMatch(/is READY \(rmse 0\.\d+, mae 0\.\d+, rows 120\); it serves now/);
    const answer = await predict('prices', { weight: 2, depth: 60 });
    expect(answer.prediction).toBeCloseTo(regressionOf(2, 60), 5);

    // a second version is tried against the model's own schema, and waits
    const again = await register('prices', 'wide.onnx', 'rows.ndjson', '--version', 'v2', '--json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({
      version: 'v2',
      status: 'READY',
      champion: false,
      metrics: {},
    });
    expect((await models('promote', 'prices', 'v2')).stdout).toBe('v2 is now the champion of prices\n');
    expect((await models('rollback', 'prices')).stdout).toMatch(/is now the champion of prices/);
    const { stdout: versions } = await models('versions', 'prices');
    expect(versions).toMatch(/champion +rmse/);
    expect(versions).toMatch(/^v2 +READY/m);
    expect((await models('show', 'prices')).stdout).toContain('prices: regression, champion 2');
    expect((await models('list')).stdout).toMatch(/^prices +regression +2/m);

    const other = await register('prices', 'logits.onnx', 'value.csv');
    expect(other.code).toBe(2);
    const missing = await register('prices', 'wide.onnx', 'grade.csv', '--target', 'value');
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('no column is named "value"') });
  });

  test('names the classes of raw logits by the target, sorted, and softens them as declared', async () => {
    const { code, stderr, stdout } = await register(
      ...(['weights', 'logits.onnx', 'grade.csv', '--target', 'grade', '--activation', 'softmax'] as const),
    );
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toContain('classification, classes heavy, light');
    expect(stdout).toContain('softmax applied');
    const { probabilities, predicted_class } = await predict('weights', { weight: 6, depth: 60 });
    expect(predicted_class).toBe('heavy');
    // softmax of [2 × 6 - 10, 0]
    expect((probabilities as { heavy: number }).heavy).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
  });

  test('that the trial refuses says why and exits 1; the name can then be tried again', async () => {
    const classes = ['--classes', 'light,heavy', '--activation', 'none'];
    const bad = await register('retried', 'logits.onnx', 'grade.csv', '--target', 'grade', ...classes);
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/is REJECTED: .*must be/);
    expect(await fetch(`${host.url}/models/retried/versions`).then((one) => one.json())).toMatchObject({
      versions: [{ status: 'REJECTED' }],
    });
    const good = await register(
      'retried',
      'logits.onnx',
      'grade.csv',
      '--exclude',
      'grade',
      '--classes',
      'heavy,light',
      '--activation',
      'softmax',
    );
    expect([good.stderr, good.code]).toEqual(['', 0]);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['no baseline', ['--onnx', 'wide.onnx'], /register needs --baseline FILE/],
    ['a file that is not there', ['--onnx', 'no.onnx', '--baseline', 'value.csv'], /no\.onnx cannot be read/],
    ['a truncated graph', ['--onnx', 'cut.onnx', '--baseline', 'value.csv'], /truncated/],
    ['a CSV for a graph', ['--onnx', 'value.csv', '--baseline', 'value.csv'], /not an onnx file/],
    [
      'a target that the file lacks',
      ['--onnx', 'wide.onnx', '--baseline', 'value.csv', '--target', 'cost'],
      /no column is named "cost"; the file has: weight, depth, value/,
    ],
    [
      'a column too many for the input',
      ['--onnx', 'wide.onnx', '--baseline', 'value.csv'],
      /takes 2 values per row: the schema has 3 columns/,
    ],
    [
      'too few rows',
      ['--onnx', 'wide.onnx', '--baseline', 'few.csv', '--target', 'value'],
      /has 1 rows; at least 50/,
    ],
    [
      'classes that nothing names',
      ['--onnx', 'logits.onnx', '--baseline', 'value.csv', '--exclude', 'value'],
      /--classes A,B,C/,
    ],
    [
      'an activation that is none',
      ['--onnx', 'wide.onnx', '--baseline', 'value.csv', '--activation', 'relu'],
      /--activation relu is not allowed: none, softmax, sigmoid/,
    ],
    [
      'a text target of a regression',
      ['--onnx', 'wide.onnx', '--baseline', 'grade.csv', '--target', 'grade'],
      /row 1: the target "grade" is "\w+"; a number is expected/,
    ],
  ])('with %s exits 2 with the reason and registers nothing', async (_, words, reason) => {
    const before = await host.deps.state.query('models', {});
    const args = words.map((word) => (/\.(onnx|csv)$/.test(word) ? join(dir, word) : word));
    const { code, stderr } = await models('register', 'never', ...args);
    expect(stderr).toMatch(reason);
    expect(code).toBe(2);
    expect(await host.deps.state.query('models', {})).toEqual(before);
  });
});

describe('models', () => {
  test('where no host listens says so and how to start one, and exits 1', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { code, stderr } = await models('list', '--url', `http://127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /no host answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\); start one with "tidemark start/,
    );
  });

  test('takes the host from TIDEMARK_URL', async () => {
    vi.stubEnv('TIDEMARK_URL', 'http://127.0.0.1:1');
    const printed: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    expect(await main(['models', 'list'])).toBe(1);
    expect(printed.join('')).toContain('no host answers at http://127.0.0.1:1');
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  test('about a model that is not there lists those that are, and exits 1', async () => {
    const { code, stderr } = await models('show', 'nobody');
    expect([code, stderr]).toEqual([1, expect.stringContaining('no model is named "nobody"')]);
  });

  test.each([
    [[], /a command is expected; allowed: list, show/],
    [['lsit'], /there is no command "lsit"/],
    [['constructor'], /there is no command "constructor"/],
    [['show'], /show takes 1 names, 0 were given/],
    [['list', '--onnx', 'x'], /--onnx is not an option of list/],
  ])('%j is a fault of the words: exit 2', async (words, reason) => {
    const { code, stderr } = await models(...words);
    expect([code, stderr]).toEqual([2, expect.stringMatching(reason)]);
  });
});
