/** Temporal drift: a feed that stops, comes out of order, repeats itself or has its clock wrong. */

import { InvalidDataError } from '#shared/errors.ts';
import { shuffledIndices } from '#shared/random.ts';
import { isMissingText } from '#shared/schema/cells.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { parseDate } from '#shared/schema/dates.ts';
import { affectedRows, randomOf, startInWords, startRow } from './affected-rows.ts';
import { columnKind } from './column-kinds.ts';
import {
  columnIndex,
  editColumn,
  type Injected,
  type InjectionPlan,
  type Injector,
  percent,
  pickRows,
} from './injector.ts';

export const temporal: Injector = {
  kind: 'temporal',
  summary: 'a gap, rows out of order, stale repeats or a wrong clock (needs a column of dates)',
  modes: [
    {
      name: 'gap',
      summary: 'INTENSITY of the rows, one after the other in time, never arrive',
      intensity: { default: 0.3, min: 0, max: 0.99, unit: 'share of the rows' },
      expects: ['volume_drop'],
    },
    {
      name: 'disorder',
      summary: 'INTENSITY of the rows arrive in the place of one another',
      intensity: { default: 0.5, min: 0, max: 1, unit: 'share of the rows' },
      expects: ['late_rows'],
    },
    {
      name: 'stale',
      summary: 'the last INTENSITY of the rows repeat the row before them, its time included',
      intensity: { default: 0.5, min: 0, max: 1, unit: 'share of the rows' },
      expects: ['constant_column', 'freshness'],
    },
    {
      name: 'hours',
      summary: 'the times are INTENSITY hours late, early when negative',
      intensity: { default: 6, min: -24, max: 24, unit: 'hours' },
      expects: ['drift'],
    },
  ],
  settings: ['target', 'time', 'fraction', 'from', 'gradual'],
  inject(table, plan) {
    const time = timeColumn(table, plan);
    if ((plan.mode === 'gap' || plan.mode === 'stale') && (plan.isGradual || plan.fraction !== 1))
      throw new InvalidDataError(
        `${plan.mode} takes rows one after the other: it has no fraction and no ramp`,
      );
    if (plan.mode === 'gap') return leaveGap(table, time, plan);
    if (plan.mode === 'disorder') return disorder(table, plan);
    return plan.mode === 'stale' ? repeatLast(table, plan) : shiftHours(table, time, plan);
  },
};

/** The named column, or the first that holds dates. */
function timeColumn(table: TextTable, { time }: InjectionPlan): string {
  if (time !== undefined) {
    const at = columnIndex(table, time);
    const row = table.rows.findIndex((cells) => !isMissingText(cells[at]!) && !parseDate(cells[at]!));
    if (row >= 0)
      throw new InvalidDataError(
        `line ${table.lines[row]}: the time column "${time}" has ${JSON.stringify(table.rows[row]![at])} where an ISO 8601 date is expected`,
      );
    return time;
  }
  const found = table.header.find((name) => columnKind(table, name) === 'date');
  if (found === undefined)
    throw new InvalidDataError(
      `no column of the file holds ISO 8601 dates, and a time is needed: ${table.header.join(', ')}`,
    );
  return found;
}

/** A block in time order, placed by the seed, leaves; rows without a time stay. */
function leaveGap(table: TextTable, time: string, plan: InjectionPlan): Injected {
  const at = columnIndex(table, time);
  const start = startRow(table.rows.length, plan);
  const dated = table.rows
    .flatMap((cells, row) => {
      const date = parseDate(cells[at]!);
      return date && row >= start ? [{ row, epochMs: date.epochMs }] : [];
    })
    .sort((one, other) => one.epochMs - other.epochMs || one.row - other.row);
  const count = Math.round(plan.intensity * dated.length);
  const first = Math.floor(randomOf(plan, 'gap')() * (dated.length - count + 1));
  const gone = dated.slice(first, first + count);
  const rows = new Set(gone.map(({ row }) => row));
  const text = (one: (typeof gone)[number] | undefined) => (one ? table.rows[one.row]![at] : '');
  return {
    table: pickRows(
      table,
      table.rows.flatMap((_, row) => (rows.has(row) ? [] : [row])),
    ),
    columns: [time],
    description:
      gone.length === 0
        ? 'no row is left out'
        : `the ${gone.length} rows with ${time} from ${text(gone[0])} to ${text(gone.at(-1))} never arrive`,
  };
}

function disorder(table: TextTable, plan: InjectionPlan): Injected {
  const rows = affectedRows(table.rows.length, plan, plan.fraction * plan.intensity);
  const order = shuffledIndices(rows.length, randomOf(plan, 'order'));
  const positions = table.rows.map((_, row) => row);
  rows.forEach((row, place) => {
    positions[row] = rows[order[place]!]!;
  });
  return {
    table: pickRows(table, positions),
    columns: [],
    description: `${rows.length} rows (${percent(plan.fraction * plan.intensity)}) arrive in the place of one another${startInWords(table.rows.length, plan)}`,
  };
}

function repeatLast(table: TextTable, plan: InjectionPlan): Injected {
  const rows = table.rows.length;
  const count = Math.round(plan.intensity * (rows - startRow(rows, plan)));
  const last = Math.max(0, rows - count - 1);
  const repeated = rows - 1 - last;
  return {
    table: pickRows(
      table,
      table.rows.map((_, row) => Math.min(row, last)),
    ),
    columns: repeated === 0 ? [] : table.header,
    description:
      repeated === 0
        ? 'no row is repeated'
        : `the last ${repeated} rows repeat row ${last + 1}, its time included`,
  };
}

const wallClock = /^(\d{4}-\d{2}-\d{2})([T ])(\d{2}:\d{2})/;

/** Date, hour and minute are rewritten, the rest of the text (seconds, zone) stays as it is. */
function shiftHours(table: TextTable, time: string, plan: InjectionPlan): Injected {
  const minutes = Math.round(60 * plan.intensity);
  const at = columnIndex(table, time);
  if (table.rows.every((cells) => isMissingText(cells[at]!) || !wallClock.test(cells[at]!)))
    throw new InvalidDataError(`column "${time}" has dates without a time of day: hours cannot shift`);
  const rows = new Set(affectedRows(table.rows.length, plan));
  return {
    table: editColumn(table, time, (text, row) => {
      const match = rows.has(row) ? wallClock.exec(text) : null;
      if (!match) return undefined;
      const moved = new Date(Date.parse(`${match[1]}T${match[3]}Z`) + 60_000 * minutes).toISOString();
      return `${moved.slice(0, 10)}${match[2]}${moved.slice(11, 16)}${text.slice(match[0].length)}`;
    }),
    columns: [time],
    description: `${time} of ${rows.size} rows moves by ${minutes < 0 ? '' : '+'}${Number((minutes / 60).toFixed(2))} hours${startInWords(table.rows.length, plan)}`,
  };
}
