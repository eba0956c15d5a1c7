/** One file → its counts: the profile of all rows and one per segment, in one pass and bounded memory. */

import { addColumns } from '../profile/add-columns.ts';
import type { Anchors } from '../profile/anchors.ts';
import { emptyProfile, type Profile } from '../profile/profile.ts';
import { addSegments, type Segments } from '../profile/segments.ts';
import type { Column } from '../schema/columns.ts';
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
  /** Column whose repeated values are counted; all of its values are kept in memory. */
  readonly id?: string | undefined;
  readonly onProgress?: ReadOptions['onProgress'];
}

export interface Counted {
  readonly rows: number;
  readonly whole: Profile;
  /** By `segmentKey`. */
  readonly segments: ReadonlyMap<string, Profile>;
  /** Rows whose id an earlier row has; 0 unless ids are asked for. */
  readonly duplicates: number;
}

export async function countRows(table: Table, request: CountRequest): Promise<Counted> {
  const { anchors, onProgress, id } = request;
  const kinds = id === undefined ? request.kinds : new Map([...request.kinds, [id, 'categorical' as const]]);
  const ids = new Set<string>();
  let duplicates = 0;
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
    duplicates += repeated(
      ids,
      batch.columns.find(({ name }) => name === id),
    );
    addSegments(segments, anchors, columns, request.segments);
  }
  return { rows, whole, segments, duplicates };
}

/** How many values were there before; new ones are added. A row without an id repeats none. */
function repeated(ids: Set<string>, column: Column | undefined): number {
  if (column?.kind !== 'categorical') return 0;
  let duplicates = 0;
  for (const value of column.values) {
    if (value === null) continue;
    if (ids.has(value)) duplicates++;
    else ids.add(value);
  }
  return duplicates;
}
