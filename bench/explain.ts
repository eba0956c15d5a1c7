/** Benchmark: how long one explanation takes, by TreeSHAP from the trees and by permutations through ONNX Runtime. */

import type { Game, Score } from '#shared/explain/coalitions.ts';
import { exactShapley } from '#shared/explain/exact-shapley.ts';
import { permutationShapley } from '#shared/explain/permutation-shapley.ts';
import { treeShapley } from '#shared/explain/tree-shapley.ts';
import { exportGbdt } from '#shared/onnx/export-gbdt.ts';
import { openSession } from '#shared/onnx/session.ts';
import { seededRandom } from '#shared/random.ts';
import { takeRows } from '#shared/schema/columns.ts';
import { cells, referenceFile, splitReference, tableColumns } from '#shared/testing/reference-data.ts';
import { fitGbdt } from '#shared/training/gbdt.ts';
import type { BenchTable } from './table.ts';

const NUMERIC = ['carat', 'depth', 'table'];
const CATEGORICAL = ['cut', 'color', 'clarity'];
const BACKGROUND = 50;
const ROWS = 40;

/** 100 trees of 31 leaves on diamonds (43k × 6), a background of 50 rows; over 40 rows. */
export async function run(): Promise<BenchTable> {
  const name = 'explain one row, diamonds 6 features, 100 trees, background 50';
  const path = referenceFile('diamonds.csv');
  if (path === undefined) return { name, rows: [['tidemark', 'diamonds.csv not available']] };
  const { train, test } = splitReference(path, 0.8);
  const data = tableColumns(train, NUMERIC, CATEGORICAL);
  const model = fitGbdt(data, {
    task: 'regression',
    values: Float64Array.from(cells(train, 'price'), Number),
  });
  const background = takeRows(
    data,
    Array.from({ length: BACKGROUND }, (_, row) => row),
  );
  const others = tableColumns(test, NUMERIC, CATEGORICAL);
  const bytes = exportGbdt(model, {});

  const loads = await timed(20, async () => (await openSession(bytes)).release());
  const session = await openSession(bytes);
  const score: Score = async (rows) => {
    const output = await session.run(rows);
    if (output.task !== 'regression') throw new Error('a regression was trained');
    return output.values;
  };
  const random = seededRandom(1);
  const game = (row: number): Game => ({ score, row: takeRows(others, [row]), background });
  const permuted = await timed(ROWS, async (row) => {
    await permutationShapley(game(row), { random });
  });
  const enumerated = await timed(ROWS, async (row) => {
    await exactShapley(game(row));
  });
  const cold = await timed(ROWS, async (row) => {
    const explainer = treeShapley(model, background);
    if (explainer.computable) explainer.explain(takeRows(others, [row]));
  });
  const explainer = treeShapley(model, background);
  if (!explainer.computable) throw new Error(explainer.reason);
  const warm = await timed(ROWS, async (row) => {
    explainer.explain(takeRows(others, [row]));
  });
  await session.release();
  return {
    name,
    rows: [
      ['TreeSHAP, background prepared for the one row', describe(cold)],
      ['TreeSHAP, background prepared before', describe(warm)],
      ['10 antithetic permutations through onnxruntime, equal coalitions once', describe(permuted)],
      ['all 64 coalitions through onnxruntime', describe(enumerated)],
      [`model load (${Math.round(bytes.length / 1024)} kB)`, describe(loads)],
    ],
  };
}

/** Milliseconds of each repetition, ascending, after a tenth of them to warm up. */
async function timed(count: number, work: (at: number) => Promise<void>): Promise<number[]> {
  for (let at = 0; at < count / 10; at++) await work(at);
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const start = performance.now();
    await work(at);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

function describe(times: readonly number[]): string {
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
  return `best ${at(0).toFixed(2)} ms, median ${at(0.5).toFixed(2)} ms`;
}
