/** The ledger of a model: every decision with its actor and reason, in time order. It answers what served at time T, and why. */
import type { Deps } from '../deps.ts';
import type { Json, JsonObject } from '../json.ts';
import { queryAll } from '../ports/query-all.ts';
import { shortHash, stateKeys, timeKey } from './keys.ts';

export interface LedgerEntry {
  /** Unix milliseconds. */
  readonly at: number;
  readonly action:
    | 'create'
    | 'upload'
    | 'trial'
    | 'register'
    | 'promote'
    | 'rollback'
    | 'approve'
    | 'reject'
    | 'retrain'
    | 'baseline'
    | 'policy'
    | 'pause'
    | 'resume'
    | 'monitor'
    | 'data_incident';
  /** Who was authenticated, or what did it: a run, the monitor. Where nobody is, what the body said. */
  readonly actor: string;
  /** What the authenticated caller says of others; nobody has checked it. */
  readonly on_behalf_of?: string;
  readonly reason: string;
  /** Champion before and after, where the action moved it. */
  readonly from?: string | null;
  readonly to?: string;
  readonly detail?: JsonObject;
}

/** Idempotent: the id is made of the entry itself. */
export async function appendLedger(
  deps: Pick<Deps, 'state'>,
  model: string,
  entry: LedgerEntry,
): Promise<void> {
  await deps.state.putIfAbsent(
    stateKeys.ledger(model, entry.at, shortHash(JSON.stringify(entry))),
    entry as unknown as Json,
  );
}

/** Newest first. */
export async function readLedger(
  deps: Pick<Deps, 'state'>,
  model: string,
  options: { readonly until?: number; readonly limit: number },
): Promise<readonly LedgerEntry[]> {
  const before = options.until === undefined ? 'ledger$' : `ledger#${timeKey(options.until + 1)}`;
  const page = await deps.state.query(stateKeys.of(model), {
    from: 'ledger#',
    before,
    reverse: true,
    limit: options.limit,
  });
  return page.items.map((item) => item.value as unknown as LedgerEntry);
}

/** The entry that made the champion what it was at a moment; absent before the first. */
export async function servedAt(
  deps: Pick<Deps, 'state'>,
  model: string,
  atMs: number,
): Promise<LedgerEntry | undefined> {
  const pointer = await deps.state.get(stateKeys.pointer(model));
  const newest = pointer ? (pointer.value as unknown as { change: LedgerEntry }).change : undefined;
  if (newest && newest.at <= atMs) return newest;
  for await (const item of queryAll(deps.state, stateKeys.of(model), {
    from: 'ledger#',
    before: `ledger#${timeKey(atMs + 1)}`,
    reverse: true,
  })) {
    const entry = item.value as unknown as LedgerEntry;
    if (entry.to !== undefined) return entry;
  }
  return undefined;
}

/** Who started a retrain run; undefined of a run that never got the model's lease. */
export async function starterOf(
  deps: Pick<Deps, 'state'>,
  model: string,
  execution: string,
): Promise<string | undefined> {
  for await (const { value } of queryAll(deps.state, stateKeys.of(model), {
    from: 'ledger#',
    before: 'ledger$',
    reverse: true,
  })) {
    const { action, actor, detail } = value as unknown as LedgerEntry;
    // its end is an entry of the same execution, but of no trigger
    if (action === 'retrain' && detail?.execution === execution && detail.trigger !== undefined) return actor;
  }
  return undefined;
}
