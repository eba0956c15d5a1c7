/** A window's granules added up: what is judged, and what an operator may accept as normal. */
import { decodePartial, mergePartials, type Partial } from '../capture/partial.ts';
import type { Deps } from '../deps.ts';
import { queryAll } from '../ports/query-all.ts';
import type { AnchorsOf } from '../registry/baseline.ts';
import { objectKeys, stateKeys, timeKey } from '../registry/keys.ts';
import type { Window } from './due.ts';

/** One granule after the other, so that memory does not grow with the window; undefined when the window is empty. */
export async function readWindow(
  deps: Pick<Deps, 'state' | 'objects'>,
  model: string,
  window: Window,
  anchorsOf: AnchorsOf,
): Promise<Partial | undefined> {
  let merged: Partial | undefined;
  for await (const item of queryAll(deps.state, stateKeys.of(model), {
    from: `granule#${timeKey(window.start)}`,
    before: `granule#${timeKey(window.end)}`,
  })) {
    const { start } = item.value as { start: number };
    const bytes = await deps.objects.get(objectKeys.granule(model, start));
    if (!bytes) continue;
    const granule = await decodePartial(bytes, anchorsOf);
    merged = merged ? mergePartials([merged, granule]) : granule;
  }
  return merged;
}
