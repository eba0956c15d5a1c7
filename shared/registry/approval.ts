/** A candidate that waits for a person, as stored: what it is, what was decided, and how its run ended. The first decision stands. */
import type { Deps } from '../deps.ts';
import { queryAll } from '../ports/query-all.ts';
import { updateItem } from '../ports/update.ts';
import type { GateResult } from '../retrain/gate.ts';
import { shortHash, stateKeys } from './keys.ts';

type State = Pick<Deps, 'state'>;

/**
 * `approved` and `rejected` are a person's; `promoted` is a person who made the version serve past its approval; `superseded` is
 * a newer candidate, or another champion than the one it was compared with; `expired` is nobody in time.
 */
type DecisionKind = 'approved' | 'rejected' | 'promoted' | 'superseded' | 'expired';

export interface Decision {
  readonly kind: DecisionKind;
  readonly actor: string;
  readonly on_behalf_of?: string;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** What the gates saw of the candidate and of the champion. */
export interface ApprovalEvidence {
  readonly gates: readonly GateResult[];
  readonly candidate: Readonly<Record<string, number>>;
  readonly champion: Readonly<Record<string, number>>;
}

export interface Approval {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  /** The champion it was compared with; no other is replaced. */
  readonly champion: string;
  readonly execution: string;
  /** Of the run, unix milliseconds. */
  readonly startedAt: number;
  readonly startedBy: string;
  /** Why a person is needed. */
  readonly reason: string;
  readonly evidence: ApprovalEvidence;
  readonly requestedAt: number;
  readonly expiresAt: number;
  /** Of the task that waits; whoever has it can answer, so it is never shown. */
  readonly token: string;
  readonly decision?: Decision;
  /** How the run ended; from then on nothing waits. */
  readonly outcome?: string;
}

/** As long as the engine remembers an execution. */
const keptMs = 90 * 86_400_000;

/**
 * Of a run: asking twice is one approval.
 *
 * @example approvalId('churn', 'arn:aws:states:…:execution:tidemark-retrain:churn-1') // 'churn-6f3c0a52b1de'
 */
export function approvalId(model: string, execution: string): string {
  return `${model}-${shortHash(execution)}`;
}

export async function findApproval({ state }: State, id: string): Promise<Approval | undefined> {
  const item = await state.get(stateKeys.approval(id));
  return item ? (item.value as unknown as Approval) : undefined;
}

const isOpen = ({ decision, outcome }: Approval): boolean => decision === undefined && outcome === undefined;

/** Those that nobody has decided, oldest first; of one model, or of all. */
export async function openApprovals({ state }: State, model?: string): Promise<readonly Approval[]> {
  const found: Approval[] = [];
  const prefix = model === undefined ? {} : { prefix: `${model}-` };
  for await (const item of queryAll(state, stateKeys.approvals, prefix)) {
    const approval = item.value as unknown as Approval;
    if (isOpen(approval) && (model === undefined || approval.model === model)) found.push(approval);
  }
  return found.sort((one, other) => one.requestedAt - other.requestedAt);
}

/** Stores it, or gives one that is stored the token of the task that waits now. @returns what stands */
export async function storeApproval({ state }: State, wanted: Approval): Promise<Approval> {
  const stored = await updateItem<Approval>(
    state,
    stateKeys.approval(wanted.id),
    (before) => (before ? { ...before, token: wanted.token } : wanted),
    { expiresAt: forgottenAt(wanted) },
  );
  return stored!;
}

/** Records a decision unless there is one, or the run has ended. @returns what stands */
export function settleApproval(state: State, id: string, decision: Decision): Promise<Approval | undefined> {
  return changeApproval(state, id, (before) => (isOpen(before) ? { ...before, decision } : undefined));
}

/** Records how the run ended. */
export async function closeApproval(state: State, id: string, outcome: string): Promise<void> {
  await changeApproval(state, id, (before) =>
    before.outcome === undefined ? { ...before, outcome } : undefined,
  );
}

async function changeApproval(
  { state }: State,
  id: string,
  change: (before: Approval) => Approval | undefined,
): Promise<Approval | undefined> {
  const before = await findApproval({ state }, id);
  if (!before) return undefined;
  return updateItem<Approval>(
    state,
    stateKeys.approval(id),
    (current) => (current ? change(current) : undefined),
    { expiresAt: forgottenAt(before) },
  );
}

const forgottenAt = ({ expiresAt }: Approval): number => Math.ceil((expiresAt + keptMs) / 1000);
