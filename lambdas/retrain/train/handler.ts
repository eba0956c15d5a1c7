/** Fourth step, once per candidate: fit, export, keep both. A candidate that cannot be trained is an answer; its siblings go on. */

import { serialize } from 'node:v8';
import type { Deps } from '#shared/deps.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { type CandidateName, trainCandidate } from '#shared/retrain/candidates.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';
import { TrainingDataError } from '#shared/training/training-target.ts';

export interface TrainEvent {
  readonly execution: string;
  readonly model: string;
  readonly snapshot: { readonly recent: string; readonly baseline: string };
  readonly candidate: { readonly name: CandidateName };
}

export function createTrainHandler(deps: Deps) {
  return async ({ execution, model: name, snapshot, candidate: { name: candidate } }: TrainEvent) => {
    const model = await resolveModel(deps, name);
    const rows = {
      recent: await readLabelled(deps, snapshot.recent),
      baseline: await readLabelled(deps, snapshot.baseline),
    };
    try {
      const trained = trainCandidate(candidate, model.schema, rows, { model: model.name, candidate });
      const key = (file: string) => objectKeys.run(model.name, execution, `${candidate}.${file}`);
      await deps.objects.put(key('onnx'), trained.onnx);
      await deps.objects.put(key('gbdt'), serialize(trained.model));
      return {
        candidate,
        status: 'trained',
        rows: trained.rows,
        rounds: trained.rounds,
        validation_loss: trained.validationLoss,
        onnx: key('onnx'),
        gbdt: key('gbdt'),
      };
    } catch (error) {
      if (error instanceof TrainingDataError || error instanceof InvalidDataError)
        return { candidate, status: 'failed', reason: error.message };
      throw error;
    }
  };
}
