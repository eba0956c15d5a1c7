/** The spool: predictions the table refused, one JSON line each, put again at the next start. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { Deps, SpoolRecord } from '#shared/deps.ts';
import type { Table } from '#shared/ports/table.ts';

/** Appends and syncs; a full disk is logged, never thrown. */
export function createSpool(file: string, log: Deps['log']): (record: SpoolRecord) => void {
  return (record) => {
    try {
      const descriptor = openSync(file, 'a');
      writeSync(descriptor, `${JSON.stringify(record)}\n`);
      fsyncSync(descriptor);
      closeSync(descriptor);
    } catch (error) {
      log('error', 'the spool could not be written; a prediction is lost', {
        pk: record.pk,
        error: String(error),
      });
    }
  };
}

/** Puts every spooled record that is not there yet; exactly once, because each is a put-if-absent of its key. */
export async function replaySpool(file: string, predictions: Table): Promise<number> {
  const pending = `${file}.replaying`;
  let replayed = 0;
  // what an interrupted replay left comes first
  while (existsSync(pending) || existsSync(file)) {
    if (!existsSync(pending)) renameSync(file, pending);
    replayed += await replayFile(pending, predictions);
    rmSync(pending);
  }
  return replayed;
}

async function replayFile(file: string, predictions: Table): Promise<number> {
  let replayed = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const record = parseLine(line);
    if (!record) continue;
    const { pk, sk, value, expiresAt } = record;
    const put = await predictions.putIfAbsent(
      { pk, sk },
      value,
      expiresAt === undefined ? {} : { expiresAt },
    );
    if (put.stored) replayed += 1;
  }
  return replayed;
}

/** The last line may have been cut by a kill; it was never acknowledged as spooled. */
function parseLine(line: string): SpoolRecord | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as SpoolRecord);
  } catch {
    return undefined;
  }
}
