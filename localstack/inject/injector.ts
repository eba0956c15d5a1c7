/** What a drift injector is: a pure, seeded change of a table, and what the detectors must say about it. */

import { InvalidDataError } from '#shared/errors.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import type { ExpectedResponse } from './expected.ts';

export interface InjectorMode {
  readonly name: string;
  /** One line, for the help text. */
  readonly summary: string;
  readonly intensity: {
    readonly default: number;
    readonly min: number;
    readonly max: number;
    /** What one unit is. */
    readonly unit: string;
  };
  /** At the default intensity, on the columns touched. Anything else may follow from these, on no other feature. */
  readonly expects: readonly ExpectedResponse[];
}

/** Settings an injector may or may not have; giving one that it has not is an error, never ignored. */
export type OptionalSetting = 'column' | 'target' | 'time' | 'fraction' | 'from' | 'gradual';

export interface Injector {
  readonly kind: string;
  /** One line, for the help text. */
  readonly summary: string;
  /** The first is the default. */
  readonly modes: readonly [InjectorMode, ...InjectorMode[]];
  readonly settings: readonly OptionalSetting[];
  /**
   * @throws {@link InvalidDataError} when the table has nothing of the kind to change
   */
  inject(table: TextTable, plan: InjectionPlan): Injected;
}

/** Checked settings, defaults filled in. */
export interface InjectionPlan {
  readonly mode: string;
  /** In the mode's unit. */
  readonly intensity: number;
  /** Absent: chosen by hash of the seed. */
  readonly columns?: readonly string[];
  /** Never chosen by hash; what `label` and `concept` change. */
  readonly target?: string;
  readonly time?: string;
  /** Share of the rows from the start on among which it happens, in (0, 1]. */
  readonly fraction: number;
  /** Share of the table after which it starts, in [0, 1). */
  readonly from: number;
  /** From nothing at the start to all of it at the last row. */
  readonly isGradual: boolean;
  readonly seed: number;
}

export interface Injected {
  /** `lines` still say from which line of the file each row comes. */
  readonly table: TextTable;
  /** What was done, in words. */
  readonly description: string;
  /** Columns touched, as they are named in the new table; dropped ones by their old name. */
  readonly columns: readonly string[];
  /** New name → old name. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** With what the detectors must say about it, at the default settings. */
export interface Answered extends Injected {
  readonly expects: readonly ExpectedResponse[];
}

/** The named column's position. Throws {@link InvalidDataError} with the names there are. */
export function columnIndex(table: TextTable, name: string): number {
  const at = table.header.indexOf(name);
  if (at < 0)
    throw new InvalidDataError(`no column is named "${name}"; the file has: ${table.header.join(', ')}`);
  return at;
}

/** The table with some cells replaced; `edit` is asked per row of the table and answers undefined to keep it. */
export function editColumn(
  table: TextTable,
  column: string,
  edit: (text: string, row: number) => string | undefined,
): TextTable {
  const at = columnIndex(table, column);
  return {
    ...table,
    rows: table.rows.map((cells, row) => {
      const text = edit(cells[at]!, row);
      return text === undefined || text === cells[at] ? cells : cells.with(at, text);
    }),
  };
}

/** Rows of the table by position, repeats allowed. */
export function pickRows(table: TextTable, positions: readonly number[]): TextTable {
  return {
    header: table.header,
    rows: positions.map((row) => table.rows[row]!),
    lines: positions.map((row) => table.lines[row]!),
  };
}

/** `12.5 %`. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
