/** How far the canary's day is, as stored: one item, changed by the function that injects and by whoever hears of its alerts. */
import type { Deps } from '../deps.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys } from '../registry/keys.ts';
import type { CanaryState } from './day.ts';

type State = Pick<Deps, 'state'>;

export async function readCanary({ state }: State): Promise<CanaryState | undefined> {
  const item = await state.get(stateKeys.canary);
  return item && (item.value as unknown as CanaryState);
}

/** @param change pure; undefined leaves it as it is */
export async function changeCanary(
  { state }: State,
  change: (current: CanaryState | undefined) => CanaryState | undefined,
): Promise<CanaryState | undefined> {
  return updateItem<CanaryState>(state, stateKeys.canary, change);
}
