/** A retrain run's place in the registry: lease, cooldown, back-off, daily cap, and the record of how it ended. */
import type { Deps } from '../deps.ts';
import type { Json, JsonObject } from '../json.ts';
import { updateItem } from '../ports/update.ts';
import { approvalId, closeApproval, findApproval } from './approval.ts';
import { stateKeys } from './keys.ts';
import { appendLedger } from './ledger.ts';
import type { ModelRecord } from './model.ts';

type RunDeps = Pick<Deps, 'state' | 'now' | 'pipelines'>;

export type BeginResult =
  | { readonly status: 'acquired'; readonly startedAt: number }
  | { readonly status: 'leased'; readonly reason: string }
  | { readonly status: 'cooling_down'; readonly reason: string }
  | { readonly status: 'daily_cap'; readonly reason: string };

export interface Lease {
  readonly execution: string;
  readonly startedAt: number;
}

/**
 * Takes the model's lease for an execution. The same execution again has it; a lease whose execution is no longer RUNNING is
 * taken over. A cooldown or the daily cap refuses before the lease is touched, unless `force`.
 */
export async function beginRun(
  deps: RunDeps,
  model: ModelRecord,
  execution: string,
  options: { readonly force: boolean },
): Promise<BeginResult> {
  const held = await deps.state.get(stateKeys.lease(model.name));
  const own = held?.value as unknown as Lease | undefined;
  if (own?.execution === execution) {
    await countToday(deps, model.name, own);
    return { status: 'acquired', startedAt: own.startedAt };
  }
  const refused = options.force
    ? undefined
    : ((await cooling(deps, model)) ?? (await overCap(deps, model, execution)));
  if (refused) return refused;
  const lease = { execution, startedAt: deps.now() };
  const taken = held
    ? await takeOver(deps, model.name, held.revision, held.value as unknown as Lease, lease)
    : (await deps.state.putIfAbsent(stateKeys.lease(model.name), lease)).stored;
  if (!taken) return { status: 'leased', reason: 'another run of this model is under way' };
  await countToday(deps, model.name, lease);
  return { status: 'acquired', startedAt: lease.startedAt };
}

async function takeOver(
  deps: RunDeps,
  model: string,
  revision: number,
  held: Lease,
  lease: Lease,
): Promise<boolean> {
  const holder = await deps.pipelines.describe(held.execution);
  if (holder?.status === 'RUNNING') return false;
  return (await deps.state.putIfRevision(stateKeys.lease(model), lease as unknown as Json, revision)).stored;
}

export interface Cooldown {
  readonly until: number;
  readonly reason: string;
}

async function cooling(deps: RunDeps, model: ModelRecord): Promise<BeginResult | undefined> {
  const cooldown = await readCooldown(deps, model.name);
  if (!cooldown) return undefined;
  const { until, reason } = cooldown;
  return {
    status: 'cooling_down',
    reason: `${reason}; next run not before ${new Date(until).toISOString()}`,
  };
}

/** The one that is in force. */
async function readCooldown(deps: Pick<Deps, 'state' | 'now'>, model: string): Promise<Cooldown | undefined> {
  const item = await deps.state.get(stateKeys.cooldown(model));
  const cooldown = item?.value as unknown as Cooldown | undefined;
  return cooldown && cooldown.until > deps.now() ? cooldown : undefined;
}

async function overCap(
  deps: RunDeps,
  model: ModelRecord,
  execution: string,
): Promise<BeginResult | undefined> {
  const runs = await runsToday(deps, model.name);
  if (runs.includes(execution) || runs.length < model.retrain.daily_cap) return undefined;
  return {
    status: 'daily_cap',
    reason: `${runs.length} runs were started today (UTC); ${model.retrain.daily_cap} are allowed`,
  };
}

const dayKey = (model: string, now: number) => stateKeys.day(model, new Date(now).toISOString().slice(0, 10));

async function runsToday(deps: RunDeps, model: string): Promise<readonly string[]> {
  const item = await deps.state.get(dayKey(model, deps.now()));
  return item ? (item.value as { runs: string[] }).runs : [];
}

/** Why a run would be refused now, and until when; `force` goes past it, but not past a run that is under way. */
export async function wouldRefuse(
  deps: RunDeps,
  model: ModelRecord,
): Promise<{ readonly reason: string; readonly until?: number } | undefined> {
  const cooldown = await readCooldown(deps, model.name);
  if (cooldown) return cooldown;
  const refused = await overCap(deps, model, '');
  return refused && 'reason' in refused ? { reason: refused.reason } : undefined;
}

interface Day {
  readonly runs: readonly string[];
}

const keptDays = (deps: RunDeps) => ({ expiresAt: Math.floor(deps.now() / 1000) + 3 * 86_400 });

async function countToday(deps: RunDeps, model: string, { execution, startedAt }: Lease): Promise<void> {
  await updateItem<Day>(
    deps.state,
    dayKey(model, startedAt),
    (day) => (day?.runs.includes(execution) ? undefined : { runs: [...(day?.runs ?? []), execution] }),
    keptDays(deps),
  );
}

/** A run that learnt nothing (too few labels, a failure) does not use up the day's allowance. */
async function uncountToday(deps: RunDeps, model: string, { execution, startedAt }: Lease): Promise<void> {
  await updateItem<Day>(
    deps.state,
    dayKey(model, startedAt),
    (day) =>
      day?.runs.includes(execution) ? { runs: day.runs.filter((one) => one !== execution) } : undefined,
    keptDays(deps),
  );
}

export type RunOutcome =
  | 'promoted'
  | 'rejected'
  /** The candidate waits for a person: the only outcome that another one follows. */
  | 'awaiting_approval'
  | 'expired'
  | 'superseded'
  /** Of runs before there were approvals: they ended here. */
  | 'awaiting_promotion'
  | 'insufficient_labels'
  | 'invalid_data'
  | 'parity_failed'
  | 'conflict'
  | 'failed';

export interface RunRecord {
  readonly execution: string;
  readonly startedAt: number;
  /** While it waits for a person: since when. */
  readonly endedAt: number;
  readonly outcome: RunOutcome;
  readonly detail: JsonObject;
}

const weekMs = 7 * 86_400_000;

/** Since when an execution has the model's lease; undefined when it has not. */
export async function heldSince(
  deps: Pick<Deps, 'state'>,
  model: string,
  execution: string,
): Promise<number | undefined> {
  const held = await deps.state.get(stateKeys.lease(model));
  const lease = held?.value as unknown as Lease | undefined;
  return lease?.execution === execution ? lease.startedAt : undefined;
}

/**
 * Records that a run waits for a person, in its own item and in the ledger, and gives the lease back, in that order: another run
 * may begin meanwhile. Safe to repeat; of a run that has ended nothing is changed.
 */
export async function parkRun(
  deps: RunDeps,
  model: ModelRecord,
  execution: string,
  detail: JsonObject,
): Promise<void> {
  const held = await deps.state.get(stateKeys.lease(model.name));
  const lease = held?.value as unknown as Lease | undefined;
  if (!held || lease?.execution !== execution) return;
  const { startedAt } = lease;
  const waiting: RunRecord = {
    execution,
    startedAt,
    endedAt: deps.now(),
    outcome: 'awaiting_approval',
    detail,
  };
  const record = await updateItem<RunRecord>(
    deps.state,
    stateKeys.run(model.name, startedAt, execution),
    (before) => (before ? undefined : waiting),
  );
  await logOutcome(deps, model.name, record!);
  await deps.state.delete(stateKeys.lease(model.name), held.revision);
}

function logOutcome(
  deps: Pick<Deps, 'state'>,
  model: string,
  { execution, outcome, endedAt, detail }: RunRecord,
): Promise<void> {
  return appendLedger(deps, model, {
    at: endedAt,
    action: 'retrain',
    actor: execution,
    reason: `${outcome}: ${reasonOf(detail)}`,
    detail: { execution, outcome },
  });
}

/**
 * Records how a run ended, in its own item and in the ledger, and gives the lease back, in that order; safe to repeat, and the
 * outcome recorded first stands, unless that was to wait for a person. A promotion starts the cooldown; a rejection starts a
 * back-off that doubles with each one in a row, up to a week; anything else leaves the way open.
 *
 * @returns undefined when the run has ended: it neither has the lease nor waits for a person
 */
export async function endRun(
  deps: RunDeps,
  model: ModelRecord,
  execution: string,
  outcome: RunOutcome,
  detail: JsonObject,
): Promise<RunRecord | undefined> {
  const held = await deps.state.get(stateKeys.lease(model.name));
  const lease = held?.value as unknown as Lease | undefined;
  const approval = await findApproval(deps, approvalId(model.name, execution));
  const isHolder = lease?.execution === execution;
  if (!isHolder && (!approval || approval.outcome !== undefined)) return undefined;
  const startedAt = isHolder ? lease.startedAt : approval!.startedAt;
  const ending: RunRecord = { execution, startedAt, endedAt: deps.now(), outcome, detail };
  const record = (await updateItem<RunRecord>(
    deps.state,
    stateKeys.run(model.name, startedAt, execution),
    (before) => (before && before.outcome !== 'awaiting_approval' ? undefined : ending),
  ))!;
  if (record.outcome === 'promoted' || record.outcome === 'rejected')
    await startCooldown(deps, model, record);
  // whoever was asked for a decision has a proven candidate: that is what the day's allowance is for
  else if (!approval && record.outcome !== 'awaiting_promotion')
    await uncountToday(deps, model.name, { execution, startedAt });
  await logOutcome(deps, model.name, record);
  if (approval) await closeApproval(deps, approval.id, record.outcome);
  if (isHolder) await deps.state.delete(stateKeys.lease(model.name), held!.revision);
  return record;
}

/** Why a run ended, in words, whichever step or engine says so. */
export function reasonOf(detail: JsonObject): string {
  const reason = detail.reason ?? detail.Cause ?? detail.Error;
  if (typeof reason === 'string') return reason;
  const gate = detail.gate as { reason?: string } | undefined;
  return gate?.reason ?? 'no reason was given';
}

async function startCooldown(
  deps: RunDeps,
  model: ModelRecord,
  { execution, outcome, endedAt }: RunRecord,
): Promise<void> {
  const rejections = await countRejections(deps, model.name, execution, outcome);
  const backoffMs = model.retrain.cooldown_ms * 2 ** Math.max(rejections - 1, 0);
  const until = endedAt + (outcome === 'promoted' ? model.retrain.cooldown_ms : Math.min(backoffMs, weekMs));
  const reason =
    outcome === 'promoted'
      ? 'cooldown after a promotion'
      : `back-off after ${rejections} rejected candidate(s) in a row`;
  await updateItem<Cooldown>(deps.state, stateKeys.cooldown(model.name), () => ({ until, reason }), {
    expiresAt: Math.ceil(until / 1000),
  });
}

interface Backoff {
  readonly count: number;
  /** The execution counted last: recording it twice counts it once. */
  readonly last: string;
}

async function countRejections(
  deps: RunDeps,
  model: string,
  execution: string,
  outcome: RunOutcome,
): Promise<number> {
  const backoff = await updateItem<Backoff>(deps.state, stateKeys.backoff(model), (before) => {
    if (before?.last === execution) return undefined;
    return { count: outcome === 'promoted' ? 0 : (before?.count ?? 0) + 1, last: execution };
  });
  return backoff?.count ?? 0;
}

/** The run that holds the model's lease: under way, or ended without giving it back. */
export async function leasedRun(
  deps: Pick<Deps, 'state'>,
  model: string,
): Promise<{ readonly execution: string; readonly startedAt: number } | undefined> {
  const item = await deps.state.get(stateKeys.lease(model));
  return item ? (item.value as unknown as Lease) : undefined;
}

/** Newest first. */
export async function listRuns(
  deps: Pick<Deps, 'state'>,
  model: string,
  limit: number,
): Promise<readonly RunRecord[]> {
  const page = await deps.state.query(stateKeys.of(model), { prefix: 'run#', reverse: true, limit });
  return page.items.map((item) => item.value as unknown as RunRecord);
}
