/** Repairs what a clock that was far ahead has left: marks in a future that would have to come before anything is counted. */
import type { Deps } from '../deps.ts';
import { queryAll } from '../ports/query-all.ts';
import type { Key } from '../ports/table.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys, timeKey } from '../registry/keys.ts';
import type { Counters, GranuleCursor, GranuleIndex } from './rollup.ts';

/** A cursor further ahead of the stream than this is one that no right clock has set. */
const maxAheadMs = 5 * 60_000;

/**
 * Does nothing unless the granule cursor is impossibly far ahead of `closedBefore`: else all counting would stand still until
 * the clock gets there. Sets every mark after `end` back: the counters to the newest granule before it, remembering which later
 * ones they hold, then the cursors. The granule cursor comes last, so that a crash anywhere is repaired by the next call.
 *
 * @param closedBefore Unix milliseconds: how far the stream is closed by the clock of now
 * @param end the start of its granule
 */
export async function setBackFromFuture(
  deps: Pick<Deps, 'state'>,
  model: string,
  closedBefore: number,
  end: number,
): Promise<void> {
  const isImpossible = ({ next, rolled }: GranuleCursor) =>
    Math.max(next, rolled) > closedBefore + maxAheadMs;
  const item = await deps.state.get(stateKeys.granuleCursor(model));
  if (!item || !isImpossible(item.value as unknown as GranuleCursor)) return;
  await setBackCounters(deps, model, end);
  await change<{ readonly next: number }>(deps, stateKeys.windowCursor(model), ({ next }) =>
    next > end ? { next: end } : undefined,
  );
  // nothing is readable until it is known again to be rolled up
  await change<GranuleCursor>(deps, stateKeys.granuleCursor(model), (cursor) =>
    isImpossible(cursor) ? { next: Math.min(cursor.next, end), rolled: 0 } : undefined,
  );
}

async function setBackCounters(deps: Pick<Deps, 'state'>, model: string, end: number): Promise<void> {
  const { newest, later } = await rolledUpAround(deps, model, end);
  await change<Counters>(deps, stateKeys.counters(model), (counters) => {
    const { through, ahead = [] } = counters;
    if (through < end) return undefined;
    const counted = [
      ...later.filter((start) => start <= through),
      ...ahead.filter((start) => start > through),
    ];
    return { ...counters, through: newest, ahead: counted };
  });
}

/** The newest granule that was rolled up before `end`, and those from there on. */
async function rolledUpAround(
  deps: Pick<Deps, 'state'>,
  model: string,
  end: number,
): Promise<{ readonly newest: number; readonly later: readonly number[] }> {
  const pk = stateKeys.of(model);
  const bound = `granule#${timeKey(end)}`;
  const page = await deps.state.query(pk, { from: 'granule#', before: bound, reverse: true, limit: 1 });
  const later: number[] = [];
  for await (const item of queryAll(deps.state, pk, { from: bound, before: 'granule#~' }))
    later.push((item.value as unknown as GranuleIndex).start);
  const newest = page.items[0]?.value as unknown as GranuleIndex | undefined;
  return { newest: newest?.start ?? -1, later };
}

/** Only of what is there. */
async function change<T>(
  deps: Pick<Deps, 'state'>,
  key: Key,
  toNext: (current: T) => T | undefined,
): Promise<void> {
  await updateItem<T>(deps.state, key, (current) => (current === undefined ? undefined : toNext(current)));
}
