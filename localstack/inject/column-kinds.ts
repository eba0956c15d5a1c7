/** What each column of a table holds, by the rules of schema inference but never refusing: a broken table may be broken more. */

import { InvalidDataError } from '#shared/errors.ts';
import { seedFrom } from '#shared/random.ts';
import { isMissingText, isNumericText } from '#shared/schema/cells.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { parseDate } from '#shared/schema/dates.ts';
import { columnIndex, type InjectionPlan } from './injector.ts';

type ColumnKind = 'numeric' | 'categorical' | 'date' | 'id' | 'constant';

const numericShare = 0.95;

/** @example columnKind(table, 'carat') // => 'numeric' */
export function columnKind(table: TextTable, name: string): ColumnKind {
  const present = presentTexts(table, name);
  const distinct = new Set(present).size;
  if (distinct < 2) return 'constant';
  const numbers = present.filter(isNumericText).map(Number);
  if (numbers.length >= numericShare * present.length) {
    const isCounter = numbers.every(
      (value, at) => Number.isInteger(value) && (at === 0 || value > numbers[at - 1]!),
    );
    return isCounter && numbers.length >= 20 ? 'id' : 'numeric';
  }
  if (present.every((text) => parseDate(text) !== undefined)) return 'date';
  return distinct > 0.5 * present.length ? 'id' : 'categorical';
}

function presentTexts(table: TextTable, name: string): string[] {
  const at = columnIndex(table, name);
  return table.rows.map((cells) => cells[at]!).filter((text) => !isMissingText(text));
}

/** Finite numbers of a column, in row order; other cells are left out. */
export function numbersIn(table: TextTable, name: string): number[] {
  return presentTexts(table, name).filter(isNumericText).map(Number);
}

const maxNumericClasses = 20;

/** Whether a target holds classes: text, or few whole numbers that each come ten times on average. */
export function holdsClasses(table: TextTable, target: string): boolean {
  const present = presentTexts(table, target);
  const numbers = present.filter(isNumericText).map(Number);
  if (numbers.length < numericShare * present.length) return true;
  const distinct = new Set(numbers).size;
  return distinct <= maxNumericClasses && 10 * distinct <= numbers.length && numbers.every(Number.isInteger);
}

/**
 * The columns to change: those named, or one by hash of the seed among those of an allowed kind, so that nobody
 * chose it because it works. The target and the time column are never chosen.
 *
 * @param verb what the injector does, for the error: `shifts numbers`
 */
export function chooseColumns(
  table: TextTable,
  plan: Pick<InjectionPlan, 'columns' | 'target' | 'time' | 'seed'>,
  kinds: readonly ColumnKind[],
  verb: string,
): readonly string[] {
  const isAllowed = (name: string) => kinds.includes(columnKind(table, name));
  const able = () => table.header.filter((name) => !isReserved(name, plan) && isAllowed(name));
  const there = () => able().join(', ') || 'no column of this file can be';
  for (const name of plan.columns ?? []) {
    columnIndex(table, name);
    if (!isAllowed(name))
      throw new InvalidDataError(
        `column "${name}" is ${columnKind(table, name)} and this ${verb}: ${there()} can be changed`,
      );
  }
  if (plan.columns) return plan.columns;
  const [chosen] = byHash(able(), plan.seed);
  if (chosen === undefined) throw new InvalidDataError(`this ${verb} and no column is ${kinds.join(' or ')}`);
  return [chosen];
}

function isReserved(name: string, { target, time }: Pick<InjectionPlan, 'target' | 'time'>): boolean {
  return name === target || name === time;
}

/** In an order that only the seed and the names decide. */
export function byHash(names: readonly string[], seed: number): readonly string[] {
  return names.toSorted((one, other) => seedFrom(`${seed}#${one}`) - seedFrom(`${seed}#${other}`));
}

export function momentsOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/** The value below which a share of the values lies (lower empirical quantile). */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}
