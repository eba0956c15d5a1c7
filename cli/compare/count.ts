/** Counting both files: the smaller work in this thread, a large current file in a worker beside it. */
import { Worker } from 'node:worker_threads';
import type { TableEntry } from '#shared/comparison/comparison.ts';
import { type Counted, type CountRequest, countRows } from '#shared/comparison/count-rows.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { anchorsToJson } from '#shared/profile/anchors-json.ts';
import { decodeProfile } from '#shared/profile/encode.ts';
import { addEncodedSegments } from '#shared/profile/segments.ts';
import type { Table } from '#shared/tabular/table.ts';
import type { CountMessage, CountTask } from './count-worker.ts';

export interface CountedFile extends Counted {
  readonly entry: TableEntry;
  readonly notes: readonly string[];
}

type OnProgress = NonNullable<CountRequest['onProgress']>;

export async function countHere(
  table: Table,
  request: Omit<CountRequest, 'onProgress'>,
  onProgress: OnProgress,
): Promise<CountedFile> {
  const counted = await countRows(table, { ...request, onProgress });
  return { ...counted, entry: entryOf(table, counted.rows), notes: table.notes };
}

/** What the file was, and what of it could not be read; by its base name the report would not tell two days apart. */
export function entryOf(table: Table, rows: number): TableEntry {
  const { rows: skipped, first } = table.skipped;
  return { file: table.file, rows, skipped, ...(first === undefined ? {} : { first_skipped: first }) };
}

/** The same in a thread of its own. Throws what the thread threw; {@link InvalidDataError} as itself. */
export async function countInWorker(
  file: string,
  request: Omit<CountRequest, 'onProgress'>,
  onProgress: OnProgress,
): Promise<CountedFile> {
  const { anchors } = request;
  const task: CountTask = {
    file,
    kinds: [...request.kinds],
    anchors: JSON.stringify(anchorsToJson(anchors)),
    roles: request.roles,
    segments: request.segments,
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
            rows: message.entry.rows,
            whole: decodeProfile(anchors, message.whole),
            segments: addEncodedSegments(new Map(), anchors, message.segments),
            entry: message.entry,
            notes: message.notes,
          });
      });
    });
  } finally {
    await worker.terminate();
  }
}
