/** One file → its counts: the profile of all rows and one per segment, in one pass and bounded memory. */

import { addColumns } from '../profile/add-columns.ts';
import type { Anchors } from '../profile/anchors.ts';
import { emptyProfile, type Profile } from '../profile/profile.ts';
import { type Column, takeRows } from '../schema/columns.ts';
import type { ColumnKind, ReadOptions, Table } from '../tabular/table.ts';
import { lossColumn, type Roles } from './roles.ts';

export interface CountRequest {
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  readonly anchors: Anchors;
  readonly roles: Roles;
  /** The values of each segment column that are counted apart. */
  readonly segments: ReadonlyMap<string, readonly string[]>;
  readonly onProgress?: ReadOptions['onProgress'];
}

export interface Counted {
  readonly rows: number;
  readonly whole: Profile;
  /** By `segmentKey`. */
  readonly segments: ReadonlyMap<string, Profile>;
}

export function segmentKey(column: string, value: string): string {
  return JSON.stringify([column, value]);
}

export async function countRows(table: Table, request: CountRequest): Promise<Counted> {
  const { anchors, kinds, onProgress } = request;
  const known = new Set(anchors.anchors.map((anchor) => anchor.name));
  const whole = emptyProfile(anchors);
  const segments = new Map<string, Profile>();
  for (const [column, values] of request.segments)
    for (const value of values) segments.set(segmentKey(column, value), emptyProfile(anchors));
  let rows = 0;
  for await (const batch of table.batches({ kinds, ...(onProgress ? { onProgress } : {}) })) {
    rows += batch.rows;
    const loss = lossColumn(batch.columns, request.roles);
    const columns = [...batch.columns, ...(loss ? [loss] : [])].filter(({ name }) => known.has(name));
    addColumns(whole, columns);
    for (const [column, values] of request.segments) addSlices(segments, column, values, batch.rows, columns);
  }
  return { rows, whole, segments };
}

function addSlices(
  segments: ReadonlyMap<string, Profile>,
  name: string,
  values: readonly string[],
  rows: number,
  columns: readonly Column[],
): void {
  const by = columns.find((column) => column.name === name);
  if (by?.kind !== 'categorical') return;
  const members = new Map<string, number[]>(values.map((value) => [value, []]));
  by.values.forEach((value, row) => {
    if (value !== null) members.get(value)?.push(row);
  });
  for (const [value, taken] of members)
    if (taken.length > 0)
      addColumns(segments.get(segmentKey(name, value))!, takeRows({ rows, columns }, taken).columns);
}
