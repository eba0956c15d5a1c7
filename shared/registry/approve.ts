/** Asking a person and taking the answer: from the proven candidate to the signal that lets its run go on. Every step may be repeated. */
import type { Deps } from '../deps.ts';
import { ProblemError } from '../errors.ts';
import { TaskNotWaitingError } from '../ports/errors.ts';
import {
  type Approval,
  type ApprovalEvidence,
  approvalId,
  type Decision,
  findApproval,
  openApprovals,
  settleApproval,
  storeApproval,
} from './approval.ts';
import { appendLedger, starterOf } from './ledger.ts';
import type { ModelRecord, VersionRecord } from './model.ts';
import { readPointer, rejectVersion } from './registry.ts';
import { endRun, heldSince, parkRun } from './run.ts';

type ApprovalDeps = Pick<Deps, 'state' | 'now' | 'pipelines' | 'events'>;

export interface ApprovalRequest {
  readonly execution: string;
  readonly token: string;
  readonly version: string;
  readonly champion: string;
  readonly startedBy: string;
  /** Why a person is needed. */
  readonly reason: string;
  /** How long one is waited for. */
  readonly seconds: number;
  readonly evidence: ApprovalEvidence;
}

/** What the run goes on with: the output of the state that waited. */
export type RunAnswer = {
  readonly decision: Decision['kind'];
  readonly approval: string;
  readonly version: string;
  readonly actor: string;
  readonly on_behalf_of?: string;
  readonly reason: string;
};

/**
 * Stores what is to be decided, ends the wait of older candidates, gives the lease back and tells the bus. The same run again
 * stores its new token only; a decision that came in between is answered at once.
 */
export async function requestApproval(
  deps: ApprovalDeps,
  model: ModelRecord,
  request: ApprovalRequest,
): Promise<void> {
  const approval = await storeApproval(deps, await freshApproval(deps, model.name, request));
  await supersedeOlder(deps, approval);
  await parkRun(deps, model, approval.execution, {
    approval: approval.id,
    version: approval.version,
    reason: approval.reason,
  });
  if (approval.decision) return void (await deliver(deps, approval));
  await deps.events.publish({
    type: 'ApprovalRequested',
    detail: {
      approval: approval.id,
      model: model.name,
      version: approval.version,
      champion: approval.champion,
      reason: approval.reason,
      expires_at: new Date(approval.expiresAt).toISOString(),
    },
  });
}

async function freshApproval(
  deps: ApprovalDeps,
  model: string,
  { seconds, ...request }: ApprovalRequest,
): Promise<Approval> {
  const id = approvalId(model, request.execution);
  const startedAt =
    (await findApproval(deps, id))?.startedAt ?? (await heldSince(deps, model, request.execution));
  if (startedAt === undefined)
    throw new Error(`run "${request.execution}" does not hold the lease of "${model}"`);
  const requestedAt = deps.now();
  return { id, model, startedAt, ...request, requestedAt, expiresAt: requestedAt + seconds * 1000 };
}

async function supersedeOlder(deps: ApprovalDeps, { id, model, version, requestedAt }: Approval) {
  for (const older of await openApprovals(deps, model))
    if (older.id !== id && older.requestedAt < requestedAt)
      await supersede(deps, older, `a newer candidate, "${version}", waits for a decision`);
}

async function supersede(deps: ApprovalDeps, { id }: Approval, reason: string): Promise<void> {
  const decision = { kind: 'superseded', actor: 'tidemark', reason, at: deps.now() } as const;
  const settled = await settleApproval(deps, id, decision);
  if (settled?.decision) await deliver(deps, settled);
}

export interface Verdict {
  readonly decision: 'approve' | 'reject';
  readonly actor: string;
  readonly on_behalf_of?: string | undefined;
  readonly reason: string;
}

export type DecidedApproval = Approval & { readonly decision: Decision };

/**
 * Takes a person's decision and lets the run go on. The same decision again answers the same, and signals again if the first
 * signal was lost.
 *
 * @throws ProblemError 403 for the one who started the run, where the policy wants a second person; 404; 409 with what
 * stands in the way: another decision, the time that is up, another champion, a run that is gone
 */
export async function decideApproval(
  deps: ApprovalDeps,
  readModel: (name: string) => Promise<ModelRecord>,
  id: string,
  verdict: Verdict,
): Promise<DecidedApproval> {
  const found = await findApproval(deps, id);
  if (!found) throw new ProblemError(404, `there is no approval "${id}"`);
  const model = await readModel(found.model);
  if (found.decision === undefined) await assertDecidable(deps, model, found, verdict);
  const kind = verdict.decision === 'approve' ? 'approved' : 'rejected';
  const { actor, on_behalf_of, reason } = verdict;
  const settled = await settleApproval(deps, id, {
    kind,
    actor,
    ...(on_behalf_of === undefined ? {} : { on_behalf_of }),
    reason,
    at: deps.now(),
  });
  if (settled?.decision?.kind !== kind)
    throw new ProblemError(409, `${standing(settled ?? found)}; it stays so`);
  const isAnswered = await deliver(deps, settled);
  await assertGoesOn(deps, model, settled, isAnswered);
  return settled as DecidedApproval;
}

async function assertDecidable(
  deps: ApprovalDeps,
  model: ModelRecord,
  approval: Approval,
  { decision, actor }: Verdict,
): Promise<void> {
  if (approval.outcome !== undefined) throw new ProblemError(409, standing(approval));
  if (deps.now() >= approval.expiresAt)
    throw new ProblemError(
      409,
      `approval "${approval.id}" expired at ${new Date(approval.expiresAt).toISOString()}; the version can still be promoted by hand`,
    );
  if (decision === 'reject') return;
  assertSecondPerson(model, approval, actor);
  const champion = (await readPointer(deps, approval.model))?.champion;
  if (champion === approval.champion || champion === approval.version) return;
  const reason = `the candidate was compared with "${approval.champion}", and "${champion}" is the champion now`;
  await supersede(deps, approval, reason);
  throw new ProblemError(409, `${reason}: it is not promoted; retrain, or promote it by hand`);
}

function assertSecondPerson(
  model: ModelRecord,
  { startedBy, version }: { readonly startedBy: string | undefined; readonly version: string },
  actor: string,
): void {
  if (model.retrain.second_person && startedBy === actor)
    throw new ProblemError(
      403,
      `"${actor}" started the run that made version "${version}"; second_person is on, so somebody else decides`,
    );
}

/** What has become of an approval, in words. */
function standing({ id, decision, outcome }: Approval): string {
  const ended = outcome === undefined ? '' : `, and its run ended: ${outcome}`;
  if (!decision) return `approval "${id}" was not decided${ended}`;
  const { kind, actor, at, reason } = decision;
  return `approval "${id}" was ${kind} by ${actor} at ${new Date(at).toISOString()} (${reason})${ended}`;
}

/** Everything that follows a decision; may be repeated. @returns whether the run took it just now */
async function deliver(deps: ApprovalDeps, approval: Approval): Promise<boolean> {
  await record(deps, approval);
  try {
    await deps.pipelines.signal(approval.token, { ok: true, output: answerOf(approval) });
    return true;
  } catch (error) {
    if (error instanceof TaskNotWaitingError) return false;
    throw error;
  }
}

async function record(
  deps: ApprovalDeps,
  { id, model, version, execution, decision }: Approval,
): Promise<void> {
  if (decision?.kind !== 'approved' && decision?.kind !== 'rejected') return;
  const { kind, at, ...by } = decision;
  // before the run goes on: nobody can make a rejected version serve in the meantime
  if (kind === 'rejected') await rejectVersion(deps, model, version, by.reason);
  await appendLedger(deps, model, {
    at,
    action: kind === 'approved' ? 'approve' : 'reject',
    ...by,
    detail: { approval: id, version, execution },
  });
}

function answerOf({ id, version, decision }: Approval): RunAnswer {
  const { kind, at: _, ...by } = decision!;
  return { decision: kind, approval: id, version, ...by };
}

/** Nobody waits for the signal: because the run took it before or will ask again, or because there is no run any more. */
async function assertGoesOn(
  deps: ApprovalDeps,
  model: ModelRecord,
  { id, execution, decision }: Approval,
  isAnswered: boolean,
): Promise<void> {
  if (isAnswered) return;
  const run = await deps.pipelines.describe(execution);
  if (run?.status !== 'RUNNING' && run?.status !== 'SUCCEEDED')
    await endRun(deps, model, execution, 'failed', {
      reason: `the run that waited for approval "${id}" is gone (${run?.status ?? 'unknown to the engine'})`,
    });
  const now = await findApproval(deps, id);
  const isAsDecided = now?.outcome === (decision?.kind === 'approved' ? 'promoted' : 'rejected');
  if (now?.outcome !== undefined && !isAsDecided)
    throw new ProblemError(409, `${standing(now)}; the champion was not changed by it`);
}

/** Where the wait is over: expired, unless a decision was made that did not arrive. */
export async function closeUnanswered(
  deps: ApprovalDeps,
  model: string,
  execution: string,
): Promise<RunAnswer> {
  const id = approvalId(model, execution);
  const settled = await settleApproval(deps, id, {
    kind: 'expired',
    actor: execution,
    reason: 'nobody decided in time',
    at: deps.now(),
  });
  if (!settled?.decision) throw new Error(`run "${execution}" of "${model}" has no approval to close`);
  await record(deps, settled);
  return answerOf(settled);
}

/**
 * Also of a version whose run has asked nobody: it is still under way, or ended before it came to that.
 *
 * @throws ProblemError 403 where the policy wants a second person and `actor` started the run that made the version
 */
export async function assertMayPromote(
  deps: Pick<Deps, 'state'>,
  model: ModelRecord,
  version: VersionRecord | undefined,
  actor: string,
): Promise<void> {
  if (version?.run === undefined || !model.retrain.second_person) return;
  const approval = await findApproval(deps, approvalId(model.name, version.run));
  const startedBy = approval?.startedBy ?? (await starterOf(deps, model.name, version.run));
  assertSecondPerson(model, { startedBy, version: version.version }, actor);
}

/** A version that was promoted by hand needs no approval any more: its run ends as promoted. */
export async function settlePromoted(
  deps: ApprovalDeps,
  model: string,
  version: VersionRecord | undefined,
  by: Omit<Decision, 'kind' | 'at'>,
): Promise<void> {
  if (version?.run === undefined) return;
  const decision: Decision = { kind: 'promoted', ...by, at: deps.now() };
  const settled = await settleApproval(deps, approvalId(model, version.run), decision);
  if (settled?.decision?.kind === 'promoted') await deliver(deps, settled);
}
