import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PresignedPut } from '#shared/ports/objects.ts';
import { uploadedFiles, wideRegression, wideRows, wideSchema } from '#shared/testing/foreign-model.ts';
import { type HostChild, killHostChildren, runTidemark, startHostChild } from './processes.testing.ts';

let dir: string;
let host: HostChild;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-byo-'));
  host = await startHostChild(join(dir, 'data'));
});
afterEach(async () => {
  await host.end('SIGKILL');
  await rm(dir, { recursive: true, maxRetries: 5 });
});
afterAll(killHostChildren);

async function post<Answer>(path: string, body: object): Promise<Answer> {
  const response = await fetch(`${host.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as Answer;
}

async function statusOf(version: string): Promise<unknown> {
  return (await fetch(`${host.url}/models/wide/versions/${version}`)).json();
}

/** Both files are where the host wanted them. */
async function uploaded(): Promise<string> {
  const { onnx, baseline, files } = await uploadedFiles(wideRegression(), wideRows(200));
  await post('/models', { name: 'wide', schema: wideSchema });
  const announced = await post<{ version: string; put: { onnx: PresignedPut; baseline: PresignedPut } }>(
    '/models/wide/versions',
    { files },
  );
  for (const [put, bytes] of [
    [announced.put.onnx, onnx],
    [announced.put.baseline, baseline],
  ] as const)
    expect((await fetch(put.url, { method: 'PUT', body: Buffer.from(bytes) })).status).toBe(200);
  return announced.version;
}

async function killAndStart(): Promise<void> {
  await host.end('SIGKILL');
  host = await startHostChild(join(dir, 'data'));
}

describe('a host that is killed while a model is brought to it', () => {
  test('after the upload has the files still: the registration is completed by the next one', async () => {
    const version = await uploaded();
    await killAndStart();
    expect(await statusOf(version)).toMatchObject({ status: 'PENDING' });
    const { code, stdout } = await runTidemark(['models', 'complete', 'wide', version, '--url', host.url]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('it serves now')]);
  });

  test('within the trial takes it up again by itself', async () => {
    const version = await uploaded();
    await post(`/models/wide/versions/${version}/complete`, {});
    await killAndStart();
    await expect
      .poll(() => statusOf(version), { timeout: 30_000 })
      .toMatchObject({ status: 'READY', champion: true });
  });
});

test('registered with a process, served, replaced and brought back: each step is in the ledger', async () => {
  const rows = wideRows(100).map(({ features, label }) => `${features.weight},${features.depth},${label}`);
  await writeFile(join(dir, 'wide.csv'), `weight,depth,value\n${rows.join('\n')}\n`);
  await writeFile(join(dir, 'wide.onnx'), wideRegression());
  const files = ['--onnx', join(dir, 'wide.onnx'), '--baseline', join(dir, 'wide.csv'), '--target', 'value'];
  const register = (...more: string[]) =>
    runTidemark(['models', 'register', 'wide', ...files, '--url', host.url, '--actor', 'ada', ...more]);
  expect(await register('--version', 'one')).toMatchObject({ code: 0, stderr: '' });
  expect(await register('--version', 'two')).toMatchObject({ code: 0, stderr: '' });
  const move = (...words: string[]) => runTidemark(['models', ...words, '--url', host.url, '--actor', 'ada']);
  expect(await move('promote', 'wide', 'two')).toMatchObject({ code: 0 });
  expect(await move('rollback', 'wide')).toMatchObject({
    code: 0,
    stdout: 'one is now the champion of wide\n',
  });
  const { history } = (await (await fetch(`${host.url}/models/wide/history`)).json()) as {
    history: { action: string; actor: string }[];
  };
  expect(history.map(({ action }) => action)).toEqual(expect.arrayContaining(['create', 'upload', 'trial']));
  const moves = history.filter(({ action }) => ['register', 'promote', 'rollback'].includes(action));
  expect(moves.map(({ action, actor }) => [action, actor])).toEqual([
    ['rollback', 'ada'],
    ['promote', 'ada'],
    ['register', 'ada'],
  ]);
});
