/** First step of a run: the model's lease, unless a cooldown, the daily cap or another run says no. */
import type { Deps } from '#shared/deps.ts';
import { appendLedger } from '#shared/registry/ledger.ts';
import { readPointer, resolveModel } from '#shared/registry/registry.ts';
import { beginRun } from '#shared/registry/run.ts';
import { type RunRequest, runRequestSchema } from '#shared/retrain/request.ts';

export interface BeginEvent {
  readonly execution: string;
  readonly model: string;
  readonly request: unknown;
}

export function createBeginHandler(deps: Deps) {
  return async ({ execution, model: name, request: given }: BeginEvent) => {
    const request: RunRequest = runRequestSchema.parse(given);
    const model = await resolveModel(deps, name);
    const pointer = await readPointer(deps, model.name);
    if (!pointer)
      return { status: 'no_champion', reason: `model "${model.name}" has no champion to improve on` };
    if (model.task === 'image-classification')
      return {
        status: 'not_trainable',
        reason: `"${model.name}" is an image model: its log keeps descriptors, not images; train elsewhere or with tidemark train --images, and register the version`,
      };
    const begun = await beginRun(deps, model, execution, { force: request.force ?? false });
    if (begun.status === 'acquired') {
      await appendLedger(deps, model.name, {
        at: begun.startedAt,
        action: 'retrain',
        actor: request.actor,
        ...(request.on_behalf_of === undefined ? {} : { on_behalf_of: request.on_behalf_of }),
        reason: request.reason,
        detail: {
          execution,
          trigger: request.trigger,
          ...(request.from === undefined ? {} : { from: request.from }),
          ...(request.feature === undefined ? {} : { feature: request.feature }),
        },
      });
      return { status: begun.status, champion: pointer.champion };
    }
    deps.log('info', 'retrain not started', {
      model: model.name,
      status: begun.status,
      reason: begun.reason,
    });
    return begun;
  };
}
