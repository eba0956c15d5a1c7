/** Accuracy of our gradient boosting and scikit-learn's on small classification data, on the same folds. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom, shuffledIndices } from '#shared/random.ts';
import { parseCsv } from '#shared/schema/csv.ts';
import { cells, referenceFile } from '#shared/testing/reference-data.ts';
import { fitGbdt, predictGbdt } from '#shared/training/gbdt.ts';
import { numericColumns } from './gbdt-fit.ts';
import { type Matrix, type Peer, readMatrix, writeMatrix } from './gbdt-peer.ts';
import type { WideTable } from './page.ts';

const FOLDS = 5;

interface DataSet {
  readonly name: string;
  readonly matrix: Matrix;
  /** Shuffles of the rows that are cut into folds: more for few rows, each of which weighs much. */
  readonly shuffles: number;
}

/** Iris, breast cancer and digits with 100 rounds each, 20 when quick; those that are not available are left out. */
export async function accuracyTable(
  folder: string,
  peer: Peer | undefined,
  quick: boolean,
): Promise<WideTable> {
  const sets = [
    csvSet('iris', 'species', 10),
    await breastCancer(folder, peer),
    csvSet('digits', 'digit', 1),
  ].filter((set) => set !== undefined);
  const rounds = quick ? 20 : 100;
  const rows: string[][] = [];
  for (const set of sets) {
    const shuffles = quick ? 1 : set.shuffles;
    const { ours, theirs } = await crossValidate({ ...set, shuffles }, folder, peer, rounds);
    const { target, columns } = set.matrix;
    rows.push([
      set.name,
      `${target.length} × ${columns.length}`,
      percent(ours),
      theirs === undefined ? 'not installed here' : percent(theirs),
      theirs === undefined ? '' : `${(100 * (ours - theirs)).toFixed(2)}`,
    ]);
  }
  return {
    title: 'accuracy on small data',
    note: `${FOLDS}-fold cross-validation, ${rounds} rounds; iris shuffled ${quick ? 1 : 10} times and breast cancer ${quick ? 1 : 4} times.`,
    header: ['data', 'rows × columns', 'tidemark', 'scikit-learn', 'difference in points'],
    rows,
  };
}

function csvSet(name: string, target: string, shuffles: number): DataSet | undefined {
  const path = referenceFile(`${name}.csv`);
  if (path === undefined) return undefined;
  const table = parseCsv(readFileSync(path, 'utf8'));
  const labels = cells(table, target);
  const classes = [...new Set(labels)].sort();
  const features = table.header.filter((column) => column !== target);
  return {
    name,
    shuffles,
    matrix: {
      columns: features.map((column) => Float32Array.from(cells(table, column), Number)),
      target: Float32Array.from(labels, (label) => classes.indexOf(label)),
    },
  };
}

async function breastCancer(folder: string, peer: Peer | undefined): Promise<DataSet | undefined> {
  if (peer === undefined) return undefined;
  const path = join(folder, 'breast-cancer');
  const columns = await peer.writeBreastCancer(path);
  return { name: 'breast cancer', shuffles: 4, matrix: readMatrix(path, columns) };
}

async function crossValidate(
  { matrix, shuffles }: DataSet,
  folder: string,
  peer: Peer | undefined,
  rounds: number,
): Promise<{ ours: number; theirs: number | undefined }> {
  const total = matrix.target.length;
  const [trainPath, testPath] = [join(folder, 'fold-train'), join(folder, 'fold-test')] as const;
  let [ours, theirs] = [0, 0];
  for (let shuffle = 1; shuffle <= shuffles; shuffle++) {
    const order = shuffledIndices(total, seededRandom(shuffle));
    for (let fold = 0; fold < FOLDS; fold++) {
      const train = takeRows(
        matrix,
        order.filter((_, at) => at % FOLDS !== fold),
      );
      const test = takeRows(
        matrix,
        order.filter((_, at) => at % FOLDS === fold),
      );
      const share = test.target.length / (total * shuffles);
      ours += share * accuracy(train, test, rounds);
      if (peer === undefined) continue;
      writeMatrix(trainPath, train);
      writeMatrix(testPath, test);
      const files = { train: trainPath, test: testPath, columns: matrix.columns.length };
      const { score } = await peer.fit({ ...files, task: 'classification', rounds, categorical: null });
      theirs += share * score;
    }
  }
  return { ours, theirs: peer && theirs };
}

function takeRows({ columns, target }: Matrix, rows: Int32Array): Matrix {
  const take = (values: Float32Array) => Float32Array.from(rows, (row) => values[row]!);
  return { columns: columns.map(take), target: take(target) };
}

function accuracy(train: Matrix, test: Matrix, rounds: number): number {
  const count = 1 + train.target.reduce((one, other) => Math.max(one, other));
  const classes = Array.from({ length: count }, (_, label) => `${label}`);
  const target = { task: 'classification', labels: Int32Array.from(train.target), classes } as const;
  const probabilities = predictGbdt(fitGbdt(numericColumns(train), target, { rounds }), numericColumns(test));
  let right = 0;
  test.target.forEach((label, row) => {
    const found = probabilities.subarray(row * count, (row + 1) * count);
    if (found.every((probability) => probability <= found[label]!)) right++;
  });
  return right / test.target.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
