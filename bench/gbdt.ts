/** Benchmark: time and accuracy of our gradient boosting beside scikit-learn's, on one core and the same rows. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TextTable } from '#shared/schema/csv.ts';
import { cells, referenceFile, splitReference, tableColumns } from '#shared/testing/reference-data.ts';
import { fitGbdt, predictGbdt } from '#shared/training/gbdt.ts';

const NUMERIC = ['carat', 'depth', 'table'];
const CATEGORICAL = ['cut', 'color', 'clarity'];
const TARGET = 'price';
/** One fit to warm up, then the best of these: the machine's other work only ever adds time. */
const FITS = 4;

interface Measured {
  readonly seconds: number;
  readonly rmse: number;
}

interface Sklearn {
  readonly version: string;
  readonly ordinal: Measured;
  readonly categorical: Measured;
}

/** Trains 100 trees of 31 leaves on diamonds (43k × 6) here and, if Python has it, in scikit-learn. */
export async function run(): Promise<{ name: string; rows: [string, string][] }> {
  const name = 'train gbdt, diamonds 43k × 6, 100 trees';
  const path = referenceFile('diamonds.csv');
  if (path === undefined) return { name, rows: [['tidemark', 'diamonds.csv not available']] };
  const { train, test } = splitReference(path, 0.8);
  const ours = measure(train, test);
  const sklearn = await measureSklearn(train, test);
  if (sklearn === undefined)
    return {
      name,
      rows: [
        ['tidemark', describe(ours)],
        ['sklearn', 'sklearn not available'],
      ],
    };
  const { ordinal, categorical, version } = sklearn;
  return {
    name,
    rows: [
      ['tidemark', describe(ours)],
      [`sklearn ${version}, ordinal codes`, describe(ordinal)],
      [`sklearn ${version}, native categories`, describe(categorical)],
      ['time ÷ sklearn (ordinal, native)', ratios(ours.seconds, ordinal.seconds, categorical.seconds)],
      ['RMSE ÷ sklearn (ordinal, native)', ratios(ours.rmse, ordinal.rmse, categorical.rmse)],
    ],
  };
}

function measure(train: TextTable, test: TextTable): Measured {
  const data = tableColumns(train, NUMERIC, CATEGORICAL);
  const target = { task: 'regression', values: Float64Array.from(cells(train, TARGET), Number) } as const;
  let model = fitGbdt(data, target);
  let seconds = Number.POSITIVE_INFINITY;
  for (let fit = 0; fit < FITS; fit++) {
    const start = performance.now();
    model = fitGbdt(data, target);
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  const predicted = predictGbdt(model, tableColumns(test, NUMERIC, CATEGORICAL));
  const actual = cells(test, TARGET).map(Number);
  const squares = actual.reduce((sum, value, row) => sum + (predicted[row]! - value) ** 2, 0);
  return { seconds, rmse: Math.sqrt(squares / actual.length) };
}

async function measureSklearn(train: TextTable, test: TextTable): Promise<Sklearn | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-gbdt-'));
  try {
    const paths = [join(folder, 'train.csv'), join(folder, 'test.csv')] as const;
    await writeFile(paths[0], toCsv(train));
    await writeFile(paths[1], toCsv(test));
    const script = fileURLToPath(new URL('sklearn_gbdt.py', import.meta.url));
    const { stdout } = await promisify(execFile)('python3', [script, ...paths], {
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    });
    return JSON.parse(stdout) as Sklearn;
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function isUnavailable(error: unknown): boolean {
  const { code, stderr } = error as { code?: unknown; stderr?: unknown };
  return code === 'ENOENT' || /ModuleNotFoundError|ImportError/.test(String(stderr));
}

function toCsv(table: TextTable): string {
  return [table.header, ...table.rows].map((row) => `${row.join(',')}\n`).join('');
}

function describe({ seconds, rmse }: Measured): string {
  return `${seconds.toFixed(2)} s, RMSE ${rmse.toFixed(1)}`;
}

function ratios(ours: number, ...theirs: readonly number[]): string {
  return theirs.map((value) => (ours / value).toFixed(3)).join(', ');
}
