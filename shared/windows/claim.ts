/** Due windows are handed to one monitor at a time: claimed by put-if-absent, announced by an event, released when judged. */
import type { Deps } from '../deps.ts';
import { stateKeys } from '../registry/keys.ts';
import type { ModelRecord } from '../registry/model.ts';
import { dueWindows, type Window } from './due.ts';

/** A monitor that died gives its windows back after this long. */
const claimSeconds = 300;

/** @returns the windows announced; none when nothing is due or another claim stands */
export async function announceDueWindows(
  deps: Pick<Deps, 'state' | 'settings' | 'events' | 'now'>,
  model: ModelRecord,
): Promise<readonly Window[]> {
  const windows = await dueWindows(deps, model);
  if (windows.length === 0) return [];
  const key = stateKeys.windowClaim(model.name);
  const expiresAt = Math.ceil(deps.now() / 1000) + claimSeconds;
  const claim = { from: windows[0]!.start, until: windows.at(-1)!.end };
  const put = await deps.state.putIfAbsent(key, claim, { expiresAt });
  if (!put.stored) return [];
  try {
    await deps.events.publish({
      type: 'WindowsDue',
      detail: { model: model.name, windows: windows.map(({ start, end }) => ({ start, end })) },
    });
  } catch (error) {
    await deps.state.delete(key, put.item.revision);
    throw error;
  }
  return windows;
}

/**
 * Gives the claim back once every window that it names is judged: a monitor that was slow, and whose claim has expired, must not take away
 * that of the one which came after it.
 */
export async function releaseWindowClaim(deps: Pick<Deps, 'state'>, model: string): Promise<void> {
  const key = stateKeys.windowClaim(model);
  const [claim, cursor] = await Promise.all([
    deps.state.get(key),
    deps.state.get(stateKeys.windowCursor(model)),
  ]);
  if (!claim) return;
  const { until = 0 } = claim.value as { readonly until?: number };
  const { next } = (cursor?.value ?? { next: 0 }) as { readonly next: number };
  if (next >= until) await deps.state.delete(key, claim.revision);
}
