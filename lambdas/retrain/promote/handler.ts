/** Eighth step: the pointer moves, if the champion is still the one the candidate was compared with. */
import type { Deps } from '#shared/deps.ts';
import { changeChampion } from '#shared/registry/registry.ts';

export interface PromoteEvent {
  readonly execution: string;
  readonly model: string;
  readonly version: string;
  readonly evaluated_against: string;
  readonly gate: { readonly reason: string };
  /** Who let it pass, where a person had to. */
  readonly approval?: {
    readonly approval: string;
    readonly actor: string;
    readonly on_behalf_of?: string;
    readonly reason: string;
  };
}

export function createPromoteHandler(deps: Deps) {
  return async (event: PromoteEvent) => {
    const { execution, model, version, evaluated_against: expected, gate, approval } = event;
    const result = await changeChampion(deps, {
      model,
      to: version,
      expected,
      action: 'promote',
      actor: approval?.actor ?? execution,
      ...(approval?.on_behalf_of === undefined ? {} : { on_behalf_of: approval.on_behalf_of }),
      reason: approval?.reason ?? gate.reason,
    });
    if (result !== 'conflict')
      return { status: 'promoted', version, previous: expected, gate, ...(approval ? { approval } : {}) };
    return {
      status: approval ? 'superseded' : 'conflict',
      reason: `the champion is no longer "${expected}": somebody changed it during the run`,
    };
  };
}
