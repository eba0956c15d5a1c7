/** Third step: is the snapshot fit to learn from? Expected faults are an answer, not an error. */
import type { Deps } from '#shared/deps.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';
import { judgeTrainingData } from '#shared/retrain/training-data.ts';

export interface ValidateEvent {
  readonly model: string;
  readonly snapshot: {
    readonly recent: string;
    readonly baseline: string;
    readonly labelled: number;
    readonly unknown_labels: number;
  };
}

export function createValidateHandler(deps: Deps) {
  return async ({ model: name, snapshot }: ValidateEvent) => {
    const model = await resolveModel(deps, name);
    const [recent, baseline] = await Promise.all([
      readLabelled(deps, snapshot.recent),
      readLabelled(deps, snapshot.baseline),
    ]);
    const { problems, warnings } = judgeTrainingData(model.schema, {
      recent,
      baseline,
      labelled: snapshot.labelled,
      unknownLabels: snapshot.unknown_labels,
    });
    return problems.length === 0
      ? { status: 'valid', warnings }
      : { status: 'invalid', reason: problems.join('; '), problems, warnings };
  };
}
