/** Typed columns: the form in which rows travel between parsing, profiling, training and inference. */

export interface NumericColumn {
  readonly kind: 'numeric';
  readonly name: string;
  /** One value per row; `NaN` is missing. */
  readonly values: Float64Array | Float32Array;
  /** How many of the `NaN` held something that is not a number. */
  readonly invalid?: number;
}

export interface CategoricalColumn {
  readonly kind: 'categorical';
  readonly name: string;
  /** One value per row; `null` is missing. */
  readonly values: readonly (string | null)[];
}

export type Column = NumericColumn | CategoricalColumn;

/** Columns of equal length. */
export interface Columns {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** The given rows, in the given order; which of their `NaN` were not numbers is no longer known. */
export function takeRows(data: Columns, indices: ArrayLike<number>): Columns {
  return {
    rows: indices.length,
    columns: data.columns.map((column) => takeColumn(column, indices)),
  };
}

function takeColumn(column: Column, indices: ArrayLike<number>): Column {
  if (column.kind === 'categorical')
    return { ...column, values: Array.from(indices, (row) => column.values[row] ?? null) };
  const values = new Float32Array(indices.length);
  for (let at = 0; at < indices.length; at++) values[at] = column.values[indices[at]!]!;
  return { kind: column.kind, name: column.name, values };
}

/** The rows from `start` to before `end`, of the same memory where that is possible. */
export function sliceRows(data: Columns, start: number, end: number): Columns {
  return {
    rows: end - start,
    columns: data.columns.map(
      (column): Column =>
        column.kind === 'categorical'
          ? { ...column, values: column.values.slice(start, end) }
          : { kind: column.kind, name: column.name, values: column.values.subarray(start, end) },
    ),
  };
}

/** Rows of `first`, then rows of `second`; both must have the same columns in the same order. */
export function appendRows(first: Columns, second: Columns): Columns {
  return {
    rows: first.rows + second.rows,
    columns: first.columns.map((column, at) => {
      const other = second.columns[at];
      if (other?.name !== column.name || other.kind !== column.kind)
        throw new TypeError(`cannot append column "${other?.name}" to "${column.name}": the columns differ`);
      if (column.kind === 'categorical')
        return { ...column, values: [...column.values, ...(other as CategoricalColumn).values] };
      const values = new Float32Array(column.values.length + other.values.length);
      values.set(column.values);
      values.set((other as NumericColumn).values, column.values.length);
      return { ...column, values };
    }),
  };
}
