/** Any number of lost records back into a table, some at a time, and what became of each. */
import type { SpoolRecord } from '#shared/deps.ts';
import type { Found } from './lost-records.ts';
import { type PutBackDeps, putBack } from './put-back.ts';

export interface Fault {
  readonly where: string;
  readonly reason: string;
}

interface Refusal extends Fault {
  readonly hasExpired: boolean;
}

export interface PutRecords {
  put: number;
  alreadyThere: number;
  /** Lines of a log that carry no record, removals of a stream. */
  other: number;
  readonly refused: Refusal[];
  readonly unreadable: Fault[];
}

/** So many share a commit, or are under way. */
const AT_ONCE = 100;

/** Throws when the table or the source of the records fails; what was put by then is put. */
export async function putRecords(lost: AsyncIterable<Found>, deps: PutBackDeps): Promise<PutRecords> {
  const result: PutRecords = { put: 0, alreadyThere: 0, other: 0, refused: [], unreadable: [] };
  const waiting = new Map<string, { readonly where: string; readonly record: SpoolRecord }>();
  const looked = new Set<string>();

  async function putWaiting(): Promise<void> {
    const lot = [...waiting.values()];
    waiting.clear();
    const outcomes = await Promise.all(lot.map(({ record }) => putBack(deps, record)));
    for (const [at, outcome] of outcomes.entries()) {
      const { where, record } = lot[at]!;
      if (outcome.kind === 'refused' || outcome.kind === 'expired')
        result.refused.push({ where, reason: outcome.reason, hasExpired: outcome.kind === 'expired' });
      else if (outcome.kind === 'already_there' || isRepeated(record)) result.alreadyThere += 1;
      else result.put += 1;
    }
  }

  /** What is only looked at is not there the second time either. */
  function isRepeated(record: SpoolRecord): boolean {
    if (!deps.isDry) return false;
    const key = JSON.stringify([record.pk, record.sk]);
    const isSeen = looked.has(key);
    looked.add(key);
    return isSeen;
  }

  for await (const found of lost) {
    if (found.kind === 'other') result.other += 1;
    else if (found.kind === 'unreadable')
      result.unreadable.push({ where: found.where, reason: found.reason });
    else {
      const key = JSON.stringify([found.record.pk, found.record.sk]);
      // those of one key one after another, as they stand
      if (waiting.has(key) || waiting.size >= AT_ONCE) await putWaiting();
      waiting.set(key, found);
    }
  }
  await putWaiting();
  return result;
}
