/** Before the snapshot: labelled rows from the model's source, where its policy names one; else there is nothing to do. */
import { encodeRows } from '#shared/capture/archive.ts';
import type { Deps } from '#shared/deps.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { readSource } from '#shared/ingest/source-rows.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { resolveModel } from '#shared/registry/registry.ts';

export interface IngestEvent {
  readonly execution: string;
  readonly model: string;
}

export function createIngestHandler(deps: Deps) {
  return async ({ execution, model: name }: IngestEvent) => {
    const model = await resolveModel(deps, name);
    if (!model.retrain.source) return { status: 'none' };
    try {
      const { rows, notes } = await readSource(deps, model, model.retrain.source);
      const key = objectKeys.run(model.name, execution, 'ingested.ndjson.gz');
      await deps.objects.put(key, await encodeRows(rows));
      return { status: 'ingested', rows: rows.length, notes, key };
    } catch (error) {
      if (error instanceof InvalidDataError) return { status: 'invalid_data', reason: error.message };
      throw error;
    }
  };
}
