/** The cells that show a wrong export: around every split in rows that reach it, and the odd values of every column. */

import type { ColumnEncoding } from './column-encoding.ts';
import { neighbour } from './float32.ts';
import { goesLeft, type Tree } from './tree.ts';

/** More splits than this are thinned. */
const MAX_SPLITS = 5000;
/** Of a set split, so many categories of either side are tried. */
const CATEGORIES_PER_SIDE = 4;

/** What is probed: any model's columns, and its trees if it has any. */
export interface ProbedModel {
  readonly columns: readonly ColumnEncoding[];
  readonly trees?: readonly Tree[];
}

type Cell = number | string | null;

/** A row of the data with some of its cells replaced. */
export interface Probe {
  readonly row: number;
  /** By column index of the model. */
  readonly cells: ReadonlyMap<number, Cell>;
}

/** The encoded values of a column with which a row gets to a node. */
interface Reach {
  /** `low < value <= high`, of a numeric column. */
  low: number;
  high: number;
  /** Of a categorical column. */
  codes: number[];
  allowsMissing: boolean;
}

/**
 * Probes of every split: below, at and above its threshold, one float32 step apart, or categories of either side and an
 * unseen one; and missing. The row's other cells are changed as far as needed to reach the split, which a random row
 * rarely does in a deep tree.
 *
 * @param inputs - encoded columns of the data
 * @param pickRow - a random row of the data
 * @param random - uniform in [0, 1)
 */
export function splitProbes(
  { columns, trees = [] }: ProbedModel,
  inputs: readonly Float32Array[],
  pickRow: () => number,
  random: () => number,
): Probe[] {
  const splits = trees.flatMap((tree) => {
    const parents = parentsOf(tree);
    return Array.from(tree.column, (column, node) => ({ tree, parents, column, node })).filter(
      ({ column }) => column >= 0,
    );
  });
  return choose(splits, MAX_SPLITS, random).flatMap(({ tree, parents, column, node }) => {
    const row = pickRow();
    const cells = new Map<number, Cell>();
    const path = pathTo(tree, parents, node, columns);
    for (const [at, reach] of path) {
      const encoding = columns[at]!;
      if (!isInside(reach, encoding, inputs[at]![row]!))
        cells.set(at, decode(encoding, valueInside(reach, encoding)));
    }
    const encoding = columns[column]!;
    const values =
      encoding.kind === 'numeric'
        ? valuesAround(tree.threshold[node]!)
        : categoriesAround(tree, node, encoding, path.get(column)?.codes, random);
    return values.map((value) => ({ row, cells: new Map(cells).set(column, value) }));
  });
}

/** Missing, infinite and unseen values, and all categories, each in a random row. */
export function valueProbes({ columns }: ProbedModel, pickRow: () => number): Probe[] {
  return columns.flatMap((encoding, column) =>
    oddValues(encoding).map((value) => ({ row: pickRow(), cells: new Map([[column, value]]) })),
  );
}

function oddValues(encoding: ColumnEncoding): Cell[] {
  if (encoding.kind === 'numeric') return [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return [null, '', unseen(encoding.categories), ...encoding.categories];
}

function unseen(categories: readonly string[]): string {
  let name = 'unseen';
  while (categories.includes(name)) name += '?';
  return name;
}

function parentsOf(tree: Tree): Int32Array {
  const parents = new Int32Array(tree.column.length).fill(-1);
  tree.column.forEach((column, node) => {
    if (column < 0) return;
    parents[tree.left[node]!] = node;
    parents[tree.right[node]!] = node;
  });
  return parents;
}

function pathTo(
  tree: Tree,
  parents: Int32Array,
  node: number,
  columns: readonly ColumnEncoding[],
): Map<number, Reach> {
  const reaches = new Map<number, Reach>();
  for (let child = node; parents[child]! >= 0; child = parents[child]!) {
    const parent = parents[child]!;
    const column = tree.column[parent]!;
    const reach = reaches.get(column) ?? {
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      codes: codesOf(columns[column]!),
      allowsMissing: true,
    };
    const isLeft = tree.left[parent] === child;
    reach.codes = reach.codes.filter((code) => goesLeft(tree, parent, code) === isLeft);
    if (isLeft) reach.high = Math.min(reach.high, tree.threshold[parent]!);
    else reach.low = Math.max(reach.low, tree.threshold[parent]!);
    reach.allowsMissing &&= (tree.missingLeft[parent] === 1) === isLeft;
    reaches.set(column, reach);
  }
  return reaches;
}

function codesOf(encoding: ColumnEncoding): number[] {
  return encoding.kind === 'numeric' ? [] : Array.from(encoding.categories.keys());
}

function isInside(reach: Reach, { kind }: ColumnEncoding, value: number): boolean {
  if (Number.isNaN(value)) return reach.allowsMissing;
  return kind === 'numeric' ? value > reach.low && value <= reach.high : reach.codes.includes(value);
}

function valueInside({ low, high, codes }: Reach, { kind }: ColumnEncoding): number {
  if (kind === 'categorical') return codes[0] ?? Number.NaN;
  if (low === Number.POSITIVE_INFINITY) return Number.NaN;
  if (high < Number.POSITIVE_INFINITY) return high;
  return low > Number.NEGATIVE_INFINITY ? neighbour(low, 1) : 0;
}

function valuesAround(threshold: number): number[] {
  return [neighbour(threshold, -1), threshold, neighbour(threshold, 1), Number.NaN];
}

function categoriesAround(
  tree: Tree,
  node: number,
  encoding: ColumnEncoding & { readonly kind: 'categorical' },
  reachable: number[] = codesOf(encoding),
  random: () => number,
): (string | null)[] {
  const side = (isLeft: boolean) => {
    const codes = reachable.filter((code) => goesLeft(tree, node, code) === isLeft);
    return choose(codes, CATEGORIES_PER_SIDE, random).map((code) => encoding.categories[code]!);
  };
  return [...side(true), ...side(false), null, unseen(encoding.categories)];
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
