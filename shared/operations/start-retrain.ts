/** An operator's order to retrain, from the API or from a page. One order is one run; whether it may begin, its own first step says. */
import type { Deps } from '../deps.ts';
import { executionName, shortHash } from '../registry/keys.ts';

export interface RetrainOrder {
  readonly model: string;
  readonly actor: string;
  readonly on_behalf_of?: string | undefined;
  readonly reason: string;
  /** Past a cooldown and the daily cap; never past another run, nor past the gates. */
  readonly force: boolean;
  /** Unix milliseconds from which rows are new. */
  readonly changePoint?: number | undefined;
  /** What led the person here, and about which feature: `grafana`, `income`. */
  readonly from?: string | undefined;
  readonly feature?: string | undefined;
  /** Of the request: the same one by the same actor again is the same run, also after a crash in between. */
  readonly key?: string | undefined;
}

/**
 * @returns the id of the run, new or the one that this order started before
 * @example await startRetrain(deps, { model: 'churn', actor: 'ann', reason: 'drift', force: false, key: 'f3a…' })
 * // 'retrain:churn-1b2c3d-op0f9e8d7c6b5a'
 */
export async function startRetrain(
  deps: Pick<Deps, 'pipelines' | 'newId'>,
  { model, actor, on_behalf_of, reason, force, changePoint, from, feature, key }: RetrainOrder,
): Promise<string> {
  const id = key === undefined ? deps.newId().slice(0, 12) : shortHash(`${actor}\n${key}`);
  const name = executionName(model, `op${id}`);
  const { id: run } = await deps.pipelines.start('retrain', name, {
    model,
    trigger: 'operator',
    actor,
    ...(on_behalf_of === undefined ? {} : { on_behalf_of }),
    reason,
    force,
    execution_name: name,
    ...(changePoint === undefined ? {} : { change_point: changePoint }),
    ...(from === undefined ? {} : { from }),
    ...(feature === undefined ? {} : { feature }),
  });
  return run;
}
