/** Counting rows into a profile: the one loop every value of the traffic passes through. */

import type { CategoricalColumn, Column, NumericColumn } from '#shared/schema/columns.ts';
import type { CategoricalAnchor } from './categorical-anchor.ts';
import { cellOf, cellSearch } from './cell-search.ts';
import { ProfileColumnError } from './errors.ts';
import { CHUNK_ROWS, MAX_FIXED, STEPS_PER_SCALE, squares } from './moments.ts';
import type { NumericAnchor } from './numeric-anchor.ts';
import { type CategoricalProfile, knownNames, type NumericProfile, type Profile } from './profile.ts';
import { addUnseen } from './unseen.ts';

/**
 * Counts columns into a profile, in place. Any subset of the profile's columns may come (labels arrive without
 * features); each column counts its own rows.
 *
 * @throws ProfileColumnError for a column the anchors do not know, or know as the other kind
 * @example
 * addColumns(profile, [{ kind: 'numeric', name: 'carat', values: Float32Array.of(0.3, NaN) }]) // one value, one missing
 */
export function addColumns(profile: Profile, columns: readonly Column[]): void {
  const anchors = new Map(profile.anchors.anchors.map((anchor) => [anchor.name, anchor]));
  const known = columns.map((column) => {
    const anchor = anchors.get(column.name);
    if (!anchor)
      throw new ProfileColumnError(`unknown column "${column.name}"; known: ${knownNames(profile)}`);
    if (anchor.kind !== column.kind)
      throw new ProfileColumnError(
        `column "${column.name}" is ${column.kind}, the baseline's is ${anchor.kind}`,
      );
    return { anchor, column, feature: profile.features.get(column.name) };
  });
  for (const { anchor, column, feature } of known) {
    if (anchor.kind === 'numeric' && column.kind === 'numeric' && feature?.kind === 'numeric') {
      for (let from = 0; from < column.values.length; from += CHUNK_ROWS)
        addNumbers(anchor, feature, column.values, from, Math.min(from + CHUNK_ROWS, column.values.length));
      feature.missing -= column.invalid ?? 0;
      feature.invalid += column.invalid ?? 0;
    } else if (
      anchor.kind === 'categorical' &&
      column.kind === 'categorical' &&
      feature?.kind === 'categorical'
    )
      addCategories(anchor, feature, column);
  }
}

function addNumbers(
  anchor: NumericAnchor,
  into: NumericProfile,
  values: NumericColumn['values'],
  from: number,
  to: number,
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
      continue;
    }
    counted++;
    cells[cellOf(search, value)]!++;
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

function countNonFinite(into: NumericProfile, value: number): void {
  if (value === Number.POSITIVE_INFINITY) into.positiveInfinite++;
  else if (value === Number.NEGATIVE_INFINITY) into.negativeInfinite++;
  else into.missing++;
}

const positions = new WeakMap<CategoricalAnchor, ReadonlyMap<string, number>>();

function categoryPositions(anchor: CategoricalAnchor): ReadonlyMap<string, number> {
  const known = positions.get(anchor);
  if (known) return known;
  const built = new Map(anchor.categories.map((category, at) => [category, at]));
  positions.set(anchor, built);
  return built;
}

function addCategories(anchor: CategoricalAnchor, into: CategoricalProfile, column: CategoricalColumn): void {
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
