/** Eighth step: the pointer moves, if the champion is still the one the candidate was compared with. */
import type { Deps } from '#shared/deps.ts';
import { changeChampion } from '#shared/registry/registry.ts';

export interface PromoteEvent {
  readonly execution: string;
  readonly model: string;
  readonly version: string;
  readonly evaluated_against: string;
  readonly gate: { readonly reason: string };
}

export function createPromoteHandler(deps: Deps) {
  return async ({ execution, model, version, evaluated_against: expected, gate }: PromoteEvent) => {
    const result = await changeChampion(deps, {
      model,
      to: version,
      expected,
      action: 'promote',
      actor: execution,
      reason: gate.reason,
    });
    if (result !== 'conflict') return { status: 'promoted', version, previous: expected, gate };
    return {
      status: 'conflict',
      reason: `the champion is no longer "${expected}": somebody changed it during the run`,
    };
  };
}
