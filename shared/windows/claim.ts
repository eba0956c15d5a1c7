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
  const claim = await deps.state.putIfAbsent(key, { from: windows[0]!.start }, { expiresAt });
  if (!claim.stored) return [];
  try {
    await deps.events.publish({
      type: 'WindowsDue',
      detail: { model: model.name, windows: windows.map(({ start, end }) => ({ start, end })) },
    });
  } catch (error) {
    await releaseWindowClaim(deps, model.name);
    throw error;
  }
  return windows;
}

export async function releaseWindowClaim(deps: Pick<Deps, 'state'>, model: string): Promise<void> {
  await deps.state.delete(stateKeys.windowClaim(model));
}
