/** Label drift: what is answered changes its distribution, or stops following from the inputs; the features stay. */

import { InvalidDataError } from '#shared/errors.ts';
import { shuffledIndices } from '#shared/random.ts';
import { isMissingText, isNumericText } from '#shared/schema/cells.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { affectedRows, randomOf, startInWords, startRow } from './affected-rows.ts';
import { byHash, holdsClasses, momentsOf, numbersIn, quantileOf } from './column-kinds.ts';
import {
  columnIndex,
  editColumn,
  type Injected,
  type InjectionPlan,
  type Injector,
  percent,
  pickRows,
} from './injector.ts';
import { decimalsOf, numberText } from './number-text.ts';

const share = { default: 0.5, min: 0, max: 1, unit: 'share of the labels' };

export const label: Injector = {
  kind: 'label',
  summary: 'the labels change their distribution, or become noise (needs --target)',
  modes: [
    {
      name: 'shift',
      summary: 'INTENSITY of the labels become one class, or rise by one standard deviation',
      intensity: share,
      expects: ['label', 'loss'],
    },
    {
      name: 'permute',
      summary: 'INTENSITY of the labels are dealt out anew among their rows: noise, the same distribution',
      intensity: share,
      expects: ['loss'],
    },
    {
      name: 'prior',
      summary: 'INTENSITY of the rows give way to rows of one class, or of the upper half: p(x | y) stays',
      intensity: share,
      expects: ['label', 'prediction'],
    },
  ],
  settings: ['target', 'fraction', 'from', 'gradual'],
  inject(table, plan) {
    const target = targetOf(table, plan);
    const rows = affectedRows(table.rows.length, plan, plan.fraction * plan.intensity);
    const where = startInWords(table.rows.length, plan);
    const injected =
      plan.mode === 'prior'
        ? favour(table, target, rows, plan)
        : plan.mode === 'permute'
          ? permute(table, target, rows, plan)
          : holdsClasses(table, target)
            ? becomeOne(table, target, rows, plan)
            : rise(table, target, rows);
    return { ...injected, description: `${injected.description}${where}` };
  },
};

/** The target's name; throws {@link InvalidDataError} when none was given or fewer than two labels are there. */
export function targetOf(table: TextTable, { target }: Pick<InjectionPlan, 'target'>): string {
  if (target === undefined) throw new InvalidDataError('the target is not named: which column is the label?');
  if (labelsOf(table, target).length < 2)
    throw new InvalidDataError(`the target "${target}" is constant: no label can change`);
  return target;
}

/** Distinct labels, ordered by text. */
function labelsOf(table: TextTable, target: string): string[] {
  const at = columnIndex(table, target);
  return [...new Set(table.rows.map((cells) => cells[at]!).filter((text) => !isMissingText(text)))].sort();
}

function becomeOne(table: TextTable, target: string, rows: readonly number[], plan: InjectionPlan): Injected {
  const [favoured] = byHash(labelsOf(table, target), plan.seed) as [string];
  const reached = new Set(rows);
  return {
    table: editColumn(table, target, (text, row) =>
      reached.has(row) && !isMissingText(text) ? favoured : undefined,
    ),
    columns: [target],
    description: `the labels of ${rows.length} rows (${percent(plan.fraction * plan.intensity)}) become "${favoured}"`,
  };
}

function rise(table: TextTable, target: string, rows: readonly number[]): Injected {
  const { deviation } = momentsOf(numbersIn(table, target));
  const at = columnIndex(table, target);
  const decimals = decimalsOf(table.rows.map((cells) => cells[at]!).filter(isNumericText));
  const reached = new Set(rows);
  return {
    table: editColumn(table, target, (text, row) =>
      reached.has(row) && isNumericText(text) ? numberText(Number(text) + deviation, decimals) : undefined,
    ),
    columns: [target],
    description: `${target} rises by one sigma (${Number(deviation.toPrecision(4))}) in ${rows.length} rows`,
  };
}

function permute(table: TextTable, target: string, rows: readonly number[], plan: InjectionPlan): Injected {
  const at = columnIndex(table, target);
  const labelled = rows.filter((row) => !isMissingText(table.rows[row]![at]!));
  const order = shuffledIndices(labelled.length, randomOf(plan, 'labels'));
  const dealt = new Map(labelled.map((row, place) => [row, table.rows[labelled[order[place]!]!]![at]!]));
  return {
    table: editColumn(table, target, (_, row) => dealt.get(row)),
    columns: [target],
    description: `the labels of ${labelled.length} rows (${percent(plan.fraction * plan.intensity)}) are dealt out anew among these rows`,
  };
}

/** Label shift proper: only how often each label comes changes, so rows are replaced whole. */
function favour(table: TextTable, target: string, rows: readonly number[], plan: InjectionPlan): Injected {
  const at = columnIndex(table, target);
  const { isFavoured, words } = favouredHalf(table, target, plan);
  const start = startRow(table.rows.length, plan);
  const pool = table.rows.flatMap((cells, row) => (row >= start && isFavoured(cells[at]!) ? [row] : []));
  if (pool.length === 0) throw new InvalidDataError(`no row ${words} is left to repeat`);
  const random = randomOf(plan, 'repeats');
  const positions = table.rows.map((_, row) => row);
  let replaced = 0;
  for (const row of rows) {
    if (isFavoured(table.rows[row]![at]!)) continue;
    positions[row] = pool[Math.floor(random() * pool.length)]!;
    replaced++;
  }
  return {
    table: pickRows(table, positions),
    columns: table.header,
    description: `${replaced} rows give way to repeated rows ${words}`,
  };
}

function favouredHalf(table: TextTable, target: string, { seed }: InjectionPlan) {
  if (holdsClasses(table, target)) {
    const [favoured] = byHash(labelsOf(table, target), seed) as [string];
    return { isFavoured: (text: string) => text === favoured, words: `of class "${favoured}"` };
  }
  const median = quantileOf(numbersIn(table, target), 0.5);
  return {
    isFavoured: (text: string) => isNumericText(text) && Number(text) > median,
    words: `with ${target} above its median ${median}`,
  };
}
