/** Test data for the statistics: seeded draws, and columns and profiles in one call. */

import type { CategoricalColumn, NumericColumn } from '#shared/schema/columns.ts';
import { addColumns } from './add-columns.ts';
import { type Anchors, buildAnchors, type Channel } from './anchors.ts';
import { emptyProfile, type Profile } from './profile.ts';

export type Random = () => number;

type WithChannel<T> = T & { readonly channel: Channel };

export function numeric(
  name: string,
  values: ArrayLike<number>,
  channel: Channel = 'feature',
): WithChannel<NumericColumn> {
  return { kind: 'numeric', name, channel, values: Float64Array.from(values) };
}

/** `count` draws of `draw`. */
export function draws(name: string, count: number, draw: () => number): WithChannel<NumericColumn> {
  return numeric(name, Float64Array.from({ length: count }, draw));
}

export function categorical(
  name: string,
  values: readonly (string | null)[],
  channel: Channel = 'feature',
): WithChannel<CategoricalColumn> {
  return { kind: 'categorical', name, channel, values };
}

/** The profile of some columns; on their own anchors unless others are given. */
export function profileOf(
  columns: readonly WithChannel<NumericColumn | CategoricalColumn>[],
  anchors: Anchors = buildAnchors(columns),
): Profile {
  const profile = emptyProfile(anchors);
  addColumns(profile, columns);
  return profile;
}
