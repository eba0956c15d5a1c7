/** Repairs what a clock that was far ahead has left: marks in a future that would have to come before anything is counted. */
import type { Deps } from '../deps.ts';
import { queryAll } from '../ports/query-all.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys, timeKey } from '../registry/keys.ts';
import type { Counters, GranuleCursor, GranuleIndex } from './rollup.ts';

/**
 * Sets every mark of the model that lies after `end` back: the counters to the newest granule before it, remembering which
 * later ones they hold, then the cursors. The cursor that tells of the wrong clock is moved last, so that a crash anywhere is
 * repaired by the next call; safe to repeat, also by two callers at once.
 *
 * @param end Unix milliseconds, a granule's start: how far the stream is closed by the right clock
 */
export async function setBackFromFuture(
  deps: Pick<Deps, 'state'>,
  model: string,
  end: number,
): Promise<void> {
  await setBackCounters(deps, model, end);
  await setBackTo<{ readonly next: number }>(deps, stateKeys.windowCursor(model), ({ next }) =>
    next > end ? { next: end } : undefined,
  );
  // nothing is readable until it is known again to be rolled up
  await setBackTo<GranuleCursor>(deps, stateKeys.granuleCursor(model), ({ next, rolled }) =>
    next > end || rolled > end ? { next: Math.min(next, end), rolled: 0 } : undefined,
  );
}

async function setBackCounters(deps: Pick<Deps, 'state'>, model: string, end: number): Promise<void> {
  const before = await newestGranules(deps, model, end);
  await setBackTo<Counters>(deps, stateKeys.counters(model), (counters) => {
    if (counters.through < end) return undefined;
    const ahead = before.after.filter((start) => start <= counters.through);
    return { ...counters, through: before.newest, ahead };
  });
}

/** The newest granule that was rolled up before `end`, and those from there on. */
async function newestGranules(
  deps: Pick<Deps, 'state'>,
  model: string,
  end: number,
): Promise<{ readonly newest: number; readonly after: readonly number[] }> {
  const pk = stateKeys.of(model);
  const bound = `granule#${timeKey(end)}`;
  const page = await deps.state.query(pk, { from: 'granule#', before: bound, reverse: true, limit: 1 });
  const after: number[] = [];
  for await (const item of queryAll(deps.state, pk, { from: bound, before: 'granule#~' }))
    after.push((item.value as unknown as GranuleIndex).start);
  const newest = page.items[0]?.value as unknown as GranuleIndex | undefined;
  return { newest: newest?.start ?? -1, after };
}

async function setBackTo<T>(
  deps: Pick<Deps, 'state'>,
  key: Parameters<typeof deps.state.get>[0],
  change: (current: T) => T | undefined,
): Promise<void> {
  await updateItem<T>(deps.state, key, (current) => (current === undefined ? undefined : change(current)));
}
