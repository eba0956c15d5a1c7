/** Test support: the Table port in memory, to the letter of its contract (revisions, conditions, expiry, size). */
import { isExpired, newStoredItem, type StoredItem, toItem } from '../aws/stored-item.ts';
import { assertPartitionKey, assertTableKey, queryRange } from '../aws/table-arguments.ts';
import type { Json } from '../json.ts';
import type { Item, Key, PutOptions, PutResult, QueryOptions, QueryPage, Table } from '../ports/table.ts';

export class MemoryTable implements Table {
  /** What every write asks first: throw to play a table that has gone away. */
  beforeWrite: (key: Key) => void = () => undefined;
  /** Told of every stored item, as a stream would be. */
  afterPut: (stored: StoredItem) => void = () => undefined;
  /** Bytes of the largest value ever written. */
  largestBytes = 0;
  private readonly partitions = new Map<string, Map<string, StoredItem>>();
  private readonly now: () => number;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  async get(key: Key): Promise<Item | undefined> {
    return this.peek(key);
  }

  async putIfAbsent(key: Key, value: Json, options: PutOptions = {}): Promise<PutResult> {
    const stored = newStoredItem(key, value, 1, options);
    const existing = this.peek(key);
    return existing === undefined ? this.store(stored) : { stored: false, existing };
  }

  async putIfRevision(key: Key, value: Json, revision: number, options: PutOptions = {}): Promise<PutResult> {
    const stored = newStoredItem(key, value, revision + 1, options);
    const existing = this.peek(key);
    if (existing?.revision === revision) return this.store(stored);
    return existing === undefined ? { stored: false } : { stored: false, existing };
  }

  async delete(key: Key, revision?: number): Promise<boolean> {
    const existing = this.peek(key);
    if (existing === undefined || (revision !== undefined && existing.revision !== revision)) return false;
    this.beforeWrite(key);
    return this.partitions.get(key.pk)!.delete(key.sk);
  }

  async query(pk: string, options: QueryOptions = {}): Promise<QueryPage> {
    assertPartitionKey(pk);
    const { from = '', before, prefix = '', limit, isEmpty } = queryRange(options);
    const { reverse = false, cursor } = options;
    const wanted = this.sortKeys(pk).filter(
      (sk) =>
        !isEmpty &&
        compare(sk, from) >= 0 &&
        (before === undefined || compare(sk, before) < 0) &&
        sk.startsWith(prefix) &&
        (cursor === undefined || (reverse ? compare(sk, cursor) < 0 : compare(sk, cursor) > 0)),
    );
    if (reverse) wanted.reverse();
    const alive = wanted.map((sk) => this.peek({ pk, sk })).filter((item) => item !== undefined);
    const items = alive.slice(0, limit);
    return alive.length > limit ? { items, next: items.at(-1)!.sk } : { items };
  }

  /** Everything that is there now, in order, however often it was written: to compare two tables. */
  dump(): readonly Omit<Item, 'revision'>[] {
    return [...this.partitions.keys()]
      .sort(compare)
      .flatMap((pk) => this.sortKeys(pk).map((sk) => this.peek({ pk, sk })))
      .filter((item) => item !== undefined)
      .map(({ revision: _, ...item }) => item);
  }

  private sortKeys(pk: string): string[] {
    return [...(this.partitions.get(pk)?.keys() ?? [])].sort(compare);
  }

  /** Synchronous, so that a condition and its write are one step. */
  private peek(key: Key): Item | undefined {
    assertTableKey(key);
    const { pk, sk } = key;
    const stored = this.partitions.get(pk)?.get(sk);
    return stored === undefined || isExpired(stored, this.now()) ? undefined : toItem(stored);
  }

  private store(stored: StoredItem): PutResult {
    this.beforeWrite({ pk: stored.pk, sk: stored.sk });
    this.largestBytes = Math.max(this.largestBytes, Buffer.byteLength(stored.data));
    const partition = this.partitions.get(stored.pk) ?? new Map<string, StoredItem>();
    this.partitions.set(stored.pk, partition);
    partition.set(stored.sk, stored);
    this.afterPut(stored);
    return { stored: true, item: toItem(stored) };
  }
}

/** By UTF-8 bytes. */
function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
