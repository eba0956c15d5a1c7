/** The feed's durable half: a log of a table's changes, written in the same transaction as the change. */
import type { Database, RootDatabase } from 'lmdb';
import type { StoredItem } from '#shared/aws/stored-item.ts';
import { sequenceKey, splitSequenceKey } from './store-keys.ts';

export type ChangeKind = 'INSERT' | 'MODIFY' | 'REMOVE';

/** The item's fields last; an expiry of 0 is none. */
export type LogRow = readonly [
  streamTimeMs: number,
  kind: ChangeKind,
  pk: string,
  sk: string,
  revision: number,
  token: string,
  expiresAt: number,
  data: string,
];

export interface LogEntry {
  readonly sequence: number;
  /** Unix milliseconds, never less than that of the entry before, unless that was {@link MAX_AHEAD_MS} ahead of the clock. */
  readonly streamTimeMs: number;
  readonly kind: ChangeKind;
  /** As it stands after the change; of a removal, as it stood before. */
  readonly stored: StoredItem;
}

/** The last sequence number given out and the stream time that no later entry may fall behind. */
export type LogHead = readonly [sequence: number, streamTimeMs: number];

export interface FeedLogOptions {
  readonly root: RootDatabase;
  readonly log: Database<LogRow, Uint8Array>;
  readonly heads: Database<LogHead, string>;
  /** The sequence number of the last entry that was delivered. */
  readonly checkpoints: Database<number, string>;
  readonly tableName: string;
  readonly now: () => number;
}

const TRIM_ENTRIES_PER_TRANSACTION = 1000;

/** A stream time further ahead of the clock than this comes from a clock that was wrong, and is not waited for. */
const MAX_AHEAD_MS = 5 * 60_000;

export class FeedLog {
  readonly tableName: string;
  private readonly options: FeedLogOptions;
  private readonly listeners = new Set<() => void>();
  private hasReportedClock = false;

  constructor(options: FeedLogOptions) {
    this.options = options;
    this.tableName = options.tableName;
  }

  /** Only inside the transaction that makes the change. */
  append(kind: ChangeKind, stored: StoredItem): void {
    const { log, heads, tableName } = this.options;
    const next: LogHead = [this.head()[0] + 1, this.streamTime()];
    const { pk, sk, rev, token, exp = 0, data } = stored;
    log.put(sequenceKey(next[0]), [next[1], kind, pk, sk, rev, token, exp, data]);
    heads.put(tableName, next);
  }

  /** What was not delivered yet, in order, until `limit` or `maxBytes` of documents are reached; one entry is never too large. */
  readPending(limit: number, maxBytes: number): LogEntry[] {
    const { root, log } = this.options;
    root.resetReadTxn(); // another process may have written since
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (const { key, value } of log.getRange({ start: sequenceKey(this.checkpoint() + 1), limit })) {
      const entry = toEntry(splitSequenceKey(key), value);
      bytes += entry.stored.data.length;
      if (bytes > maxBytes && entries.length > 0) break;
      entries.push(entry);
    }
    return entries;
  }

  pendingCount(): number {
    return this.head()[0] - this.checkpoint();
  }

  async advanceTo(sequence: number): Promise<void> {
    const { root, checkpoints, tableName } = this.options;
    await root.childTransaction(() => {
      if (sequence > this.checkpoint()) checkpoints.put(tableName, sequence);
    });
  }

  /**
   * Inside a write transaction, so that no write is under way meanwhile, and the answer raises the head, so that each later
   * entry gets this stream time at least.
   */
  async closedBefore(): Promise<number> {
    const { root, heads, tableName } = this.options;
    return await root.childTransaction(() => {
      const pendingSince = this.pendingSince();
      if (pendingSince !== undefined) return pendingSince;
      const streamTimeMs = this.streamTime();
      heads.put(tableName, [this.head()[0], streamTimeMs]);
      return streamTimeMs;
    });
  }

  /** Drops delivered entries whose stream time is before `olderThanMs`, or ahead of any right clock; answers how many. */
  async trim(olderThanMs: number): Promise<number> {
    let trimmed = 0;
    for (;;) {
      const count = await this.options.root.childTransaction(() => this.trimSome(olderThanMs));
      trimmed += count;
      if (count < TRIM_ENTRIES_PER_TRANSACTION) return trimmed;
    }
  }

  /** A change was committed, or nothing was: the delivery looks for itself. */
  wake(): void {
    for (const listener of this.listeners) listener();
  }

  /** Calls `listener` after each commit until the answered function is called. */
  onWake(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Of the next entry: that of the head or now, whichever is later, so that it never runs backwards with the clock. */
  private streamTime(): number {
    const nowMs = this.options.now();
    const headMs = this.head()[1];
    if (!this.isAhead(headMs)) return Math.max(headMs, nowMs);
    if (!this.hasReportedClock)
      console.error(
        `stream time of feed ${this.tableName} was ${new Date(headMs).toISOString()}, more than ${MAX_AHEAD_MS} ms ahead of the clock: it starts again at ${new Date(nowMs).toISOString()}`,
      );
    this.hasReportedClock = true;
    return nowMs;
  }

  private isAhead(streamTimeMs: number): boolean {
    return streamTimeMs > this.options.now() + MAX_AHEAD_MS;
  }

  /** The earliest stream time that waits to be delivered, passing over what a wrong clock wrote. */
  private pendingSince(): number | undefined {
    for (const { value } of this.options.log.getRange({ start: sequenceKey(this.checkpoint() + 1) }))
      if (!this.isAhead(value[0])) return value[0];
    return undefined;
  }

  private trimSome(olderThanMs: number): number {
    const { log } = this.options;
    const end = sequenceKey(this.checkpoint() + 1);
    const old: Uint8Array[] = [];
    for (const { key, value } of log.getRange({ end, limit: TRIM_ENTRIES_PER_TRANSACTION })) {
      if (value[0] >= olderThanMs && !this.isAhead(value[0])) break;
      old.push(key);
    }
    for (const key of old) log.remove(key);
    return old.length;
  }

  private checkpoint(): number {
    return this.options.checkpoints.get(this.tableName) ?? 0;
  }

  private head(): LogHead {
    return this.options.heads.get(this.tableName) ?? [0, 0];
  }
}

function toEntry(sequence: number, row: LogRow): LogEntry {
  const [streamTimeMs, kind, pk, sk, rev, token, exp, data] = row;
  const stored = { pk, sk, rev, token, ...(exp === 0 ? {} : { exp }), data };
  return { sequence, streamTimeMs, kind, stored };
}
