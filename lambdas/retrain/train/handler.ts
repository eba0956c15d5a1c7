/** Fourth step, once per candidate: fit, export, keep both. A candidate that cannot be trained is an answer; its siblings go on. */
import type { Deps } from '#shared/deps.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { type CandidateName, trainCandidate } from '#shared/retrain/candidates.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';
import { type FoldLosses, settingFrom } from '#shared/retrain/search.ts';
import { trainedCandidate } from '#shared/retrain/trained-candidate.ts';
import { withTrainingThreads } from '#shared/retrain/training-threads.ts';
import { TrainingDataError } from '#shared/training/training-target.ts';

export interface TrainEvent {
  readonly execution: string;
  readonly model: string;
  readonly snapshot: { readonly recent: string; readonly baseline: string };
  readonly candidate: { readonly name: CandidateName };
  /** By fold; empty where no search was asked for. */
  readonly search: readonly FoldLosses[];
}

export function createTrainHandler(deps: Deps) {
  return async ({ execution, model: name, snapshot, candidate: { name: candidate }, search }: TrainEvent) => {
    const model = await resolveModel(deps, name);
    const rows = {
      recent: await readLabelled(deps, snapshot.recent),
      baseline: await readLabelled(deps, snapshot.baseline),
    };
    const { trainer } = model.retrain;
    try {
      const metadata = { model: model.name, candidate };
      const setting = settingFrom(search);
      const trained = await withTrainingThreads(deps, rows.recent.length + rows.baseline.length, (more) =>
        trainCandidate(candidate, model.schema, rows, metadata, { trainer, seed: 1, setting, ...more }),
      );
      const { record, files } = trainedCandidate(candidate, trained);
      const key = (file: string) => objectKeys.run(model.name, execution, `${candidate}/${file}`);
      for (const [file, bytes] of Object.entries(files)) await deps.objects.put(key(file), bytes);
      return { ...record, folder: key('') };
    } catch (error) {
      if (error instanceof TrainingDataError || error instanceof InvalidDataError)
        return { candidate, status: 'failed', reason: error.message };
      throw error;
    }
  };
}
