/** Table on LMDB: the embedded counterpart of the DynamoDB table, durable and shared by several processes. */
import type { Database, RootDatabase } from 'lmdb';
import { isExpired, newStoredItem, type StoredItem, toItem } from '#shared/aws/stored-item.ts';
import { assertPartitionKey, assertTableKey, queryRange } from '#shared/aws/table-arguments.ts';
import type { Json } from '#shared/json.ts';
import type {
  Item,
  Key,
  PutOptions,
  PutResult,
  QueryOptions,
  QueryPage,
  Table,
} from '#shared/ports/table.ts';
import type { FeedLog } from './feed-log.ts';
import { afterPrefix, expiryKey, partitionKey, rowKey, splitExpiryKey, successor } from './store-keys.ts';

/** Expiry in Unix seconds, 0 for none; the JSON document last. */
export type Row = readonly [revision: number, token: string, expiresAt: number, data: string];

export interface LmdbTableOptions {
  readonly root: RootDatabase;
  readonly rows: Database<Row, Uint8Array>;
  /** Entries may outlive the expiry they stand for; the sweep looks at the row before it removes anything. */
  readonly expiry: Database<true, Uint8Array>;
  readonly now: () => number;
  /** Takes every change in the transaction that makes it. */
  readonly feed?: FeedLog;
}

const SWEEP_ROWS_PER_TRANSACTION = 1000;

/**
 * Each write is one callback in LMDB's batched write transaction: concurrent writers share a commit, and a promise resolves
 * once that commit is on disk.
 */
export class LmdbTable implements Table {
  private readonly options: LmdbTableOptions;

  constructor(options: LmdbTableOptions) {
    this.options = options;
  }

  async get(key: Key): Promise<Item | undefined> {
    assertTableKey(key);
    this.options.root.resetReadTxn(); // another process may have written since
    const stored = this.readLive(key, rowKey(key));
    return stored && toItem(stored);
  }

  async putIfAbsent(key: Key, value: Json, options?: PutOptions): Promise<PutResult> {
    const item = newStoredItem(key, value, 1, options);
    return await this.put(item, (current) => current === undefined);
  }

  async putIfRevision(key: Key, value: Json, revision: number, options?: PutOptions): Promise<PutResult> {
    const item = newStoredItem(key, value, revision + 1, options);
    return await this.put(item, (current) => current?.rev === revision);
  }

  async delete(key: Key, revision?: number): Promise<boolean> {
    assertTableKey(key);
    const { rows, feed } = this.options;
    const id = rowKey(key);
    return await this.write(() => {
      const current = this.readLive(key, id);
      if (!current || (revision !== undefined && current.rev !== revision)) return false;
      rows.remove(id);
      feed?.append('REMOVE', current);
      return true;
    });
  }

  async query(pk: string, options: QueryOptions = {}): Promise<QueryPage> {
    assertPartitionKey(pk);
    const range = queryRange(options);
    if (range.isEmpty) return { items: [] };
    const partition = partitionKey(pk);
    const bounds = this.bounds(partition, options);
    if (Buffer.compare(bounds.from, bounds.before) >= 0) return { items: [] };
    this.options.root.resetReadTxn();
    const nowMs = this.options.now();
    const items: Item[] = [];
    for (const { key, value } of this.options.rows.getRange(rangeOptions(bounds, options.reverse ?? false))) {
      const sk = Buffer.from(key).toString('utf8', partition.length);
      const stored = toStored({ pk, sk }, value);
      if (isExpired(stored, nowMs)) continue;
      if (items.length === range.limit) return { items, next: items.at(-1)!.sk };
      items.push(toItem(stored));
    }
    return { items };
  }

  /** Removes the rows that have expired, unseen by the feed; answers how many. */
  async sweep(): Promise<number> {
    let swept = 0;
    for (;;) {
      const { removed, isDone } = await this.write(() => this.sweepSome());
      swept += removed;
      if (isDone) return swept;
    }
  }

  private sweepSome(): { readonly removed: number; readonly isDone: boolean } {
    const { rows, expiry, now } = this.options;
    const end = expiryKey(Math.floor(now() / 1000) + 1, new Uint8Array());
    const due = [...expiry.getKeys({ end, limit: SWEEP_ROWS_PER_TRANSACTION })];
    let removed = 0;
    for (const entry of due) {
      const { expiresAt, row } = splitExpiryKey(entry);
      if (rows.get(row)?.[2] === expiresAt) {
        rows.remove(row);
        removed++;
      }
      expiry.remove(entry);
    }
    return { removed, isDone: due.length < SWEEP_ROWS_PER_TRANSACTION };
  }

  private async put(
    item: StoredItem,
    isExpected: (current: StoredItem | undefined) => boolean,
  ): Promise<PutResult> {
    const { rows, expiry, feed, now } = this.options;
    const id = rowKey(item);
    const { isStored, existing } = await this.write(() => {
      const row = rows.get(id);
      const current = row && liveOf(toStored(item, row), now());
      if (!isExpected(current)) return { isStored: false, existing: current };
      rows.put(id, [item.rev, item.token, item.exp ?? 0, item.data]);
      if (item.exp !== undefined) expiry.put(expiryKey(item.exp, id), true);
      feed?.append(row ? 'MODIFY' : 'INSERT', item);
      return { isStored: true, existing: undefined };
    });
    if (isStored) return { stored: true, item: toItem(item) };
    return existing ? { stored: false, existing: toItem(existing) } : { stored: false };
  }

  /** A child transaction: should a write in it fail, the row and its feed entry are both undone. */
  private async write<T>(change: () => T): Promise<T> {
    const result = await this.options.root.childTransaction(change);
    this.options.feed?.wake();
    return result;
  }

  private readLive(key: Key, id: Uint8Array): StoredItem | undefined {
    const row = this.options.rows.get(id);
    return row && liveOf(toStored(key, row), this.options.now());
  }

  private bounds(partition: Buffer, { from, before, prefix, reverse, cursor }: QueryOptions): Bounds {
    const at = (sk: string) => Buffer.concat([partition, Buffer.from(sk)]);
    const start = at(prefix ?? from ?? '');
    const end = before === undefined ? afterPrefix(prefix ? start : partition) : at(before);
    if (cursor === undefined) return { from: start, before: end };
    return reverse
      ? { from: start, before: least(end, at(cursor)) }
      : { from: greatest(start, successor(at(cursor))), before: end };
  }
}

interface Bounds {
  readonly from: Buffer;
  readonly before: Buffer;
}

function rangeOptions({ from, before }: Bounds, isReverse: boolean) {
  return isReverse
    ? { start: before, exclusiveStart: true, end: from, inclusiveEnd: true, reverse: true }
    : { start: from, end: before };
}

function least(left: Buffer, right: Buffer): Buffer {
  return Buffer.compare(left, right) < 0 ? left : right;
}

function greatest(left: Buffer, right: Buffer): Buffer {
  return Buffer.compare(left, right) < 0 ? right : left;
}

function toStored({ pk, sk }: Key, [rev, token, expiresAt, data]: Row): StoredItem {
  return { pk, sk, rev, token, ...(expiresAt === 0 ? {} : { exp: expiresAt }), data };
}

function liveOf(stored: StoredItem, nowMs: number): StoredItem | undefined {
  return isExpired(stored, nowMs) ? undefined : stored;
}
