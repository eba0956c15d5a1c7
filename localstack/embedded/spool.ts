/** The spool: predictions the table refused, one JSON line each, put again at the next start. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import * as z from 'zod';
import type { Deps, SpoolRecord } from '#shared/deps.ts';
import { isNeverStorable } from '#shared/ports/errors.ts';
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

/**
 * Puts every spooled record that is not there yet; exactly once, because each is a put-if-absent of its key. A line that can
 * never be put goes to {@link rejectedFile}. Never throws: what the store does not take now waits for the next start.
 */
export async function replaySpool(file: string, predictions: Table, log: Deps['log']): Promise<number> {
  const pending = `${file}.replaying`;
  let replayed = 0;
  try {
    // what an interrupted replay left comes first
    while (existsSync(pending) || existsSync(file)) {
      if (!existsSync(pending)) renameSync(file, pending);
      for (const line of readFileSync(pending, 'utf8').split('\n')) {
        if (line === '') continue;
        const outcome = await replayLine(line, predictions);
        if (outcome.kind === 'stored') replayed += 1;
        if (outcome.kind === 'rejected') reject(rejectedFile(file), line, outcome.reason, log);
      }
      rmSync(pending);
    }
  } catch (error) {
    log('error', 'the spool could not be replayed; the next start tries again', {
      file: pending,
      error: String(error),
    });
  }
  return replayed;
}

/** What no start will ever be able to put, for somebody to look at. */
export function rejectedFile(file: string): string {
  return file.replace(/\.ndjson$/, '.rejected.ndjson');
}

type Replayed =
  | { readonly kind: 'stored' | 'already_there' }
  | { readonly kind: 'rejected'; readonly reason: string };

const recordSchema = z.object({
  pk: z.string(),
  sk: z.string(),
  value: z.json(),
  expiresAt: z.number().optional(),
});

async function replayLine(line: string, predictions: Table): Promise<Replayed> {
  try {
    const { pk, sk, value, expiresAt } = recordSchema.parse(JSON.parse(line));
    const options = expiresAt === undefined ? {} : { expiresAt };
    const put = await predictions.putIfAbsent({ pk, sk }, value, options);
    return { kind: put.stored ? 'stored' : 'already_there' };
  } catch (error) {
    const isUnreadable = error instanceof SyntaxError || error instanceof z.ZodError;
    if (isUnreadable || isNeverStorable(error)) return { kind: 'rejected', reason: String(error) };
    throw error;
  }
}

/** A last line that a kill has cut ends here too; it was never acknowledged as spooled. */
function reject(file: string, line: string, reason: string, log: Deps['log']): void {
  appendFileSync(file, `${line}\n`);
  log('warn', 'a spooled record can never be logged', { file, reason: reason.slice(0, 500) });
}
