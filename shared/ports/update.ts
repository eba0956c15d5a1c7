/** Read, change, write back if nobody came between; again otherwise. The only way an item is changed in place. */
import type { Json } from '../json.ts';
import type { Key, PutOptions, Table } from './table.ts';

/**
 * @param change pure: from the current value (absent: undefined) to the next one, or undefined to leave it as it is
 * @returns what stands there afterwards
 */
export async function updateItem<T>(
  table: Table,
  key: Key,
  change: (current: T | undefined) => T | undefined,
  options: PutOptions = {},
): Promise<T | undefined> {
  for (;;) {
    const item = await table.get(key);
    const current = item ? (item.value as unknown as T) : undefined;
    const next = change(current);
    if (next === undefined) return current;
    const value = next as unknown as Json;
    const put = item
      ? await table.putIfRevision(key, value, item.revision, options)
      : await table.putIfAbsent(key, value, options);
    if (put.stored) return next;
  }
}
