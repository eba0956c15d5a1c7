/** Harmless jitter on real data: the diamonds asked again with carat, depth and table off by one or two per cent. */

import { readFileSync } from 'node:fs';
import type { Column } from '#shared/schema/columns.ts';
import { parseCsv } from '#shared/schema/csv.ts';
import { referenceFile, tableColumns } from '#shared/testing/reference-data.ts';
import type { BenchResult } from '../page.ts';
import { type Uniform, uniformStream } from './draws.ts';
import { judge, profileOf, referenceOf, type SimulatedColumn, type WindowOutcome } from './engine.ts';

const SEED = 20_261_122;
const REFERENCE_ROWS = 20_000;
const WINDOW_ROWS = 1000;
const WINDOWS = 60;
/** Largest relative change either way. */
const JITTER: Readonly<Record<string, number>> = { carat: 0.02, depth: 0.01, table: 0.01 };
const NUMERIC = ['carat', 'depth', 'table', 'x', 'y', 'z'];
const CATEGORICAL = ['cut', 'color', 'clarity'];

/** The reference is drawn without replacement, windows of the remaining rows with it. */
export function harmlessTable(quick: boolean): BenchResult {
  const name = 'Calibration 4: harmless jitter on diamonds';
  const path = referenceFile('diamonds.csv');
  if (path === undefined) return { name, rows: [['diamonds', 'diamonds.csv not available']] };
  const random = uniformStream(SEED);
  const { rows, columns } = tableColumns(parseCsv(readFileSync(path, 'utf8')), NUMERIC, CATEGORICAL);
  const order = shuffled(rows, random);
  const reference = referenceOf(columns.map((column) => taken(column, order.slice(0, REFERENCE_ROWS))));
  const rest = order.slice(REFERENCE_ROWS);
  const history: WindowOutcome[] = [];
  const levels: string[] = [];
  const others = new Set<string>();
  const windows = quick ? 5 : WINDOWS;
  for (let window = 0; window < windows; window++) {
    const picked = Array.from({ length: WINDOW_ROWS }, () => rest[Math.floor(random() * rest.length)]!);
    const current = columns.map((column) => jittered(taken(column, picked), random));
    const start = new Date(Date.UTC(2026, 0, 1 + window)).toISOString();
    const judged = judge(reference, profileOf(reference.anchors, current), start, history);
    history.push(judged.outcome);
    levels.push(judged.levels.get('carat') ?? 'not judged');
    for (const [column, level] of judged.levels)
      if (column !== 'carat' && (level === 'warning' || level === 'critical'))
        others.add(`${column} ${level}`);
  }
  const count = (level: string) => levels.filter((one) => one === level).length;
  return {
    name,
    rows: [
      [
        'windows',
        `${windows} of ${WINDOW_ROWS} rows against ${REFERENCE_ROWS.toLocaleString('en')}, seed ${SEED}`,
      ],
      ['carat critical', `${count('critical')} (${count('critical') === 0 ? 'met' : '**missed**'})`],
      ['carat warning / shifted / stable', `${count('warning')} / ${count('shifted')} / ${count('stable')}`],
      ['other columns at warning or above', [...others].sort().join(', ') || 'none'],
      ['confirmed alarms', String(history.filter((outcome) => outcome.confirmed).length)],
    ],
  };
}

function shuffled(count: number, random: Uniform): number[] {
  const order = Array.from({ length: count }, (_, row) => row);
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}

function taken(column: Column, rows: readonly number[]): SimulatedColumn {
  if (column.kind === 'categorical')
    return { ...column, channel: 'feature', values: rows.map((row) => column.values[row] ?? null) };
  return { ...column, channel: 'feature', values: Float64Array.from(rows, (row) => column.values[row]!) };
}

function jittered(column: SimulatedColumn, random: Uniform): SimulatedColumn {
  const jitter = JITTER[column.name];
  if (jitter === undefined || column.kind !== 'numeric') return column;
  const values = column.values.map((value) => value * (1 + jitter * (2 * random() - 1)));
  return { ...column, values };
}
