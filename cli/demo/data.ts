/** The demo's rows, split once by row hash before anything else is decided: train, holdout, traffic, final check. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InvalidDataError } from '#shared/errors.ts';
import { seededRandom, seedFrom, shuffledIndices } from '#shared/random.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { parseCsv, type TextTable } from '#shared/schema/csv.ts';
import { parseDate } from '#shared/schema/dates.ts';
import { inferRows, type LabelledRows } from '#shared/schema/infer.ts';
import { gemsCsv } from '../sample/gems.ts';
import { labelledRows } from '../sample/model.ts';
import { UsageError } from '../usage.ts';
import type { DemoOptions } from './options.ts';

export interface DemoData {
  readonly inferred: LabelledRows;
  readonly train: readonly LabelledRow[];
  readonly holdout: readonly LabelledRow[];
  /** In the order in which it is sent. */
  readonly traffic: readonly LabelledRow[];
  /** Scored at the end; never sent, logged or trained on. */
  readonly final: readonly LabelledRow[];
  readonly isSmall: boolean;
  readonly order: string;
}

const minRows = 120;
const smallRows = 500;
const minClassRows = 20;
const gemRows = 8000;

/** Throws {@link InvalidDataError} with the line and the reason when the file cannot carry a demo. */
export function loadData(options: DemoOptions): DemoData {
  const text = options.file === undefined ? gemsCsv(gemRows, options.seed) : readFile(options.file);
  const table = parseCsv(text);
  const inferred = inferRows(table, {
    target: options.target,
    exclude: options.time === undefined ? options.exclude : [...options.exclude, options.time],
    minClassRows,
  });
  if (inferred.rows.length < minRows)
    throw new InvalidDataError(`${inferred.rows.length} usable rows; at least ${minRows} are needed`);
  const distinct = new Set(inferred.rows.map((row, at) => JSON.stringify([row, inferred.labels[at]]))).size;
  if (distinct < minRows)
    throw new InvalidDataError(
      `${distinct} distinct rows among ${inferred.rows.length}; at least ${minRows} are needed, as equal rows fall into the same part`,
    );
  const parts = split(labelledRows(inferred), options.seed);
  checkClasses(inferred, parts.train, 'training');
  const { traffic, order } = orderTraffic(parts.traffic, table, inferred, options);
  return { inferred, ...parts, traffic, order, isSmall: inferred.rows.length <= smallRows };
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--data ${file} cannot be read: ${(error as Error).message}`);
  }
}

type Parts = Record<'train' | 'holdout' | 'traffic' | 'final', LabelledRow[]>;

/** Equal rows fall into the same part, so no part knows a row of another. */
function split(rows: readonly LabelledRow[], seed: number): Parts {
  const parts: Parts = { train: [], holdout: [], traffic: [], final: [] };
  for (const row of rows) {
    const share = hashShare(`${seed}#${JSON.stringify([row.features, row.label])}`);
    if (share < 0.4) parts.train.push(row);
    else if (share < 0.6) parts.holdout.push(row);
    else if (share < 0.9) parts.traffic.push(row);
    else parts.final.push(row);
  }
  for (const [name, part] of Object.entries(parts))
    if (part.length < 5)
      throw new InvalidDataError(
        `only ${part.length} rows fell into the ${name} part: too many rows are equal`,
      );
  const random = seededRandom(seedFrom(`train#${seed}`));
  return { ...parts, train: permuted(parts.train, random) };
}

function hashShare(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}

function permuted<T>(values: readonly T[], random: () => number): T[] {
  return Array.from(shuffledIndices(values.length, random), (at) => values[at]!);
}

function checkClasses(inferred: LabelledRows, train: readonly LabelledRow[], name: string): void {
  for (const label of inferred.schema.target.classes ?? []) {
    const rows = train.filter((row) => row.label === label).length;
    if (rows < 2)
      throw new InvalidDataError(`class "${label}" has ${rows} rows in the ${name} part: too few to learn`);
  }
}

function orderTraffic(
  traffic: readonly LabelledRow[],
  table: TextTable,
  inferred: LabelledRows,
  options: DemoOptions,
): { readonly traffic: LabelledRow[]; readonly order: string } {
  if (options.time === undefined) {
    const random = seededRandom(seedFrom(`traffic#${options.seed}`));
    return { traffic: permuted(traffic, random), order: `a shuffle (seed ${options.seed})` };
  }
  const at = table.header.indexOf(options.time);
  const timeOf = (row: LabelledRow) => readTime(table, inferred.sources[row.at]!, at, options.time!);
  const timed = traffic.map((row): [number, LabelledRow] => [timeOf(row), row]);
  timed.sort((one, other) => one[0] - other[0]);
  return { traffic: timed.map(([, row]) => row), order: `the order of ${options.time}` };
}

function readTime(table: TextTable, row: number, at: number, name: string): number {
  const text = table.rows[row]![at]!;
  const time = parseDate(text)?.epochMs ?? (text === '' ? Number.NaN : Number(text));
  if (Number.isNaN(time))
    throw new InvalidDataError(
      `line ${table.lines[row]}: --time ${name} has ${JSON.stringify(text)}, neither a date nor a number`,
    );
  return time;
}
