/** Which tumbling windows of a model are over and not yet judged. */
import { type GranuleIndex, readGranuleCursor } from '../capture/rollup.ts';
import type { Deps } from '../deps.ts';
import { queryAll } from '../ports/query-all.ts';
import { stateKeys, timeKey } from '../registry/keys.ts';
import type { ModelRecord } from '../registry/model.ts';

export interface Window {
  /** Unix milliseconds of stream time, inclusive. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

const maxWindowsAtOnce = 24;
const GRANULES_AT_ONCE = 100;

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
  const { rolled: closedUntil } = await readGranuleCursor(deps, model.name);
  const judged = await deps.state.get(stateKeys.windowCursor(model.name));
  let from = judged ? (judged.value as { next: number }).next : 0;
  const due: Window[] = [];
  while (due.length < maxWindowsAtOnce) {
    const next = await nextWindow(deps, model, { from, closedUntil, granuleMs });
    if (!next) break;
    due.push(next);
    from = next.end;
  }
  return due;
}

interface Search {
  /** End of the window before. */
  readonly from: number;
  /** Granules that end by then are rolled up. */
  readonly closedUntil: number;
  readonly granuleMs: number;
}

/** The first window with rows; undefined while it is not over. */
async function nextWindow(
  deps: Pick<Deps, 'state'>,
  model: ModelRecord,
  { from, closedUntil, granuleMs }: Search,
): Promise<Window | undefined> {
  const length = windowLength(model, granuleMs);
  const { window_rows: full } = model.monitor;
  let window: Window | undefined;
  let rows = 0;
  for await (const { value } of queryAll(deps.state, stateKeys.of(model.name), {
    from: `granule#${timeKey(from)}`,
    before: `granule#${timeKey(closedUntil)}`,
    limit: full === undefined ? 1 : GRANULES_AT_ONCE,
  })) {
    const granule = value as unknown as GranuleIndex;
    const start = Math.floor(granule.start / length) * length;
    window ??= { start: Math.max(start, from), end: start + length };
    if (full === undefined || granule.start >= window.end) break;
    for (const { predictions } of Object.values(granule.versions)) rows += predictions;
    if (rows >= full) return { start: window.start, end: granule.start + granuleMs };
  }
  return window && window.end <= closedUntil ? window : undefined;
}
