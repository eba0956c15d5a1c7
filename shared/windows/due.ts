/** Which tumbling windows of a model are over and not yet judged. */
import { type GranuleIndex, readGranuleCursor } from '../capture/rollup.ts';
import type { Deps } from '../deps.ts';
import { stateKeys, timeKey } from '../registry/keys.ts';
import type { ModelRecord } from '../registry/model.ts';

export interface Window {
  /** Unix milliseconds of stream time, inclusive. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

const maxWindowsAtOnce = 24;

/** Windows hold whole granules, so a window is as long as the policy says, rounded up to one. */
export function windowLength(model: ModelRecord, granuleMs: number): number {
  return Math.ceil(model.monitor.window_ms / granuleMs) * granuleMs;
}

/** Oldest first; windows without a single row are passed over. */
export async function dueWindows(
  deps: Pick<Deps, 'state' | 'settings'>,
  model: ModelRecord,
): Promise<readonly Window[]> {
  const granuleMs = deps.settings.GRANULE_MS;
  const length = windowLength(model, granuleMs);
  const { rolled: closedUntil } = await readGranuleCursor(deps, model.name);
  const judged = await deps.state.get(stateKeys.windowCursor(model.name));
  let from = judged ? (judged.value as { next: number }).next : 0;
  const due: Window[] = [];
  while (due.length < maxWindowsAtOnce) {
    const page = await deps.state.query(stateKeys.of(model.name), {
      from: `granule#${timeKey(from)}`,
      before: `granule#${timeKey(closedUntil)}`,
      limit: 1,
    });
    const next = page.items[0]?.value as unknown as GranuleIndex | undefined;
    if (!next) break;
    const start = Math.floor(next.start / length) * length;
    if (start + length > closedUntil) break;
    due.push({ start, end: start + length });
    from = start + length;
  }
  return due;
}
