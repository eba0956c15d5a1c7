/** Which columns of a model are counted by segment. */
import type { Deps } from '../deps.ts';
import { stateKeys } from '../registry/keys.ts';

/** As the model's policy names them; none for a model that is not registered or was before segments were known. */
export async function readSegmentColumns(
  deps: Pick<Deps, 'state'>,
  model: string,
): Promise<readonly string[]> {
  const item = await deps.state.get(stateKeys.record(model));
  const record = item?.value as { readonly monitor?: { readonly segments?: readonly string[] } } | undefined;
  return record?.monitor?.segments ?? [];
}
