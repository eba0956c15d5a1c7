/** Whether a model answers batches: the switch that a person, or the floor of its policy, turns. Single predictions go on. */
import type { Deps } from '../deps.ts';
import type { JsonObject } from '../json.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys } from './keys.ts';
import { appendLedger, type LedgerEntry } from './ledger.ts';

export interface Pause {
  readonly paused: boolean;
  /** The change that made it so; it rides here until it is in the ledger for certain. */
  readonly change: LedgerEntry;
}

export interface PauseChange {
  readonly paused: boolean;
  readonly actor: string;
  readonly on_behalf_of?: string;
  readonly reason: string;
  readonly detail?: JsonObject;
  /** Unix milliseconds: holds only where nothing was changed at or after this time. */
  readonly unlessSince?: number;
  /** The time of the change that the person saw, 0 for none: holds only where it is still the last one. */
  readonly seen?: number;
}

/** Absent of a model that was never paused. */
export async function readPause(deps: Pick<Deps, 'state'>, model: string): Promise<Pause | undefined> {
  const item = await deps.state.get(stateKeys.pause(model));
  return item ? (item.value as unknown as Pause) : undefined;
}

/**
 * Turns the switch, unless it stands so already; safe to repeat. After a crash between the two writes the next change, also one
 * that changes nothing, writes the ledger's entry.
 *
 * @returns what stands, and whether it was this change
 */
export async function changePause(
  deps: Pick<Deps, 'state' | 'now'>,
  model: string,
  { paused, unlessSince = Number.POSITIVE_INFINITY, seen, actor, reason, ...more }: PauseChange,
): Promise<{ readonly pause: Pause | undefined; readonly changed: boolean }> {
  let before: Pause | undefined;
  let changed = false;
  const pause = await updateItem<Pause>(deps.state, stateKeys.pause(model), (current) => {
    before = current;
    const last = current?.change.at ?? 0;
    changed = (current?.paused ?? false) !== paused && last < unlessSince && last === (seen ?? last);
    if (!changed) return undefined;
    const { on_behalf_of, detail } = more;
    const change: LedgerEntry = {
      at: Math.max(deps.now(), (current?.change.at ?? 0) + 1),
      action: paused ? 'pause' : 'resume',
      actor,
      ...(on_behalf_of === undefined ? {} : { on_behalf_of }),
      reason,
      ...(detail === undefined ? {} : { detail }),
    };
    return { paused, change };
  });
  for (const one of [before, pause]) if (one) await appendLedger(deps, model, one.change);
  return { pause, changed };
}
