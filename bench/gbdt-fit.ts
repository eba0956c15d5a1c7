/** One regression fit in a process of its own, for its memory: `gbdt-fit.ts TRAIN TEST COLUMNS ROUNDS THREADS`. */

import { setTimeout } from 'node:timers/promises';
import { fitGbdt, predictGbdt } from '#shared/training/gbdt.ts';
import { openTreeThreads } from '#shared/training/tree-threads.ts';
import { type Fitted, type Matrix, readMatrix } from './gbdt-peer.ts';

/** Numeric columns under the names that models know them by. */
export function numericColumns({ columns, target }: Matrix) {
  const named = columns.map((values, at) => ({ kind: 'numeric' as const, name: `x${at}`, values }));
  return { rows: target.length, columns: named };
}

/** Root mean squared error. */
export function rmse(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  let squares = 0;
  for (let row = 0; row < actual.length; row++) squares += (predicted[row]! - actual[row]!) ** 2;
  return Math.sqrt(squares / actual.length);
}

/** Runs something and tells its wall time and the processor time of all threads. */
export function timed<T>(work: () => T): { result: T; seconds: number; cpuSeconds: number } {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/** Prints what it measured as JSON. */
export async function main([train, test, ...numbers]: readonly string[]): Promise<void> {
  const [columns, rounds, count] = numbers.map(Number) as [number, number, number];
  const threads = openTreeThreads(count);
  // A service that trains has its threads running, as the peer has its own.
  await setTimeout(300);
  const { target, ...rest } = readMatrix(train!, columns);
  const data = numericColumns({ ...rest, target });
  const values = Float64Array.from(target);
  const options = { rounds, threads };
  const { result: model, ...times } = timed(() => fitGbdt(data, { task: 'regression', values }, options));
  if (threads.failure !== undefined) throw threads.failure;
  await threads.close();
  const held = readMatrix(test!, columns);
  const fitted: Fitted = {
    ...times,
    score: rmse(predictGbdt(model, numericColumns(held)), held.target),
  };
  process.stdout.write(JSON.stringify(fitted));
}
