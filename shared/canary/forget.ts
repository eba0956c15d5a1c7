/** A canary that was switched off leaves nothing behind that would be overdue the day it is switched on again. */
import type { Deps } from '../deps.ts';
import { stateKeys } from '../registry/keys.ts';
import { endMiss } from './missed.ts';

/** For whoever runs every minute, whether there is a canary or not, and sends what is to be sent. Its model, rows and reports stay. */
export async function forgetCanary(
  deps: Pick<Deps, 'state' | 'settings' | 'now' | 'log' | 'measure'>,
): Promise<void> {
  if (deps.settings.CANARY === 'on') return;
  const item = await deps.state.get(stateKeys.canary);
  if (!item) return;
  await endMiss(deps);
  await deps.state.delete(stateKeys.canary, item.revision);
}
