/** Test support: random ensembles with missing directions and category sets, and columns for them. */

import type { Columns } from '#shared/schema/columns.ts';
import type { ForestModel } from '#shared/training/forest-model.ts';
import type { GbdtModel, GbdtTree } from '#shared/training/gbdt-model.ts';
import { SET_WORDS } from '#shared/training/tree.ts';

const CATEGORIES = ['a', 'b', 'c', 'd', 'e'];

/** Columns named `c0`, `c1`, …; each third one is categorical. */
export function randomEnsemble(
  random: () => number,
  columns: number,
  trees: number,
  outputs = 1,
): Pick<GbdtModel, 'columns' | 'baseValues' | 'trees'> {
  return {
    columns: Array.from({ length: columns }, (_, at) =>
      at % 3 === 2
        ? { kind: 'categorical', name: `c${at}`, categories: CATEGORIES }
        : { kind: 'numeric', name: `c${at}` },
    ),
    baseValues: Float32Array.from({ length: outputs }, () => random() - 0.5),
    trees: Array.from({ length: trees }, (_, at) => randomTree(random, columns, at % outputs)),
  };
}

/** A forest whose nodes have a value for each output. */
export function randomForest(
  random: () => number,
  columns: number,
  trees: number,
  outputs: number,
): Pick<ForestModel, 'columns' | 'outputs' | 'trees'> {
  const single = randomEnsemble(random, columns, trees);
  return {
    columns: single.columns,
    outputs,
    trees: single.trees.map(({ output: _, ...tree }) => ({
      ...tree,
      value: Float32Array.from({ length: tree.value.length * outputs }, (__, at) =>
        tree.column[Math.floor(at / outputs)]! < 0 ? random() : 0,
      ),
    })),
  };
}

/** Split until four deep or by a coin, so that one column is often asked twice on a path. */
function randomTree(random: () => number, columns: number, output: number): GbdtTree {
  const [column, threshold, set, setBits, left, right, missingLeft, value]: number[][] = [
    [],
    [],
    [],
    [],
    [],
    [],
    [],
    [],
  ];
  const grow = (depth: number): number => {
    const node = column!.length;
    const isLeaf = depth === 4 || (depth > 1 && random() < 0.25);
    const asked = isLeaf ? -1 : Math.floor(random() * columns);
    const isSet = asked % 3 === 2;
    column!.push(asked);
    threshold!.push(isSet ? 0 : Math.fround(2 * random() - 1));
    set!.push(isSet ? setBits!.length : -1);
    if (isSet) setBits!.push(Math.floor(random() * 32), ...new Array<number>(SET_WORDS - 1).fill(0));
    missingLeft!.push(random() < 0.5 ? 1 : 0);
    value!.push(isLeaf ? 4 * random() - 2 : 0);
    left!.push(-1);
    right!.push(-1);
    if (!isLeaf) {
      left![node] = grow(depth + 1);
      right![node] = grow(depth + 1);
    }
    return node;
  };
  grow(0);
  return {
    output,
    column: Int32Array.from(column!),
    threshold: Float32Array.from(threshold!),
    set: Int32Array.from(set!),
    setBits: Uint32Array.from(setBits!),
    left: Int32Array.from(left!),
    right: Int32Array.from(right!),
    missingLeft: Uint8Array.from(missingLeft!),
    gain: new Float64Array(column!.length),
    value: Float32Array.from(value!),
  };
}

/** Rows of such columns, a fifth of the cells missing. */
export function randomRows(random: () => number, columns: number, rows: number): Columns {
  const isMissing = () => random() < 0.2;
  return {
    rows,
    columns: Array.from({ length: columns }, (_, at) => {
      const name = `c${at}`;
      if (at % 3 !== 2)
        return {
          kind: 'numeric',
          name,
          values: Float64Array.from({ length: rows }, () => (isMissing() ? Number.NaN : 2 * random() - 1)),
        };
      return {
        kind: 'categorical',
        name,
        values: Array.from({ length: rows }, () =>
          isMissing() ? null : CATEGORIES[Math.floor(random() * CATEGORIES.length)]!,
        ),
      };
    }),
  };
}

/** Numeric columns `x0`, `x1`, …, from rows of numbers. */
export function numericRows(rows: readonly (readonly number[])[]): Columns {
  return {
    rows: rows.length,
    columns: rows[0]!.map((_, at) => ({
      kind: 'numeric',
      name: `x${at}`,
      values: Float64Array.from(rows, (row) => row[at]!),
    })),
  };
}

/** A score of the rows' numbers. */
export function scoreOf(formula: (x: readonly number[]) => number): (rows: Columns) => Float64Array {
  return ({ rows, columns }) =>
    Float64Array.from({ length: rows }, (_, row) =>
      formula(columns.map(({ values }) => values[row] as number)),
    );
}
