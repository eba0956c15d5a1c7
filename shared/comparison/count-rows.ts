/** One file → its counts: the profile of all rows and one per segment, in one pass and bounded memory. */

import { addColumns } from '../profile/add-columns.ts';
import type { Anchors } from '../profile/anchors.ts';
import { emptyProfile, type Profile } from '../profile/profile.ts';
import { addSegments, type Segments } from '../profile/segments.ts';
import type { ColumnKind, ReadOptions, Table } from '../tabular/table.ts';
import { lossColumn, type Roles } from './roles.ts';
import { inUnits, type Units } from './units.ts';

export interface CountRequest {
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  readonly anchors: Anchors;
  readonly roles: Roles;
  /** Of the columns that the anchors hold in another unit than the file. */
  readonly units?: Units;
  /** Categorical columns whose frequent values are counted apart. */
  readonly segments: readonly string[];
  readonly onProgress?: ReadOptions['onProgress'];
}

export interface Counted {
  readonly rows: number;
  readonly whole: Profile;
  /** By `segmentKey`. */
  readonly segments: ReadonlyMap<string, Profile>;
}

export async function countRows(table: Table, request: CountRequest): Promise<Counted> {
  const { anchors, kinds, onProgress } = request;
  const known = new Set(anchors.anchors.map((anchor) => anchor.name));
  const units = request.units ?? new Map();
  // a loss is the difference of two columns
  const { target, prediction } = request.roles;
  const exact = new Set([...units.keys(), target, prediction].filter((name) => name !== undefined));
  const whole = emptyProfile(anchors);
  const segments: Segments = new Map();
  let rows = 0;
  for await (const batch of table.batches({ kinds, exact, ...(onProgress ? { onProgress } : {}) })) {
    rows += batch.rows;
    const loss = lossColumn(batch.columns, request.roles);
    const columns = inUnits(
      [...batch.columns, ...(loss ? [loss] : [])].filter(({ name }) => known.has(name)),
      units,
    );
    addColumns(whole, columns);
    addSegments(segments, anchors, columns, request.segments);
  }
  return { rows, whole, segments };
}
