/** Grows a column batch by batch: float32 for features, doubles where every digit counts. */
import type { Column } from '../schema/columns.ts';

export interface ColumnGrower {
  /** Appends the given rows of the batch's column; all of them without `rows`. */
  add(column: Column, rows: Int32Array | undefined): void;
  finish(): Column;
}

/** @param isExact keeps numbers as doubles: of a target, or of a time in milliseconds */
export function growColumn({ name, kind }: Column, isExact: boolean): ColumnGrower {
  return kind === 'categorical' ? growTexts(name) : growNumbers(name, isExact);
}

function growTexts(name: string): ColumnGrower {
  const values: (string | null)[] = [];
  return {
    add(column, rows) {
      const cells = column.values as readonly (string | null)[];
      if (rows) for (const row of rows) values.push(cells[row]!);
      else for (const cell of cells) values.push(cell);
    },
    finish: () => ({ kind: 'categorical', name, values }),
  };
}

function growNumbers(name: string, isExact: boolean): ColumnGrower {
  const create = (length: number) => (isExact ? new Float64Array(length) : new Float32Array(length));
  let values = create(8192);
  let filled = 0;
  let invalid = 0;
  return {
    add(column, rows) {
      const cells = column.values as Float64Array;
      const count = rows?.length ?? cells.length;
      if (filled + count > values.length) {
        const larger = create(Math.max(filled + count, Math.ceil(1.5 * values.length)));
        larger.set(values.subarray(0, filled));
        values = larger;
      }
      if (rows) for (let at = 0; at < count; at++) values[filled + at] = cells[rows[at]!]!;
      else values.set(cells, filled);
      filled += count;
      if (column.kind === 'numeric') invalid += column.invalid ?? 0;
    },
    finish: () => ({
      kind: 'numeric',
      name,
      values: values.subarray(0, filled),
      ...(invalid > 0 ? { invalid } : {}),
    }),
  };
}
