/** The one way the domain stores small items: a keyed table with conditional writes only. */
import type { Json } from '../json.ts';

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export interface Item<T = Json> extends Key {
  readonly value: T;
  /** 1 at the first put, +1 at each later one; a put that replaces an expired item starts at 1 again. */
  readonly revision: number;
  /** Unix seconds. From that second on the item is absent to every operation. */
  readonly expiresAt?: number;
}

export interface PutOptions {
  /** Unix seconds, see {@link Item.expiresAt}. */
  readonly expiresAt?: number;
}

export type PutResult =
  | { readonly stored: true; readonly item: Item }
  /** `existing` is what stands there now; absent when the expected item is gone. */
  | { readonly stored: false; readonly existing?: Item };

export interface QueryOptions {
  /** Inclusive lower bound of the sort key. */
  readonly from?: string;
  /** Exclusive upper bound of the sort key. */
  readonly before?: string;
  /** Only sort keys that start so; not together with `from` / `before`. */
  readonly prefix?: string;
  /** Newest (highest sort key) first. */
  readonly reverse?: boolean;
  /** At most this many items; 1000 unless told. */
  readonly limit?: number;
  /** From a previous page's `next`. */
  readonly cursor?: string;
}

export interface QueryPage {
  readonly items: readonly Item[];
  /** Absent on the last page. */
  readonly next?: string;
}

/**
 * Reads are strongly consistent. A write that was acknowledged survives `kill -9`. A conditional write whose
 * reply was lost and which is retried reports what really happened: an item that carries this write's own token was
 * stored by it. Values are JSON documents of at most 350 KB.
 */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  putIfAbsent(key: Key, value: Json, options?: PutOptions): Promise<PutResult>;
  /** Stores only if the item is there, unexpired, at `revision`. */
  putIfRevision(key: Key, value: Json, revision: number, options?: PutOptions): Promise<PutResult>;
  /** Removes the item, if given only at `revision`; answers whether something was removed. */
  delete(key: Key, revision?: number): Promise<boolean>;
  query(pk: string, options?: QueryOptions): Promise<QueryPage>;
}
