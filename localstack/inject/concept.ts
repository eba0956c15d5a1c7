/** Concept drift: in one region of the inputs the labels mean something else. A moved boundary, not noise: it can be learnt. */

import { InvalidDataError } from '#shared/errors.ts';
import { isMissingText, isNumericText } from '#shared/schema/cells.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { startInWords, startRow } from './affected-rows.ts';
import { byHash, chooseColumns, columnKind, holdsClasses, numbersIn, quantileOf } from './column-kinds.ts';
import { columnIndex, editColumn, type InjectionPlan, type Injector } from './injector.ts';
import { targetOf } from './label.ts';

export const concept: Injector = {
  kind: 'concept',
  summary: 'the relation of inputs and labels changes in a region of the inputs (needs --target)',
  modes: [
    {
      name: 'region',
      summary:
        'where a number is in its top INTENSITY share: classes swap in a circle, numbers swap high for low',
      intensity: { default: 0.5, min: 0, max: 1, unit: 'share of the values that is the region' },
      expects: ['loss'],
    },
  ],
  settings: ['column', 'target', 'time', 'from'],
  inject(table, plan) {
    const target = targetOf(table, plan);
    const [column, ...more] = chooseColumns(
      table,
      plan,
      ['numeric'],
      'needs one number that bounds a region',
    );
    if (column === undefined || more.length > 0)
      throw new InvalidDataError(
        `one column bounds the region, got ${plan.columns?.length}: ${plan.columns?.join(', ')}`,
      );
    const region = regionOf(table, column, target, plan);
    const isClasses = holdsClasses(table, target);
    const swapped = isClasses ? swapClasses(table, target, region, plan) : swapRanks(table, target, region);
    const how = isClasses ? 'classes change names in a circle' : `high ${target} changes place with low`;
    const bound = quantileOf(numbersIn(table, column), 1 - plan.intensity);
    return {
      table: editColumn(table, target, (_, row) => swapped.get(row)),
      columns: [target],
      description: `where ${column} > ${bound}, ${how}: ${region.length} rows${startInWords(table.rows.length, { ...plan, isGradual: false })}`,
    };
  },
};

/** Labelled rows from the start on whose value is above the quantile, without chance: the boundary is sharp. */
function regionOf(table: TextTable, column: string, target: string, plan: InjectionPlan): number[] {
  if (plan.intensity === 0) return [];
  const [x, y] = [columnIndex(table, column), columnIndex(table, target)];
  const bound =
    plan.intensity === 1
      ? Number.NEGATIVE_INFINITY
      : quantileOf(numbersIn(table, column), 1 - plan.intensity);
  const start = startRow(table.rows.length, plan);
  const region = table.rows.flatMap((cells, row) => {
    const isInside = row >= start && isNumericText(cells[x]!) && Number(cells[x]) > bound;
    return isInside && !isMissingText(cells[y]!) ? [row] : [];
  });
  if (region.length === 0)
    throw new InvalidDataError(`no row has ${column} above ${bound} (${columnKind(table, column)})`);
  return region;
}

/** Every class of the region takes the name of the next one there. */
function swapClasses(
  table: TextTable,
  target: string,
  region: readonly number[],
  { seed }: InjectionPlan,
): ReadonlyMap<number, string> {
  const at = columnIndex(table, target);
  const everywhere = [...new Set(table.rows.map((cells) => cells[at]!))].filter(
    (text) => !isMissingText(text),
  );
  const inside = [...new Set(region.map((row) => table.rows[row]![at]!))];
  const circle = byHash(inside.length > 1 ? inside : everywhere, seed);
  const next = new Map(circle.map((name, place) => [name, circle[(place + 1) % circle.length]!]));
  return new Map(region.map((row) => [row, next.get(table.rows[row]![at]!)!]));
}

/** The lowest label of the region goes to the row with the highest, and so on: the labels' distribution stays as it is. */
function swapRanks(table: TextTable, target: string, region: readonly number[]): ReadonlyMap<number, string> {
  const at = columnIndex(table, target);
  const ordered = region
    .filter((row) => isNumericText(table.rows[row]![at]!))
    .sort((one, other) => Number(table.rows[one]![at]) - Number(table.rows[other]![at]) || one - other);
  return new Map(ordered.map((row, rank) => [row, table.rows[ordered.at(-1 - rank)!]![at]!]));
}
