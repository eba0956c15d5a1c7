/** Counting both files: the smaller work in this thread, a large current file in a worker beside it. */
import { Worker } from 'node:worker_threads';
import type { TableEntry } from '#shared/comparison/comparison.ts';
import { type Counted, type CountRequest, countRows } from '#shared/comparison/count-rows.ts';
import { profileInOwnUnits } from '#shared/comparison/units.ts';
import { InvalidDataError } from '#shared/errors.ts';
import type { Anchors } from '#shared/profile/anchors.ts';
import { anchorsToJson } from '#shared/profile/anchors-json.ts';
import { decodeProfile } from '#shared/profile/encode.ts';
import { addEncodedSegments } from '#shared/profile/segments.ts';
import type { Table } from '#shared/tabular/table.ts';
import type { CountMessage, CountTask } from './count-worker.ts';

export interface CountedFile extends Counted {
  readonly entry: TableEntry;
  readonly notes: readonly string[];
}

/** What is counted, and how the counts are shown. */
export interface CountPlan extends Omit<CountRequest, 'onProgress' | 'anchors'> {
  /** In the data's own units, in which the counts are given. */
  readonly anchors: Anchors;
  /** In `units`, in which rows are counted. */
  readonly countedOn: Anchors;
  readonly units: NonNullable<CountRequest['units']>;
}

type OnProgress = NonNullable<CountRequest['onProgress']>;

export async function countHere(table: Table, plan: CountPlan, onProgress: OnProgress): Promise<CountedFile> {
  const counted = await countRows(table, { ...plan, anchors: plan.countedOn, onProgress });
  return { ...inOwnUnits(counted, plan), entry: entryOf(table, counted.rows), notes: table.notes };
}

function inOwnUnits({ rows, whole, segments, duplicates }: Counted, { anchors, units }: CountPlan): Counted {
  return {
    rows,
    duplicates,
    whole: profileInOwnUnits(whole, anchors, units),
    segments: new Map([...segments].map(([key, one]) => [key, profileInOwnUnits(one, anchors, units)])),
  };
}

/** What the file was, and what of it could not be read; by its base name the report would not tell two days apart. */
export function entryOf(table: Table, rows: number): TableEntry {
  const { rows: skipped, first } = table.skipped;
  return { file: table.file, rows, skipped, ...(first === undefined ? {} : { first_skipped: first }) };
}

/** The same in a thread of its own. Throws what the thread threw; {@link InvalidDataError} as itself. */
export async function countInWorker(
  file: string,
  plan: CountPlan,
  onProgress: OnProgress,
): Promise<CountedFile> {
  const { countedOn } = plan;
  const task: CountTask = {
    file,
    kinds: [...plan.kinds],
    anchors: JSON.stringify(anchorsToJson(countedOn)),
    units: [...plan.units],
    roles: plan.roles,
    segments: plan.segments,
    id: plan.id,
  };
  const worker = new Worker(new URL('./count-worker.mjs', import.meta.url), { workerData: task });
  try {
    return await new Promise<CountedFile>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the counting thread ended with code ${code}`)));
      worker.on('message', (message: CountMessage) => {
        if (message.type === 'progress') onProgress(message.done);
        else if (message.type === 'invalid') reject(new InvalidDataError(message.reason));
        else
          resolve({
            ...inOwnUnits(
              {
                rows: message.entry.rows,
                duplicates: message.duplicates,
                whole: decodeProfile(countedOn, message.whole),
                segments: addEncodedSegments(new Map(), countedOn, message.segments),
              },
              plan,
            ),
            entry: message.entry,
            notes: message.notes,
          });
      });
    });
  } finally {
    await worker.terminate();
  }
}
