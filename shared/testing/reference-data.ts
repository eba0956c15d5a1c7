/** The public data sets that accuracy tests and benchmarks read: diamonds, digits, iris, in a folder beside the repository. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Columns } from '#shared/schema/columns.ts';
import { parseCsv, type TextTable } from '#shared/schema/csv.ts';

const FOLDER = new URL('../../../shared/data/', import.meta.url);

/**
 * The path of a reference file, or `undefined` (said on the console) where the data sets are not there; use it with
 * `it.runIf`. In CI they must be there.
 *
 * @param name - file name, such as `diamonds.csv`
 * @throws Error in CI when the file is missing
 */
export function referenceFile(name: string): string | undefined {
  const path = fileURLToPath(new URL(name, FOLDER));
  if (existsSync(path)) return path;
  const message = `reference data ${path} is missing`;
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(`${message}: what needs it does not run`);
  return undefined;
}

/** A reference file with its rows shuffled, always in the same way, and cut in two. */
export function splitReference(path: string, trainingShare: number): { train: TextTable; test: TextTable } {
  const table = parseCsv(readFileSync(path, 'utf8'));
  const order = shuffled(table.rows.length);
  const count = Math.floor(order.length * trainingShare);
  const part = (rows: readonly number[]): TextTable => ({
    header: table.header,
    rows: rows.map((row) => table.rows[row]!),
    lines: rows.map((row) => table.lines[row]!),
  });
  return { train: part(order.slice(0, count)), test: part(order.slice(count)) };
}

/** Named columns of a table; numeric ones as float64, others as strings. */
export function tableColumns(
  table: TextTable,
  numeric: readonly string[],
  categorical: readonly string[] = [],
): Columns {
  return {
    rows: table.rows.length,
    columns: [
      ...numeric.map((name) => ({
        kind: 'numeric' as const,
        name,
        values: Float64Array.from(cells(table, name), Number),
      })),
      ...categorical.map((name) => ({ kind: 'categorical' as const, name, values: cells(table, name) })),
    ],
  };
}

/** The texts of one column. */
export function cells(table: TextTable, name: string): string[] {
  const at = table.header.indexOf(name);
  if (at < 0) throw new Error(`no column "${name}": must be one of ${table.header.join(', ')}`);
  return table.rows.map((row) => row[at]!);
}

/** Fisher–Yates with a fixed 32-bit linear congruential generator (Numerical Recipes' constants). */
function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, row) => row);
  let state = 1;
  for (let at = count - 1; at > 0; at--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
