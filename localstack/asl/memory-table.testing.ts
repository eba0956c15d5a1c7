/** Test support: the Table port in memory, to the letter of its contract (revisions, conditions, expiry, size). */
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

const MAX_VALUE_BYTES = 350_000;
const DEFAULT_LIMIT = 1000;

export class MemoryTable implements Table {
  /** What every write asks first: throw to play a table that has gone away. */
  beforeWrite: (key: Key) => void = () => undefined;
  /** Bytes of the largest value ever written. */
  largestBytes = 0;
  private readonly items = new Map<string, Item>();
  private readonly now: () => number;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  async get(key: Key): Promise<Item | undefined> {
    return this.peek(key);
  }

  async putIfAbsent(key: Key, value: Json, options: PutOptions = {}): Promise<PutResult> {
    const existing = this.peek(key);
    return existing === undefined ? this.store(key, value, 1, options) : { stored: false, existing };
  }

  async putIfRevision(key: Key, value: Json, revision: number, options: PutOptions = {}): Promise<PutResult> {
    const existing = this.peek(key);
    if (existing?.revision === revision) return this.store(key, value, revision + 1, options);
    return existing === undefined ? { stored: false } : { stored: false, existing };
  }

  async delete(key: Key, revision?: number): Promise<boolean> {
    const existing = this.peek(key);
    if (existing === undefined || (revision !== undefined && existing.revision !== revision)) return false;
    this.beforeWrite(key);
    return this.items.delete(this.idOf(key));
  }

  async query(pk: string, options: QueryOptions = {}): Promise<QueryPage> {
    const { from = '', before, prefix = '', reverse = false, limit = DEFAULT_LIMIT, cursor } = options;
    const keys = [...this.items.values()].filter((item) => item.pk === pk).map((item) => item.sk);
    const ordered = keys.sort((a, b) => (a < b ? -1 : 1));
    if (reverse) ordered.reverse();
    const isAfterCursor = (sk: string) => cursor === undefined || (reverse ? sk < cursor : sk > cursor);
    const wanted = ordered.filter(
      (sk) =>
        sk >= from && (before === undefined || sk < before) && sk.startsWith(prefix) && isAfterCursor(sk),
    );
    const alive = wanted.map((sk) => this.peek({ pk, sk })).filter((item) => item !== undefined);
    const items = alive.slice(0, limit);
    return alive.length > limit ? { items, next: items.at(-1)!.sk } : { items };
  }

  /** Synchronous, so that a condition and its write are one step. */
  private peek(key: Key): Item | undefined {
    const item = this.items.get(this.idOf(key));
    const isAlive =
      item !== undefined && (item.expiresAt === undefined || item.expiresAt > this.now() / 1000);
    return isAlive ? structuredClone(item) : undefined;
  }

  private store(key: Key, value: Json, revision: number, options: PutOptions): PutResult {
    this.beforeWrite(key);
    const text = JSON.stringify(value);
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_VALUE_BYTES)
      throw new RangeError(`value of ${key.sk} has ${bytes} bytes; at most ${MAX_VALUE_BYTES}`);
    this.largestBytes = Math.max(this.largestBytes, bytes);
    const item: Item = { pk: key.pk, sk: key.sk, value: JSON.parse(text) as Json, revision, ...options };
    this.items.set(this.idOf(key), item);
    return { stored: true, item: structuredClone(item) };
  }

  private idOf(key: Key): string {
    return JSON.stringify([key.pk, key.sk]);
  }
}
