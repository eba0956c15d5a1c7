/** Seventh step: the decision. The holdout counts as looked at from here on, whatever the answer. */
import type { Deps } from '#shared/deps.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { updateItem } from '#shared/ports/update.ts';
import { seededRandom, seedFrom } from '#shared/random.ts';
import { objectKeys, stateKeys } from '#shared/registry/keys.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { rejectVersion, resolveModel } from '#shared/registry/registry.ts';
import { judgeGates } from '#shared/retrain/gate.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';

interface Evaluation {
  readonly version: string;
  readonly losses: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly metrics_old_holdout?: Readonly<Record<string, number>>;
}

export interface GateEvent {
  readonly execution: string;
  readonly model: string;
  readonly snapshot: {
    readonly holdout: string;
    readonly holdout_through: number;
    readonly labels_representative: boolean;
    readonly labels_reason: string;
  };
  readonly candidate: Evaluation;
  readonly champion: Evaluation;
}

export function createGateHandler(deps: Deps) {
  return async ({ execution, model: name, snapshot, candidate, champion }: GateEvent) => {
    const model = await resolveModel(deps, name);
    const [holdout, training] = await Promise.all([
      readLabelled(deps, snapshot.holdout),
      readLabelled(deps, objectKeys.version(model.name, candidate.version, 'train.ndjson.gz')),
    ]);
    const gates = judgeGates({
      task: model.task,
      championLosses: await readLosses(deps, champion.losses),
      candidateLosses: await readLosses(deps, candidate.losses),
      labels: holdout.map((row) => row.label),
      trainingLabels: training.map((row) => row.label),
      policy: model.retrain,
      random: seededRandom(seedFrom(execution)),
    });
    await spendHoldout(deps, model, snapshot.holdout_through);
    const failed = gates.filter((gate) => !gate.passed);
    const status = failed.length === 0 ? 'passed' : 'rejected';
    if (status === 'rejected') await rejectVersion(deps, model.name, candidate.version, failed[0]!.detail);
    return {
      status,
      auto_promote: model.retrain.auto_promote && snapshot.labels_representative,
      reason: (failed.length > 0 ? failed : gates).map((gate) => gate.detail).join('; '),
      approval_reason: approvalReason(model, snapshot),
      approval_seconds: Math.ceil(model.retrain.approval_hours * 3600),
      gates,
      candidate,
      champion,
    };
  };
}

function approvalReason(model: ModelRecord, snapshot: GateEvent['snapshot']): string {
  if (!snapshot.labels_representative) return snapshot.labels_reason;
  return model.retrain.auto_promote ? 'none: auto_promote is on' : 'auto_promote is off';
}

async function readLosses(deps: Deps, key: string): Promise<Float64Array> {
  const bytes = await deps.objects.get(key);
  if (!bytes) throw new InvalidDataError(`the losses ${key} are missing`);
  const losses = JSON.parse(Buffer.from(bytes).toString('utf8')) as (number | null)[];
  // JSON has no NaN and no infinity: what was neither finite must not come back as a loss of 0
  return Float64Array.from(losses, (loss) => loss ?? Number.NaN);
}

async function spendHoldout(deps: Deps, model: ModelRecord, through: number): Promise<void> {
  await updateItem<{ through: number }>(deps.state, stateKeys.spent(model.name), (before) =>
    before && before.through >= through ? undefined : { through },
  );
}
