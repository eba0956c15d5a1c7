/** The embedded host's storage: one LMDB environment in the data directory, with its tables and their feeds. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Table } from '#shared/ports/table.ts';
import { createFeed, type Feed } from './feed.ts';
import { FeedLog, type LogHead, type LogRow } from './feed-log.ts';
import { LmdbTable, type Row } from './lmdb-table.ts';

export interface StoreOptions {
  /** Created if it is not there. Several processes may have it open. */
  readonly dir: string;
  /** Unix milliseconds; `Date.now` unless told. */
  readonly now?: () => number;
}

export interface Store {
  /** The table of that name, created if it is not there; `feed: true` from its first opening on, in every process. */
  table(name: string, options?: { readonly feed?: boolean }): Table;
  /** Throws {@link NoFeedError} unless the table was opened with `feed: true`. */
  feed(tableName: string): Feed;
  /** Removes expired items (unseen by the feeds) and trims the feeds; answers how many items were removed. */
  sweep(): Promise<number>;
  /** Ends the deliveries, waits for the writes under way and closes the files. */
  close(): Promise<void>;
}

export class NoFeedError extends Error {
  override readonly name = 'NoFeedError';
}

const MAX_DATABASES = 64;

/**
 * Opens the data directory.
 *
 * @example
 * const store = openStore({ dir: '.tidemark' });
 * const predictions = store.table('predictions', { feed: true });
 * store.feed('predictions').deliver(async (event) => console.log(event.Records.length));
 */
export function openStore({ dir, now = Date.now }: StoreOptions): Store {
  mkdirSync(dir, { recursive: true });
  const root = open({
    path: join(dir, 'store.lmdb'),
    maxDbs: MAX_DATABASES,
    // a commit is acknowledged when it is on disk, not merely when it is visible
    overlappingSync: false,
  });
  return new LmdbStore(root, now);
}

class LmdbStore implements Store {
  private readonly root: RootDatabase;
  private readonly now: () => number;
  private readonly tables = new Map<string, LmdbTable>();
  private readonly feeds = new Map<string, Feed>();

  constructor(root: RootDatabase, now: () => number) {
    this.root = root;
    this.now = now;
  }

  table(name: string, { feed = false }: { readonly feed?: boolean } = {}): Table {
    const table = this.tables.get(name) ?? this.openTable(name, feed);
    this.tables.set(name, table);
    return table;
  }

  feed(tableName: string): Feed {
    const feed = this.feeds.get(tableName);
    if (feed) return feed;
    throw new NoFeedError(
      `table ${tableName} has no feed; with one: ${[...this.feeds.keys()].join(', ') || 'none'}`,
    );
  }

  async sweep(): Promise<number> {
    let swept = 0;
    for (const table of this.tables.values()) swept += await table.sweep();
    for (const feed of this.feeds.values()) await feed.trim();
    this.root.readerCheck(); // the snapshot of a killed process would keep freed pages from being used again
    return swept;
  }

  async close(): Promise<void> {
    await Promise.all([...this.feeds.values()].map((feed) => feed.close()));
    await this.root.close();
  }

  private openTable(name: string, hasFeed: boolean): LmdbTable {
    const log = hasFeed ? this.openLog(name) : undefined;
    if (log) this.feeds.set(name, createFeed(log, this.now));
    return new LmdbTable({
      root: this.root,
      rows: this.root.openDB<Row, Uint8Array>({ name: `rows:${name}`, keyEncoding: 'binary' }),
      expiry: this.root.openDB<true, Uint8Array>({ name: `expiry:${name}`, keyEncoding: 'binary' }),
      now: this.now,
      ...(log ? { feed: log } : {}),
    });
  }

  private openLog(tableName: string): FeedLog {
    return new FeedLog({
      root: this.root,
      log: this.root.openDB<LogRow, Uint8Array>({ name: `log:${tableName}`, keyEncoding: 'binary' }),
      heads: this.root.openDB<LogHead, string>({ name: 'log-heads' }),
      checkpoints: this.root.openDB<number, string>({ name: 'log-checkpoints' }),
      tableName,
      now: this.now,
    });
  }
}
