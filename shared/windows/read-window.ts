/** A window's granules added up: what is judged, and what an operator may accept as normal. */
import { addStoredPartial, type Partial, type StoredPartial, unpackPartial } from '../capture/partial.ts';
import type { Deps } from '../deps.ts';
import { queryAll } from '../ports/query-all.ts';
import { readAhead } from '../read-ahead.ts';
import type { AnchorsOf } from '../registry/baseline.ts';
import { objectKeys, stateKeys, timeKey } from '../registry/keys.ts';
import type { Window } from './due.ts';

/** Enough to hide the store's latency behind the adding up. */
const granulesAhead = 4;

/** A few granules at a time, so that memory does not grow with the window; undefined when the window is empty. */
export async function readWindow(
  deps: Pick<Deps, 'state' | 'objects'>,
  model: string,
  window: Window,
  anchorsOf: AnchorsOf,
): Promise<Partial | undefined> {
  const granules = queryAll(deps.state, stateKeys.of(model), {
    from: `granule#${timeKey(window.start)}`,
    before: `granule#${timeKey(window.end)}`,
  });
  const read = async (item: { readonly value: unknown }): Promise<StoredPartial | undefined> => {
    const { start } = item.value as { start: number };
    const bytes = await deps.objects.get(objectKeys.granule(model, start));
    return bytes && unpackPartial(bytes);
  };
  let merged: Partial | undefined;
  for await (const granule of readAhead(granules, granulesAhead, read))
    if (granule) merged = await addStoredPartial(merged, granule, anchorsOf);
  return merged;
}

/** How long before its end the window's last rows came, in whole granules; its length when it is empty. Milliseconds. */
export async function quietBefore(
  deps: Pick<Deps, 'state' | 'settings'>,
  model: string,
  { start, end }: Window,
): Promise<number> {
  const { items } = await deps.state.query(stateKeys.of(model), {
    from: `granule#${timeKey(start)}`,
    before: `granule#${timeKey(end)}`,
    reverse: true,
    limit: 1,
  });
  const newest = items[0]?.value as { start: number } | undefined;
  return newest ? Math.max(0, end - newest.start - deps.settings.GRANULE_MS) : end - start;
}
