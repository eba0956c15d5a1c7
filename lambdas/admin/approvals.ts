/** Candidates that wait for a person: which there are, what speaks for each, and the decision. */
import * as z from 'zod';
import { type HttpEvent, type HttpResult, json } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { type Approval, findApproval, openApprovals } from '#shared/registry/approval.ts';
import { decideApproval } from '#shared/registry/approve.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { actor, readBody, reason } from './operator-body.ts';

const decisionBody = z.strictObject({ ...actor, reason, decision: z.enum(['approve', 'reject']) });

/** Open ones, oldest first. */
export async function approvals(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const wanted = event.queryStringParameters?.model ?? undefined;
  const model = wanted === undefined ? undefined : (await resolveModel(deps, wanted)).name;
  const open = await openApprovals(deps, model);
  return json(200, { approvals: open.map((one) => approvalView(one, deps.now())) });
}

export async function approval(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const id = event.pathParameters?.id ?? '';
  const found = await findApproval(deps, id);
  if (!found) throw new ProblemError(404, `there is no approval "${id}"`);
  return json(200, approvalView(found, deps.now()));
}

/** 202: the run goes on with the decision; the run itself says what came of it. */
export async function decide(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const body = readBody(deps, event, decisionBody);
  const id = event.pathParameters?.id ?? '';
  const readModel = (name: string) => resolveModel(deps, name);
  const { model, version, execution, decision } = await decideApproval(deps, readModel, id, body);
  return json(202, { approval: id, model, version, run: execution, decision: decisionView(decision) });
}

/** Everything but the token. */
function approvalView(
  { token: _, execution, evidence, startedBy, startedAt, requestedAt, expiresAt, decision, ...one }: Approval,
  now: number,
) {
  return {
    ...one,
    status: decision?.kind ?? one.outcome ?? (now < expiresAt ? 'open' : 'expired'),
    run: execution,
    started_by: startedBy,
    started_at: isoTime(startedAt),
    requested_at: isoTime(requestedAt),
    expires_at: isoTime(expiresAt),
    gates: evidence.gates,
    metrics: { candidate: evidence.candidate, champion: evidence.champion },
    decision: decision ? decisionView(decision) : null,
    outcome: one.outcome ?? null,
  };
}

function decisionView({ at, ...decision }: NonNullable<Approval['decision']>) {
  return { ...decision, at: isoTime(at) };
}

const isoTime = (ms: number): string => new Date(ms).toISOString();
