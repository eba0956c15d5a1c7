/** What the publisher remembers between minutes, in one item; its claim is what makes it the only writer. */
import type { Deps } from '../deps.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys } from '../registry/keys.ts';

export interface PublisherState {
  /** Newest minute claimed, Unix milliseconds; no sample of it or an earlier one is ever made again. */
  readonly minute: number;
  /** Who publishes it, and until when nobody else may. */
  readonly holder: string | null;
  readonly until: number;
  /** Newest minute that an invocation waits for, to publish it as it begins; absent before the first. */
  readonly awaited?: number;
  /** Minutes in which everything of a cadence was delivered last. */
  readonly lastFourMinutes: number;
  readonly lastChange: number;
  /** Number of the book of known series, 0 before the first. */
  readonly book: number;
  /** Series in it. */
  readonly series: number;
  readonly rejectedTotal: number;
  readonly failures: number;
  /** Series that the receiver refused, with the minute in which it did: they wait before they are tried again. */
  readonly refused: Readonly<Record<string, number>>;
}

const initial: PublisherState = {
  minute: 0,
  holder: null,
  until: 0,
  lastFourMinutes: 0,
  lastChange: 0,
  book: 0,
  series: 0,
  rejectedTotal: 0,
  failures: 0,
  refused: {},
};

export const minuteMs = 60_000;
/** Longer than a publication may take, shorter than until the next. */
const leaseMs = 50_000;
/** A minute further ahead than this was claimed by a clock that was wrong, not by another invocation. */
const maxAheadMs = 10 * minuteMs;

export async function readPublisherState(deps: Pick<Deps, 'state'>): Promise<PublisherState> {
  const item = await deps.state.get(stateKeys.publisher);
  return item ? (item.value as unknown as PublisherState) : initial;
}

export type Claim =
  | { readonly claimed: true; readonly state: PublisherState; readonly isClockSetBack: boolean }
  /** `isBusy`: nobody has this minute, but one before it is still being published. */
  | { readonly claimed: false; readonly reason: string; readonly isBusy: boolean };

/**
 * Claims the minute of `now` for one holder. Of any number of invocations in a minute one gets it; none does while the minute before is
 * still being published, or when its clock is behind.
 */
export async function claimMinute(deps: Pick<Deps, 'state' | 'now'>, holder: string): Promise<Claim> {
  const now = deps.now();
  const minute = Math.floor(now / minuteMs) * minuteMs;
  let refusal = '';
  let isBusy = false;
  let isClockSetBack = false;
  const after = await updateItem<PublisherState>(deps.state, stateKeys.publisher, (before = initial) => {
    isClockSetBack = before.minute > minute + maxAheadMs;
    isBusy = false;
    if (before.minute >= minute && !isClockSetBack) {
      refusal = `minute ${new Date(before.minute).toISOString()} is published already`;
      return undefined;
    }
    if (before.holder !== null && before.until > now && before.until <= now + leaseMs) {
      refusal = 'another publication is under way';
      isBusy = true;
      return undefined;
    }
    const claimed = { ...before, minute, holder, until: now + leaseMs };
    // marks of that future would let nothing be due until the clock gets there
    return isClockSetBack ? { ...claimed, lastFourMinutes: 0, lastChange: 0, refused: {} } : claimed;
  });
  if (after?.holder !== holder || after.minute !== minute) return { claimed: false, reason: refusal, isBusy };
  return { claimed: true, state: after, isClockSetBack };
}

/**
 * Claims the wait for the minute after `now`: of any number of invocations one gets it. The others need not wait, since that one reads
 * the figures after all of them have asked.
 *
 * @returns milliseconds until that minute begins, at most 60,000; undefined where another waits for it, or for a later one
 */
export async function claimWait(deps: Pick<Deps, 'state' | 'now'>): Promise<number | undefined> {
  const now = deps.now();
  const next = Math.floor(now / minuteMs) * minuteMs + minuteMs;
  let isMine = false;
  await updateItem<PublisherState>(deps.state, stateKeys.publisher, (before = initial) => {
    const { awaited = 0 } = before;
    isMine = awaited < next || awaited > next + maxAheadMs;
    return isMine ? { ...before, awaited: next } : undefined;
  });
  return isMine ? next - now : undefined;
}

/** Gives the claim back with what was done; nothing when it was lost meanwhile. */
export async function finishMinute(
  deps: Pick<Deps, 'state'>,
  holder: string,
  done: Partial<PublisherState>,
): Promise<void> {
  await updateItem<PublisherState>(deps.state, stateKeys.publisher, (before) =>
    before?.holder === holder ? { ...before, ...done, holder: null, until: 0 } : undefined,
  );
}

/** The state as JSON is at most this large; DynamoDB's limit is 400 KB. */
export const maxRefusedKept = 200;
