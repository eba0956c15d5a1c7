/** Segments: the same counts again for the rows of each frequent value of chosen columns. */

import { type Column, takeRows } from '#shared/schema/columns.ts';
import { addColumns } from './add-columns.ts';
import type { Anchors } from './anchors.ts';
import { addEncoded, encodeProfile } from './encode.ts';
import { emptyProfile, mergeProfiles, type Profile } from './profile.ts';

/** Values of a column that are counted apart: the baseline's most frequent ones. */
const MAX_SEGMENTS = 20;

/** By `segmentKey`; a segment without rows is absent. */
export type Segments = Map<string, Profile>;

/** @example segmentKey('cut', 'Ideal') // '["cut","Ideal"]' */
export function segmentKey(column: string, value: string): string {
  return JSON.stringify([column, value]);
}

/** The column and the value that `segmentKey` joined. */
export function segmentOf(key: string): { readonly column: string; readonly value: string } {
  const [column, value] = JSON.parse(key) as [string, string];
  return { column, value };
}

/** The values of a categorical column that are segments, fixed by the baseline so that every worker counts the same. */
export function segmentValues(anchors: Anchors, column: string): readonly string[] {
  const anchor = anchors.anchors.find(({ name }) => name === column);
  return anchor?.kind === 'categorical' ? anchor.categories.slice(0, MAX_SEGMENTS) : [];
}

/**
 * Counts rows into their segments.
 *
 * @param columns columns of equal length, the segment columns among them; a segment column that is absent counts nothing
 * @param by names of categorical columns
 */
export function addSegments(
  into: Segments,
  anchors: Anchors,
  columns: readonly Column[],
  by: readonly string[],
): void {
  for (const name of by) {
    const column = columns.find((one) => one.name === name);
    if (column?.kind !== 'categorical') continue;
    const rowsOf = new Map<string, number[]>(segmentValues(anchors, name).map((value) => [value, []]));
    column.values.forEach((value, row) => {
      if (value !== null) rowsOf.get(value)?.push(row);
    });
    for (const [value, rows] of rowsOf) {
      if (rows.length === 0) continue;
      const key = segmentKey(name, value);
      const profile = into.get(key) ?? emptyProfile(anchors);
      into.set(key, profile);
      addColumns(profile, takeRows({ rows: column.values.length, columns }, rows).columns);
    }
  }
}

/** Adds `from` into `into` and returns `into`; a segment that is new to it is taken over, not copied. */
export function mergeSegments(into: Segments, from: ReadonlyMap<string, Profile>): Segments {
  for (const [key, profile] of from) {
    const known = into.get(key);
    if (known) mergeProfiles(known, profile);
    else into.set(key, profile);
  }
  return into;
}

/** Base64 of each segment's encoded profile, by key: JSON that `addEncodedSegments` reads. */
export function encodeSegments(segments: ReadonlyMap<string, Profile>): Record<string, string> {
  return Object.fromEntries(
    [...segments].map(([key, profile]) => [key, Buffer.from(encodeProfile(profile)).toString('base64')]),
  );
}

/** Adds encoded segments into `into` and returns it. @throws as `addEncoded` */
export function addEncodedSegments(
  into: Segments,
  anchors: Anchors,
  encoded: Readonly<Record<string, string>>,
): Segments {
  for (const [key, text] of Object.entries(encoded)) {
    const profile = into.get(key) ?? emptyProfile(anchors);
    into.set(key, profile);
    addEncoded(profile, Buffer.from(text, 'base64'));
  }
  return into;
}
