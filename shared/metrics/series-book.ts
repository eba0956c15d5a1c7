/** The series the receiver knows, with the values of those that are sent on change: tells what is new, changed or gone. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Deps } from '../deps.ts';
import { objectKeys } from '../registry/keys.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** By series key; null for a series whose value is not remembered, as it is sent again anyway. */
export type SeriesBook = ReadonlyMap<string, number | null>;

export interface SeriesBooks {
  /** @throws when the numbered book is not there or cannot be read */
  read(number: number): Promise<SeriesBook>;
  write(number: number, book: SeriesBook): Promise<void>;
}

/** Two objects in turn: the one before stays readable until the state names the next. Only what the state named is kept in memory. */
export function createSeriesBooks(deps: Pick<Deps, 'objects'>): SeriesBooks {
  let kept: { readonly number: number; readonly book: SeriesBook } | undefined;
  return {
    async read(number) {
      if (number === 0) return new Map();
      if (kept?.number === number) return kept.book;
      const bytes = await deps.objects.get(objectKeys.seriesBook(number));
      if (!bytes) throw new Error(`the book of published series ${number} is not there`);
      const series = JSON.parse((await decompress(bytes)).toString('utf8')) as [string, number | null][];
      kept = { number, book: new Map(series) };
      return kept.book;
    },
    async write(number, book) {
      const bytes = await compress(JSON.stringify([...book]), { level: 1 });
      await deps.objects.put(objectKeys.seriesBook(number), bytes);
    },
  };
}
