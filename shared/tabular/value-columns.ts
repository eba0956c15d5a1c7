/** Values of a typed file as typed columns. */
import type { Column } from '../schema/columns.ts';
import { categoryFromValue, dateFromValue, numberFromValue } from './cell-values.ts';
import { dateColumnNames } from './date-columns.ts';
import type { ColumnKind } from './table.ts';

/** A column filled value by value; a date becomes three. */
export class ColumnBuilder {
  readonly #name: string;
  readonly #kind: ColumnKind;
  readonly #numbers: Float64Array[];
  readonly #texts: (string | null)[];
  #invalid = 0;

  /** All rows are missing until they are set. */
  constructor(name: string, kind: ColumnKind, rows: number) {
    this.#name = name;
    this.#kind = kind;
    const numericColumns = { numeric: 1, categorical: 0, datetime: 3 }[kind];
    this.#numbers = Array.from({ length: numericColumns }, () => new Float64Array(rows).fill(Number.NaN));
    this.#texts = kind === 'categorical' ? new Array<string | null>(rows).fill(null) : [];
  }

  set(row: number, value: unknown): void {
    if (this.#kind === 'categorical') this.#texts[row] = categoryFromValue(value);
    else if (this.#kind === 'datetime') {
      const { hour, weekday, month, isInvalid } = dateFromValue(value);
      this.#numbers[0]![row] = hour;
      this.#numbers[1]![row] = weekday;
      this.#numbers[2]![row] = month;
      if (isInvalid) this.#invalid++;
    } else if (typeof value === 'number') this.#numbers[0]![row] = value;
    else {
      const cell = numberFromValue(value);
      this.#numbers[0]![row] = cell.value;
      if (cell.isInvalid) this.#invalid++;
    }
  }

  columns(): readonly Column[] {
    if (this.#kind === 'categorical') return [{ kind: 'categorical', name: this.#name, values: this.#texts }];
    const names = this.#kind === 'datetime' ? dateColumnNames(this.#name) : [this.#name];
    return names.map((name, at) => ({
      kind: 'numeric',
      name,
      values: this.#numbers[at]!,
      ...(this.#invalid > 0 ? { invalid: this.#invalid } : {}),
    }));
  }
}
