/** The cells that show a wrong export: around every split in rows that reach it, and the odd values of every column. */

import type { ColumnEncoding } from './column-encoding.ts';
import { neighbour } from './float32.ts';
import type { GbdtModel, GbdtTree } from './gbdt-model.ts';

/** More splits than this are thinned. */
const MAX_SPLITS = 5000;

type Cell = number | string | null;

/** A row of the data with some of its cells replaced. */
export interface Probe {
  readonly row: number;
  /** By column index of the model. */
  readonly cells: ReadonlyMap<number, Cell>;
}

/** The encoded values with which a row gets to a node: `low < value <= high`, or `NaN` if `allowsMissing`. */
interface Range {
  low: number;
  high: number;
  allowsMissing: boolean;
}

/**
 * Four probes per split: below, at and above its threshold, one float32 step (or one category) apart, and missing. The
 * row's other cells are changed as far as needed to reach the split, which a random row rarely does in a deep tree.
 *
 * @param inputs - encoded columns of the data
 * @param pickRow - a random row of the data
 * @param random - uniform in [0, 1)
 */
export function splitProbes(
  model: GbdtModel,
  inputs: readonly Float32Array[],
  pickRow: () => number,
  random: () => number,
): Probe[] {
  const splits = model.trees.flatMap((tree) => {
    const parents = parentsOf(tree);
    return Array.from(tree.column, (column, node) => ({ tree, parents, column, node })).filter(
      ({ column }) => column >= 0,
    );
  });
  return choose(splits, MAX_SPLITS, random).flatMap(({ tree, parents, column, node }) => {
    const row = pickRow();
    const cells = new Map<number, Cell>();
    for (const [at, range] of pathTo(tree, parents, node)) {
      const encoding = model.columns[at]!;
      if (!isInside(range, inputs[at]![row]!)) cells.set(at, decode(encoding, valueInside(range, encoding)));
    }
    const encoding = model.columns[column]!;
    return valuesAround(tree.threshold[node]!, encoding).map((value) => ({
      row,
      cells: new Map(cells).set(column, decode(encoding, value)),
    }));
  });
}

/** Missing, infinite and unseen values, and all categories, each in a random row. */
export function valueProbes(model: GbdtModel, pickRow: () => number): Probe[] {
  return model.columns.flatMap((encoding, column) =>
    oddValues(encoding).map((value) => ({ row: pickRow(), cells: new Map([[column, value]]) })),
  );
}

function oddValues(encoding: ColumnEncoding): Cell[] {
  if (encoding.kind === 'numeric') return [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  let unseen = 'unseen';
  while (encoding.categories.includes(unseen)) unseen += '?';
  return [null, '', unseen, ...encoding.categories];
}

function parentsOf(tree: GbdtTree): Int32Array {
  const parents = new Int32Array(tree.column.length).fill(-1);
  tree.column.forEach((column, node) => {
    if (column < 0) return;
    parents[tree.left[node]!] = node;
    parents[tree.right[node]!] = node;
  });
  return parents;
}

function pathTo(tree: GbdtTree, parents: Int32Array, node: number): Map<number, Range> {
  const ranges = new Map<number, Range>();
  for (let child = node; parents[child]! >= 0; child = parents[child]!) {
    const parent = parents[child]!;
    const column = tree.column[parent]!;
    const range = ranges.get(column) ?? {
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      allowsMissing: true,
    };
    const isLeft = tree.left[parent] === child;
    if (isLeft) range.high = Math.min(range.high, tree.threshold[parent]!);
    else range.low = Math.max(range.low, tree.threshold[parent]!);
    range.allowsMissing &&= (tree.missingLeft[parent] === 1) === isLeft;
    ranges.set(column, range);
  }
  return ranges;
}

function isInside({ low, high, allowsMissing }: Range, value: number): boolean {
  return Number.isNaN(value) ? allowsMissing : value > low && value <= high;
}

function valueInside({ low, high }: Range, { kind }: ColumnEncoding): number {
  if (low === Number.POSITIVE_INFINITY) return Number.NaN;
  if (high < Number.POSITIVE_INFINITY) return kind === 'numeric' ? high : Math.floor(high);
  if (low > Number.NEGATIVE_INFINITY) return kind === 'numeric' ? neighbour(low, 1) : Math.ceil(low);
  return 0;
}

function valuesAround(threshold: number, { kind }: ColumnEncoding): number[] {
  if (kind === 'categorical') return [Math.floor(threshold), Math.ceil(threshold), Number.NaN];
  return [neighbour(threshold, -1), threshold, neighbour(threshold, 1), Number.NaN];
}

function decode(encoding: ColumnEncoding, value: number): Cell {
  return encoding.kind === 'numeric' ? value : (encoding.categories[value] ?? null);
}

/** At most `limit` of the items, any of them equally likely; the first `limit` steps of a Fisher–Yates shuffle. */
function choose<Item>(items: Item[], limit: number, random: () => number): Item[] {
  if (items.length <= limit) return items;
  for (let at = 0; at < limit; at++) {
    const other = at + Math.floor(random() * (items.length - at));
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items.slice(0, limit);
}
