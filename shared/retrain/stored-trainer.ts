/** What a version keeps of its training for explanations: the model as its trainer made it, and rows to compare with. */
import { deserialize } from 'node:v8';
import { decodeRows } from '../capture/archive.ts';
import type { Deps } from '../deps.ts';
import { objectKeys } from '../registry/keys.ts';
import type { FeatureRow } from '../schema/rows.ts';
import type { TrainedModel } from './trainers.ts';

type Store = Pick<Deps, 'objects'>;

/** Undefined for a model that was trained elsewhere. */
export async function readTrainer(
  deps: Store,
  model: string,
  version: string,
): Promise<TrainedModel | undefined> {
  const bytes = await deps.objects.get(objectKeys.version(model, version, 'trainer.bin'));
  return bytes && (deserialize(bytes) as TrainedModel);
}

/** At most 100 rows of what the version was accepted on, evenly spread. */
export async function readBackground(deps: Store, model: string, version: string): Promise<FeatureRow[]> {
  const bytes = await deps.objects.get(objectKeys.version(model, version, 'background.ndjson.gz'));
  return bytes ? decodeRows<FeatureRow>(bytes) : [];
}
