/** The counting thread: counts one file on the anchors it was given and answers with the encoded counts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { TableEntry } from '#shared/comparison/comparison.ts';
import { countRows } from '#shared/comparison/count-rows.ts';
import type { Roles } from '#shared/comparison/roles.ts';
import type { Unit } from '#shared/comparison/units.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { anchorsFromJson } from '#shared/profile/anchors-json.ts';
import { encodeProfile } from '#shared/profile/encode.ts';
import { encodeSegments } from '#shared/profile/segments.ts';
import { type ColumnKind, openTable, type ReadOptions } from '#shared/tabular/table.ts';
import { entryOf } from './count.ts';

export interface CountTask {
  readonly file: string;
  readonly kinds: readonly (readonly [string, ColumnKind])[];
  /** JSON text. */
  readonly anchors: string;
  readonly units: readonly (readonly [string, Unit])[];
  readonly roles: Roles;
  readonly segments: readonly string[];
  readonly id: string | undefined;
}

export type CountMessage =
  | { readonly type: 'progress'; readonly done: Parameters<NonNullable<ReadOptions['onProgress']>>[0] }
  | { readonly type: 'invalid'; readonly reason: string }
  | {
      readonly type: 'counted';
      readonly entry: TableEntry;
      readonly notes: readonly string[];
      readonly whole: Uint8Array;
      readonly segments: ReturnType<typeof encodeSegments>;
      readonly duplicates: number;
    };

const task = workerData as CountTask;
const answer = (message: CountMessage) => parentPort?.postMessage(message);

try {
  const table = await openTable(task.file);
  const { rows, whole, segments, duplicates } = await countRows(table, {
    kinds: new Map(task.kinds),
    anchors: anchorsFromJson(JSON.parse(task.anchors)),
    units: new Map(task.units),
    roles: task.roles,
    segments: task.segments,
    id: task.id,
    onProgress: (done) => answer({ type: 'progress', done }),
  });
  answer({
    type: 'counted',
    entry: entryOf(table, rows),
    notes: table.notes,
    whole: encodeProfile(whole),
    segments: encodeSegments(segments),
    duplicates,
  });
} catch (error) {
  if (!(error instanceof InvalidDataError)) throw error;
  answer({ type: 'invalid', reason: error.message });
}
