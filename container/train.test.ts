import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSession } from '#shared/onnx/session.ts';
import { gemsCsv } from '../cli/sample/gems.ts';

const entry = fileURLToPath(new URL('./train.mjs', import.meta.url));
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-ml-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** The entry as SageMaker starts it, as a plain process. */
function start(): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [entry, 'train'],
      { env: { ...process.env, TIDEMARK_ML_ROOT: root } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

const model = (file: string) => join(root, 'model', file);

describe('the training container', () => {
  test('trains the table of its channel and leaves the model, its figures and its manifest', async () => {
    put('input/data/train/gems.csv', gemsCsv(1500, 3));
    put('input/config/hyperparameters.json', JSON.stringify({ target: 'price', seed: '7', name: 'gems' }));
    const { code, output } = await start();
    expect(output).toContain('1500 rows');
    expect(code).toBe(0);
    expect(readdirSync(join(root, 'model')).sort()).toEqual(['manifest.json', 'metrics.json', 'model.onnx']);
    const metrics = JSON.parse(readFileSync(model('metrics.json'), 'utf8'));
    expect(metrics).toMatchObject({ model: 'gems', rmse: expect.any(Number), r2: expect.any(Number) });
    expect(metrics.r2).toBeGreaterThan(0.8);
    const session = await openSession(readFileSync(model('model.onnx')));
    expect(session.inputs.map(({ name }) => name)).toContain('clarity');
    await session.release();
  });

  test.each([
    ['no channel', {}, 'the channel "train" is not there'],
    [
      'two tables',
      {
        'input/data/train/a.csv': 'x,y\n1,2\n',
        'input/data/train/b.csv': 'x,y\n1,2\n',
        'input/config/hyperparameters.json': '{"target":"y"}',
      },
      'holds 2 files (a.csv, b.csv): one table, or model.json and its rows, is expected',
    ],
    [
      'no target',
      { 'input/data/train/a.csv': 'x,y\n1,2\n', 'input/config/hyperparameters.json': '{}' },
      'the hyper-parameters cannot be used: target:',
    ],
    [
      'an unknown hyper-parameter',
      {
        'input/data/train/a.csv': 'x,y\n1,2\n',
        'input/config/hyperparameters.json': '{"target":"y","epochs":"3"}',
      },
      'Unrecognized key: "epochs"',
    ],
    [
      'a constant target',
      {
        'input/data/train/a.csv': `x,y\n${'1,2\n3,2\n'.repeat(40)}`,
        'input/config/hyperparameters.json': '{"target":"y"}',
      },
      'the target "y" is constant (2): nothing to learn',
    ],
  ])(
    'with %s fails with the reason where SageMaker looks for it, and leaves no model',
    async (_, files, reason) => {
      for (const [path, text] of Object.entries(files)) put(path, text as string);
      const { code, output } = await start();
      expect(code).toBe(1);
      expect(readFileSync(join(root, 'output/failure'), 'utf8')).toContain(reason);
      expect(output).toContain(reason);
      expect(existsSync(join(root, 'model'))).toBe(false);
    },
  );
});
