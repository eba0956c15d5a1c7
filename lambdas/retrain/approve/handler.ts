/** Between gate and promotion where a person has to decide: asks for the decision, and afterwards says what it was. */
import type { Deps } from '#shared/deps.ts';
import type { RunAnswer } from '#shared/registry/approve.ts';
import { closeUnanswered, requestApproval } from '#shared/registry/approve.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import type { GateResult } from '#shared/retrain/gate.ts';
import type { RunRequest } from '#shared/retrain/request.ts';

interface Evaluated {
  readonly metrics: Readonly<Record<string, number>>;
}

export type ApproveEvent =
  | {
      readonly step: 'ask';
      readonly execution: string;
      readonly model: string;
      /** Of the task that waits from now on. */
      readonly token: string;
      readonly request: Pick<RunRequest, 'actor'>;
      readonly version: string;
      readonly champion: string;
      readonly gate: {
        readonly approval_reason: string;
        readonly approval_seconds: number;
        readonly gates: readonly GateResult[];
        readonly candidate: Evaluated;
        readonly champion: Evaluated;
      };
    }
  | { readonly step: 'close'; readonly execution: string; readonly model: string };

/** Answers what was decided when it is asked to close; before that the answer goes to whoever holds the token. */
export function createApproveHandler(deps: Deps) {
  return async (event: ApproveEvent): Promise<RunAnswer | undefined> => {
    const model = await resolveModel(deps, event.model);
    if (event.step === 'close') return closeUnanswered(deps, model.name, event.execution);
    const { execution, token, version, champion, request, gate } = event;
    await requestApproval(deps, model, {
      execution,
      token,
      version,
      champion,
      startedBy: request.actor,
      reason: gate.approval_reason,
      seconds: gate.approval_seconds,
      evidence: {
        gates: gate.gates,
        candidate: gate.candidate.metrics,
        champion: gate.champion.metrics,
      },
    });
    return undefined;
  };
}
