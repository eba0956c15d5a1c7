import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HostChild, killHostChildren, runTidemark, startHostChild } from './processes.testing.ts';

interface ForeignModel {
  readonly name: string;
  readonly target: string;
  readonly task: 'classification' | 'regression';
  readonly classes?: readonly string[];
  readonly activation?: string;
  /** The first of its baseline, with what the tool that trained it says of them. */
  readonly rows: readonly Readonly<Record<string, number | string>>[];
  readonly values?: readonly number[];
  readonly probabilities?: readonly (readonly number[])[];
}

interface Prediction {
  readonly prediction?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
}

const tolerance = 1e-5;
/** What the script makes; a model that it no longer makes must not be missed in silence. */
const names = [
  'sklearn-forest-zipmap',
  'sklearn-forest',
  'sklearn-perceptron',
  'sklearn-boosting-named',
  'sklearn-columns',
  'sklearn-regressor',
  'sklearn-binary-integers',
  'xgboost-classifier',
  'xgboost-binary',
  'xgboost-regressor',
  'lightgbm-classifier-zipmap',
  'lightgbm-binary',
  'lightgbm-regressor',
  'torch-logits',
  'torch-fixed-batch',
  'torch-single-logit',
];

let dir: string;
let host: HostChild;
let made: readonly ForeignModel[];

beforeAll(async () => {
  const python = process.env.TIDEMARK_PYTHON;
  if (!python)
    throw new Error(
      'TIDEMARK_PYTHON must name a Python that has what localstack/foreign/make-models.py imports',
    );
  dir = await mkdtemp(join(tmpdir(), 'tidemark-foreign-'));
  const script = fileURLToPath(new URL('../localstack/foreign/make-models.py', import.meta.url));
  await promisify(execFile)(python, [script, dir]);
  const read = readFileSync(join(dir, 'expected.json'), 'utf8');
  made = (JSON.parse(read) as { models: ForeignModel[] }).models;
  host = await startHostChild(join(dir, 'data'), { POINTER_TTL_MS: '0' });
}, 180_000);
afterAll(async () => {
  await host?.end('SIGTERM');
  killHostChildren();
  await rm(dir, { recursive: true, maxRetries: 5 });
});

test('every model of the script is tried here', () => {
  expect(made.map(({ name }) => name).sort()).toEqual([...names].sort());
});

describe('a model of another tool, registered by the command, answers as that tool did', () => {
  test.each(names)('%s', async (name) => {
    const model = made.find((one) => one.name === name)!;
    const files = ['--onnx', join(dir, `${name}.onnx`), '--baseline', join(dir, `${name}.csv`)];
    const activation = model.activation === undefined ? [] : ['--activation', model.activation];
    const args = [...files, '--target', model.target, ...activation, '--url', host.url];
    const { code, stdout, stderr } = await runTidemark(['models', 'register', name, ...args]);
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toContain('is READY');
    expect(stdout).toContain('it serves now');

    const answers = await predict(name, model.rows);
    expect(answers).toHaveLength(model.rows.length);
    expect(worstDifference(model, answers)).toBeLessThanOrEqual(tolerance);
  });
});

async function predict(name: string, rows: ForeignModel['rows']): Promise<readonly Prediction[]> {
  const response = await fetch(`${host.url}/models/${name}/predict/batch`, {
    method: 'POST',
    body: JSON.stringify({ instances: rows.map((features) => ({ features })) }),
    headers: { 'content-type': 'application/json' },
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { predictions: Prediction[] }).predictions;
}

/** Of probabilities absolute; of numbers relative to their size. */
function worstDifference(
  { classes, values, probabilities }: ForeignModel,
  answers: readonly Prediction[],
): number {
  const differences = answers.flatMap((answer, row) =>
    values
      ? [Math.abs(answer.prediction! - values[row]!) / Math.max(1, Math.abs(values[row]!))]
      : classes!.map((name, at) => Math.abs(answer.probabilities![name]! - probabilities![row]![at]!)),
  );
  // NaN, of a class or a number that was not answered, makes NaN of the whole
  return Math.max(...differences);
}
