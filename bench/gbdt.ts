/** Benchmark: time, accuracy and memory of our gradient boosting beside scikit-learn's, whose fits take turns with ours. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom, shuffledIndices } from '#shared/random.ts';
import { takeRows } from '#shared/schema/columns.ts';
import { parseCsv, type TextTable } from '#shared/schema/csv.ts';
import { cells, referenceFile, tableColumns } from '#shared/testing/reference-data.ts';
import { fitGbdt, predictGbdt } from '#shared/training/gbdt.ts';
import { accuracyTable } from './gbdt-accuracy.ts';
import { rmse, timed } from './gbdt-fit.ts';
import { type Fitted, type Matrix, openPeer, type Peer, writeMatrix } from './gbdt-peer.ts';
import { measureProcess } from './measure-process.ts';
import type { BenchResult, WideTable } from './page.ts';

const NUMERIC = ['carat', 'depth', 'table'];
const CATEGORICAL = ['cut', 'color', 'clarity'];
const TARGET = 'price';
const FOLDS = 5;
const MILLION = { rows: 1_000_000, testRows: 50_000, columns: 20, rounds: 100, threads: 2, fits: 2 };

/** Trains on diamonds, on a million rows and on small data here and, if `python3` has it, in scikit-learn. */
export async function run(quick: boolean): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-gbdt-'));
  const peer = await openPeer(1);
  const other = await openPeer(MILLION.threads);
  try {
    return {
      name: 'train gbdt beside scikit-learn',
      rows: [['scikit-learn', peer ? `${peer.version}, HistGradientBoosting` : 'not installed here']],
      tables: [
        ...(await diamondsTable(folder, peer, quick)),
        await millionTable(folder, other, quick),
        await accuracyTable(folder, peer, quick),
      ],
    };
  } finally {
    peer?.close();
    other?.close();
    rmSync(folder, { recursive: true });
  }
}

async function diamondsTable(folder: string, peer: Peer | undefined, quick: boolean): Promise<WideTable[]> {
  const path = referenceFile('diamonds.csv');
  if (path === undefined) return [];
  const table = parseCsv(readFileSync(path, 'utf8'));
  const rows: string[][] = [];
  for (const rounds of [100, 300]) {
    const turns = Array.from({ length: quick ? 1 : FOLDS }, (_, fold) =>
      diamondsFits(table, fold, rounds, folder, peer),
    );
    const found = await bestOf(turns);
    const [ours, ...theirs] = found;
    rows.push([
      `${rounds}`,
      ...found.map((fitted) => describe(fitted, 1)),
      theirs.map((fitted) => ratio(ours?.seconds, fitted?.seconds)).join(', '),
      theirs.map((fitted) => ratio(ours?.cpuSeconds, fitted?.cpuSeconds)).join(', '),
      theirs.map((fitted) => ratio(ours?.score, fitted?.score)).join(', '),
    ]);
  }
  const count = table.rows.length - Math.ceil(table.rows.length / FOLDS);
  return [
    {
      title: `diamonds, ${count.toLocaleString('en')} × 6, one thread each`,
      note: `${quick ? 'The first' : 'All'} of ${FOLDS} folds: least times and mean RMSE of the rows held out; ratios to ordinal codes and to native categories.`,
      header: [
        'trees',
        'tidemark',
        'ordinal codes',
        'native categories',
        'time ÷ theirs',
        'CPU time ÷ theirs',
        'RMSE ÷ theirs',
      ],
      rows,
    },
  ];
}

/** Ours, theirs on ordinal codes and theirs on categories, all of the same fold. */
function diamondsFits(
  table: TextTable,
  fold: number,
  rounds: number,
  folder: string,
  peer: Peer | undefined,
): Fit[] {
  const order = shuffledIndices(table.rows.length, seededRandom(5));
  const all = tableColumns(table, NUMERIC, CATEGORICAL);
  const coded = codedDiamonds(table);
  const part = (rows: Int32Array, name: string) => {
    const path = join(folder, `diamonds-${name}`);
    const take = (values: Float32Array) => Float32Array.from(rows, (row) => values[row]!);
    const matrix = { columns: coded.columns.map(take), target: take(coded.target) };
    return { path, matrix, data: takeRows(all, rows) };
  };
  const train = part(
    order.filter((_, at) => at % FOLDS !== fold),
    'train',
  );
  const test = part(
    order.filter((_, at) => at % FOLDS === fold),
    'test',
  );
  const target = { task: 'regression', values: Float64Array.from(train.matrix.target) } as const;
  const theirs = (categorical: readonly number[] | null) => {
    writeMatrix(train.path, train.matrix);
    writeMatrix(test.path, test.matrix);
    const files = { train: train.path, test: test.path, columns: all.columns.length };
    return peer?.fit({ ...files, task: 'regression', rounds, categorical });
  };
  return [
    () => {
      const { result: model, ...times } = timed(() => fitGbdt(train.data, target, { rounds }));
      return { ...times, score: rmse(predictGbdt(model, test.data), test.matrix.target) };
    },
    () => theirs(null),
    () => theirs([3, 4, 5]),
  ];
}

function codedDiamonds(table: TextTable): Matrix {
  const codes = CATEGORICAL.map((name) => {
    const texts = cells(table, name);
    const known = [...new Set(texts)].sort();
    return Float32Array.from(texts, (text) => known.indexOf(text));
  });
  const numbers = NUMERIC.map((name) => Float32Array.from(cells(table, name), Number));
  return { columns: [...numbers, ...codes], target: Float32Array.from(cells(table, TARGET), Number) };
}

async function millionTable(folder: string, peer: Peer | undefined, quick: boolean): Promise<WideTable> {
  const size = quick ? { ...MILLION, rows: 100_000, rounds: 20, fits: 1 } : MILLION;
  const { rows, testRows, columns, rounds, threads, fits } = size;
  const [train, test] = [join(folder, 'many-train'), join(folder, 'many-test')] as const;
  writeMatrix(train, friedman(rows, columns, 1));
  writeMatrix(test, friedman(testRows, columns, 2));
  const script = fileURLToPath(new URL('gbdt-fit.mjs', import.meta.url));
  let peak = 0;
  const turn: Fit[] = [
    async () => {
      const args = [script, train, test, `${columns}`, `${rounds}`, `${threads}`];
      const { stdout, stderr, exitCode, peakBytes = 0 } = await measureProcess(process.execPath, args);
      if (exitCode !== 0) throw new Error(`the fit ended with code ${exitCode}: ${stderr.trim()}`);
      peak = Math.max(peak, peakBytes);
      return JSON.parse(stdout) as Fitted;
    },
    () => peer?.fit({ train, test, columns, task: 'regression', rounds, categorical: null }),
  ];
  const [ours, theirs] = await bestOf(Array.from({ length: fits }, () => turn));
  return {
    title: `${rows.toLocaleString('en')} × ${columns}, ${rounds} trees, ${threads} threads each`,
    note: `Friedman's first function of five of the columns with noise of 1. Least times of ${fits} fits; ours in a process of its own, whose most memory counts the rows it was given.`,
    header: [
      'tidemark',
      'scikit-learn',
      'time ÷ theirs',
      'CPU time ÷ theirs',
      'RMSE ÷ theirs',
      'our peak memory',
    ],
    rows: [
      [
        describe(ours, 4),
        describe(theirs, 4),
        ratio(ours?.seconds, theirs?.seconds),
        ratio(ours?.cpuSeconds, theirs?.cpuSeconds),
        ratio(ours?.score, theirs?.score),
        peak > 0 ? `${(peak / 1e6).toFixed(0)} MB` : 'not told here',
      ],
    ],
  };
}

/** Friedman (1991), doi:10.1214/aos/1176347963: uniform columns, of which five matter. */
function friedman(rows: number, columns: number, seed: number): Matrix {
  const random = seededRandom(seed);
  const values = Array.from({ length: columns }, () => new Float32Array(rows));
  const target = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    for (const column of values) column[row] = random();
    const [a, b, c, d, e] = values.map((column) => column[row]!) as [number, number, number, number, number];
    // Twelve uniform draws, less six, are normal enough.
    let noise = -6;
    for (let draw = 0; draw < 12; draw++) noise += random();
    target[row] = 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + noise;
  }
  return { columns: values, target };
}

type Fit = () => Fitted | undefined | Promise<Fitted | undefined>;

/**
 * Measures turn after turn, so that all are slowed alike by the machine's other work, and gives the least times of each
 * fit and its mean score.
 */
async function bestOf(turns: readonly (readonly Fit[])[]): Promise<(Fitted | undefined)[]> {
  const found: Fitted[][] = turns[0]!.map(() => []);
  for (const turn of turns)
    for (const [at, measure] of turn.entries()) {
      const fitted = await measure();
      if (fitted !== undefined) found[at]!.push(fitted);
    }
  return found.map((fits) => {
    if (fits.length === 0) return undefined;
    return {
      seconds: Math.min(...fits.map(({ seconds }) => seconds)),
      cpuSeconds: Math.min(...fits.map(({ cpuSeconds }) => cpuSeconds)),
      score: fits.reduce((sum, { score }) => sum + score, 0) / fits.length,
    };
  });
}

function describe(fitted: Fitted | undefined, digits: number): string {
  if (fitted === undefined) return 'not installed here';
  const { seconds, cpuSeconds, score } = fitted;
  return `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s of CPU), RMSE ${score.toFixed(digits)}`;
}

function ratio(ours: number | undefined, theirs: number | undefined): string {
  return ours === undefined || theirs === undefined ? '' : (ours / theirs).toFixed(3);
}
