/** Counting rows into a profile: the one loop every value of the traffic passes through. */

import type { CategoricalColumn, Column, NumericColumn } from '#shared/schema/columns.ts';
import type { Anchor, Anchors } from './anchors.ts';
import type { CategoricalAnchor } from './categorical-anchor.ts';
import { cellOf, cellSearch } from './cell-search.ts';
import { addScores, scoresOfCells } from './co-moments.ts';
import { ProfileColumnError } from './errors.ts';
import { MAX_FIXED, STEPS_PER_SCALE, squares } from './moments.ts';
import type { NumericAnchor } from './numeric-anchor.ts';
import {
  type CategoricalProfile,
  featureOf,
  knownNames,
  type NumericProfile,
  type Profile,
} from './profile.ts';
import { addUnseen } from './unseen.ts';

/** Rows taken through all columns at a time: few enough to stay in the cache, and that products below 2^32 add exactly. */
const BLOCK_ROWS = 2 ** 14;

/**
 * Counts columns into a profile, in place. Any subset of the profile's columns may come (labels arrive without
 * features); each column counts its own rows. How columns go together is counted where all dependent ones come at once.
 *
 * @throws ProfileColumnError for a column the anchors do not know, or know as the other kind
 * @example
 * addColumns(profile, [{ kind: 'numeric', name: 'carat', values: Float32Array.of(0.3, NaN) }]) // one value, one missing
 */
export function addColumns(profile: Profile, columns: readonly Column[]): void {
  const anchors = new Map(profile.anchors.anchors.map((anchor) => [anchor.name, anchor]));
  const scoring = scoringOf(profile.anchors, columns);
  const numbers: NumberCounter[] = [];
  const categories: CategoryCounter[] = [];
  for (const column of columns) {
    const anchor = anchorOf(profile, anchors, column);
    const feature = featureOf(profile, column.name);
    if (anchor.kind === 'numeric' && column.kind === 'numeric' && feature.kind === 'numeric')
      numbers.push({ anchor, feature, column, scoring: scoring?.byColumn.get(column.name) });
    else if (anchor.kind === 'categorical' && column.kind === 'categorical' && feature.kind === 'categorical')
      categories.push({ anchor, feature, column });
  }
  const rows = numbers.reduce((most, { column }) => Math.max(most, column.values.length), 0);
  const cellOfRow = new Int16Array(Math.min(rows, BLOCK_ROWS));
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    for (const { anchor, feature, column, scoring: own } of numbers) {
      const to = Math.min(from + BLOCK_ROWS, column.values.length);
      addNumbers(anchor, feature, column.values, from, to, cellOfRow);
      if (own) scoreRows(own, cellOfRow, to - from);
    }
    if (scoring && from < scoring.rows)
      addScores(profile.coMoments, scoring.scores, Math.min(BLOCK_ROWS, scoring.rows - from));
  }
  for (const { feature, column } of numbers) {
    feature.missing -= column.invalid ?? 0;
    feature.invalid += column.invalid ?? 0;
  }
  for (const counter of categories) addCategories(counter);
}

function anchorOf(profile: Profile, anchors: ReadonlyMap<string, Anchor>, column: Column): Anchor {
  const anchor = anchors.get(column.name);
  if (!anchor) throw new ProfileColumnError(`unknown column "${column.name}"; known: ${knownNames(profile)}`);
  if (anchor.kind !== column.kind)
    throw new ProfileColumnError(
      `column "${column.name}" is ${column.kind}, the baseline's is ${anchor.kind}`,
    );
  return anchor;
}

/** What scores the rows of the dependent columns. */
interface Scoring {
  readonly rows: number;
  /** Per dependent column, room for a block of rows. */
  readonly scores: readonly Int8Array[];
  readonly byColumn: ReadonlyMap<string, ColumnScoring>;
}

interface ColumnScoring {
  /** By cell. */
  readonly scoreOf: Int8Array;
  readonly scores: Int8Array;
}

const cellScores = new WeakMap<Anchors, ReadonlyMap<string, Int8Array>>();

/** Undefined unless all dependent columns came, with equally many rows. */
function scoringOf(anchors: Anchors, columns: readonly Column[]): Scoring | undefined {
  if (!anchors.dependence) return undefined;
  const lengths = new Map(columns.map(({ name, values }) => [name, values.length]));
  const names = anchors.dependence.columns;
  const rows = lengths.get(names[0]!);
  if (rows === undefined || names.some((name) => lengths.get(name) !== rows)) return undefined;
  const scores = names.map(() => new Int8Array(Math.min(rows, BLOCK_ROWS)));
  const scoreOf = scoresOf(anchors);
  return {
    rows,
    scores,
    byColumn: new Map(names.map((name, at) => [name, { scoreOf: scoreOf.get(name)!, scores: scores[at]! }])),
  };
}

function scoresOf(anchors: Anchors): ReadonlyMap<string, Int8Array> {
  const known = cellScores.get(anchors);
  if (known) return known;
  const { columns, steps } = anchors.dependence!;
  const cellsOf = new Map(
    anchors.anchors.map((anchor) => [
      anchor.name,
      anchor.kind === 'numeric' ? 2 * anchor.edges.length + 1 : 0,
    ]),
  );
  const built = new Map(columns.map((name, at) => [name, scoresOfCells(steps[at]!, cellsOf.get(name)!)]));
  cellScores.set(anchors, built);
  return built;
}

interface NumberCounter {
  readonly anchor: NumericAnchor;
  readonly feature: NumericProfile;
  readonly column: NumericColumn;
  readonly scoring: ColumnScoring | undefined;
}

/** @param cellOfRow takes the cell of each row from 0 on; −1 for a row without a finite value */
function addNumbers(
  anchor: NumericAnchor,
  into: NumericProfile,
  values: NumericColumn['values'],
  from: number,
  to: number,
  cellOfRow: Int16Array,
): void {
  const search = cellSearch(anchor);
  const { cells } = into;
  const { location } = anchor;
  const steps = STEPS_PER_SCALE / anchor.scale;
  let { min, max } = into;
  let [counted, clipped, sum, highSquares, crossProducts, lowSquares] = [0, 0, 0, 0, 0, 0];
  for (let row = from; row < to; row++) {
    const value = Math.fround(values[row]!);
    if (value - value !== 0) {
      countNonFinite(into, value);
      cellOfRow[row - from] = -1;
      continue;
    }
    counted++;
    const cell = cellOf(search, value);
    cells[cell]!++;
    cellOfRow[row - from] = cell;
    if (value < min) min = value;
    if (value > max) max = value;
    let fixed = Math.floor((value - location) * steps + 0.5);
    if (fixed > MAX_FIXED) {
      fixed = MAX_FIXED;
      clipped++;
    } else if (fixed < -MAX_FIXED) {
      fixed = -MAX_FIXED;
      clipped++;
    }
    const high = fixed >> 16;
    const low = fixed & 0xffff;
    sum += fixed;
    highSquares += high * high;
    crossProducts += high * low;
    lowSquares += low * low;
  }
  into.count += counted;
  into.clipped += clipped;
  // + 0 turns -0 into 0, which would otherwise depend on the order of rows.
  into.min = min + 0;
  into.max = max + 0;
  into.sum += BigInt(sum);
  into.sumOfSquares += squares(highSquares, crossProducts, lowSquares);
}

/** A missing value scores 0, the middle. */
function scoreRows({ scoreOf, scores }: ColumnScoring, cellOfRow: Int16Array, rows: number): void {
  for (let row = 0; row < rows; row++) {
    const cell = cellOfRow[row]!;
    scores[row] = cell < 0 ? 0 : scoreOf[cell]!;
  }
}

function countNonFinite(into: NumericProfile, value: number): void {
  if (value === Number.POSITIVE_INFINITY) into.positiveInfinite++;
  else if (value === Number.NEGATIVE_INFINITY) into.negativeInfinite++;
  else into.missing++;
}

interface CategoryCounter {
  readonly anchor: CategoricalAnchor;
  readonly feature: CategoricalProfile;
  readonly column: CategoricalColumn;
}

const positions = new WeakMap<CategoricalAnchor, ReadonlyMap<string, number>>();

function categoryPositions(anchor: CategoricalAnchor): ReadonlyMap<string, number> {
  const known = positions.get(anchor);
  if (known) return known;
  const built = new Map(anchor.categories.map((category, at) => [category, at]));
  positions.set(anchor, built);
  return built;
}

function addCategories({ anchor, feature: into, column }: CategoryCounter): void {
  const position = categoryPositions(anchor);
  for (const value of column.values) {
    if (value === null) {
      into.missing++;
      continue;
    }
    into.count++;
    const at = position.get(value);
    if (at === undefined) addUnseen(into.unseen, value);
    else into.categories[at]!++;
  }
}
