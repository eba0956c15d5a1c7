/** Schema drift: columns go, come or change their name, or numbers arrive as text. */

import { InvalidDataError } from '#shared/errors.ts';
import { isNumericText } from '#shared/schema/cells.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { affectedRows, randomOf, startInWords } from './affected-rows.ts';
import { byHash, chooseColumns } from './column-kinds.ts';
import {
  columnIndex,
  editColumn,
  type Injected,
  type InjectionPlan,
  type Injector,
  percent,
} from './injector.ts';

const columnCount = { default: 1, min: 0, max: 20, unit: 'columns' };
const cellShare = { default: 0.3, min: 0, max: 1, unit: 'share of the values' };

export const schema: Injector = {
  kind: 'schema',
  summary: 'columns are dropped, renamed or added, or numbers arrive as text',
  modes: [
    {
      name: 'drop',
      summary: 'INTENSITY columns are gone',
      intensity: columnCount,
      expects: ['column_absent'],
    },
    {
      name: 'rename',
      summary: 'INTENSITY columns have another name',
      intensity: columnCount,
      expects: ['column_absent', 'unexpected_columns'],
    },
    {
      name: 'add',
      summary: 'INTENSITY columns that were never there; no other changes',
      intensity: columnCount,
      expects: ['unexpected_columns'],
    },
    {
      name: 'comma',
      summary: 'INTENSITY of the numbers have a decimal comma: 12,5',
      intensity: cellShare,
      expects: ['type_errors'],
    },
    {
      name: 'text',
      summary: 'INTENSITY of the numbers become "n/a?"',
      intensity: cellShare,
      expects: ['type_errors'],
    },
  ],
  settings: ['column', 'target', 'time', 'fraction', 'from', 'gradual'],
  inject(table, plan) {
    if (plan.mode === 'comma' || plan.mode === 'text') return changeType(table, plan);
    if (plan.fraction !== 1 || plan.from !== 0 || plan.isGradual)
      throw new InvalidDataError(
        `a column is in every row of a file or in none: ${plan.mode} has no fraction, start or ramp; comma and text have`,
      );
    if (plan.mode === 'add') return addColumns(table, plan);
    const columns = wholeColumns(table, plan);
    return plan.mode === 'drop' ? dropColumns(table, columns) : renameColumns(table, columns);
  },
};

/** As many of the named columns, or of all features in the order of the seed, as the intensity says. */
function wholeColumns(table: TextTable, { columns, intensity, seed, target, time }: InjectionPlan) {
  for (const name of columns ?? []) columnIndex(table, name);
  const able =
    columns ??
    byHash(
      table.header.filter((name) => name !== target && name !== time),
      seed,
    );
  const count = wholeCount(intensity);
  if (count > able.length)
    throw new InvalidDataError(
      `an intensity of ${count} columns is more than there are: ${able.join(', ') || 'none'}`,
    );
  return able.slice(0, count);
}

function wholeCount(intensity: number): number {
  if (!Number.isInteger(intensity))
    throw new InvalidDataError(
      `an intensity of ${intensity} is not allowed: here it counts columns, a whole number is expected`,
    );
  return intensity;
}

function dropColumns(table: TextTable, columns: readonly string[]): Injected {
  const kept = table.header.flatMap((name, at) => (columns.includes(name) ? [] : [at]));
  if (kept.length < 2)
    throw new InvalidDataError(
      `a table needs two columns, this would leave ${kept.length} of ${table.header.length}`,
    );
  return {
    table: {
      header: kept.map((at) => table.header[at]!),
      rows: table.rows.map((cells) => kept.map((at) => cells[at]!)),
      lines: table.lines,
    },
    columns,
    description:
      columns.length === 0 ? 'no column is dropped' : `${columns.join(', ')} ${isOrAre(columns)} dropped`,
  };
}

function renameColumns(table: TextTable, columns: readonly string[]): Injected {
  const names = new Map(columns.map((name) => [name, freeName(table, `${name}_v2`)]));
  return {
    table: { ...table, header: table.header.map((name) => names.get(name) ?? name) },
    columns: columns.map((name) => names.get(name)!),
    renamed: Object.fromEntries([...names].map(([before, now]) => [now, before])),
    description:
      columns.length === 0
        ? 'no column is renamed'
        : `${[...names].map(([before, now]) => `${before} is now named ${now}`).join(', ')}`,
  };
}

function addColumns(table: TextTable, { columns, intensity, seed }: InjectionPlan): Injected {
  const count = wholeCount(intensity);
  const taken = columns?.find((name) => table.header.includes(name));
  if (taken !== undefined) throw new InvalidDataError(`a column named "${taken}" is there already`);
  if (columns && columns.length < count)
    throw new InvalidDataError(
      `an intensity of ${count} columns needs as many names, got ${columns.join(', ')}`,
    );
  const names = columns?.slice(0, count) ?? generatedNames(table, count);
  const random = randomOf({ seed }, 'digits');
  return {
    table: {
      header: [...table.header, ...names],
      rows: table.rows.map((cells) => [...cells, ...names.map(() => String(Math.floor(10 * random())))]),
      lines: table.lines,
    },
    columns: names,
    description:
      names.length === 0 ? 'no column is added' : `${names.join(', ')} ${isOrAre(names)} added at the end`,
  };
}

function generatedNames(table: TextTable, count: number): string[] {
  return Array.from({ length: count }, (_, at) => freeName(table, `added_${at + 1}`));
}

function freeName(table: TextTable, wish: string): string {
  return table.header.includes(wish) ? freeName(table, `${wish}_`) : wish;
}

function isOrAre(names: readonly string[]): string {
  return names.length === 1 ? 'is' : 'are';
}

function changeType(table: TextTable, plan: InjectionPlan): Injected {
  const columns = chooseColumns(table, plan, ['numeric'], 'turns numbers into text');
  const rows = new Set(affectedRows(table.rows.length, plan, plan.fraction * plan.intensity));
  let changed = table;
  let cells = 0;
  for (const column of columns)
    changed = editColumn(changed, column, (text, row) => {
      if (!rows.has(row) || !isNumericText(text)) return undefined;
      cells++;
      return plan.mode === 'comma' ? withComma(text) : 'n/a?';
    });
  const how = plan.mode === 'comma' ? 'are written with a decimal comma' : 'become "n/a?"';
  return {
    table: changed,
    columns,
    description: `${percent(plan.fraction * plan.intensity)} of ${columns.join(', ')} ${how} (${cells} cells)${startInWords(table.rows.length, plan)}`,
  };
}

function withComma(text: string): string {
  return text.includes('.') ? text.replace('.', ',') : `${text},0`;
}
