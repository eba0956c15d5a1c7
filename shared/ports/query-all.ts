/** A query without its pages: for what must not stop at the first thousand items. */
import type { Item, QueryOptions, Table } from './table.ts';

export async function* queryAll(
  table: Table,
  pk: string,
  options: Omit<QueryOptions, 'cursor'> = {},
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await table.query(pk, cursor === undefined ? options : { ...options, cursor });
    yield* page.items;
    cursor = page.next;
  } while (cursor !== undefined);
}
