/** What every Table must do, whatever stands behind it: run by each adapter's own test file. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../json.ts';
import { InvalidTableArgumentError, InvalidValueError, ValueTooLargeError } from './errors.ts';
import type { Item, QueryOptions, Table } from './table.ts';

export interface OpenTable {
  readonly table: Table;
  /** Moves the clock the table was given. */
  advance(ms: number): void;
  close(): Promise<void>;
}

/** The adapter's clock must start here. */
export const CONTRACT_START_MS = 1_700_000_000_000;
const NOW_SECONDS = CONTRACT_START_MS / 1000;
const KEY = { pk: 'model#1', sk: 'prediction' };

/** @param open a new, empty table whose clock stands at {@link CONTRACT_START_MS} */
export function describeTable(name: string, open: () => Promise<OpenTable>): void {
  describe(`${name} is a Table`, () => {
    let opened: OpenTable;
    let table: Table;
    beforeEach(async () => {
      opened = await open();
      table = opened.table;
    });
    afterEach(() => opened.close());

    const put = (pk: string, sk: string, value: Json = sk) => table.putIfAbsent({ pk, sk }, value);
    const keysOf = async (pk: string, options?: QueryOptions) =>
      (await table.query(pk, options)).items.map((item) => item.sk);

    describe('conditional writes', () => {
      test('an item that was never put is absent to every operation', async () => {
        expect(await table.get(KEY)).toBeUndefined();
        expect(await table.putIfRevision(KEY, 'x', 1)).toEqual({ stored: false });
        expect(await table.delete(KEY)).toBe(false);
        expect(await table.query(KEY.pk)).toEqual({ items: [] });
      });

      test('the first put stores revision 1, the second answers what stands there', async () => {
        const first = { ...KEY, value: { a: 1 }, revision: 1 };
        expect(await table.putIfAbsent(KEY, { a: 1 })).toEqual({ stored: true, item: first });
        expect(await table.putIfAbsent(KEY, { a: 2 })).toEqual({ stored: false, existing: first });
        expect(await table.get(KEY)).toEqual(first);
      });

      test('a put at the current revision stores the next one, at any other it answers what stands there', async () => {
        await table.putIfAbsent(KEY, 'one');
        const second = { ...KEY, value: 'two', revision: 2 };
        expect(await table.putIfRevision(KEY, 'two', 1)).toEqual({ stored: true, item: second });
        expect(await table.putIfRevision(KEY, 'three', 1)).toEqual({ stored: false, existing: second });
        expect(await table.putIfRevision(KEY, 'three', 3)).toEqual({ stored: false, existing: second });
        expect(await table.get(KEY)).toEqual(second);
      });

      test('a delete needs the item, and its revision if one is given', async () => {
        await table.putIfAbsent(KEY, 'one');
        expect(await table.delete(KEY, 2)).toBe(false);
        expect(await table.delete(KEY, 1)).toBe(true);
        expect(await table.delete(KEY)).toBe(false);
        expect(await table.putIfAbsent(KEY, 'again')).toMatchObject({ stored: true, item: { revision: 1 } });
        expect(await table.delete(KEY)).toBe(true);
        expect(await table.get(KEY)).toBeUndefined();
      });

      test('of 20 simultaneous puts of one key exactly one wins, and all see the winner', async () => {
        const puts = await Promise.all(Array.from({ length: 20 }, (_, i) => table.putIfAbsent(KEY, i)));
        const winners = puts.filter((result) => result.stored);
        expect(winners).toHaveLength(1);
        const winner = winners[0]!.stored && winners[0]!.item;
        for (const result of puts) expect(result.stored ? result.item : result.existing).toEqual(winner);
        expect(await table.get(KEY)).toEqual(winner);
      });

      test('simultaneous increments by putIfRevision lose nothing', async () => {
        await table.putIfAbsent(KEY, 0);
        const increment = async (): Promise<void> => {
          const item = (await table.get(KEY))!;
          const result = await table.putIfRevision(KEY, (item.value as number) + 1, item.revision);
          if (!result.stored) await increment();
        };
        const worker = async () => {
          for (let i = 0; i < 5; i++) await increment();
        };
        await Promise.all(Array.from({ length: 8 }, worker));
        expect(await table.get(KEY)).toMatchObject({ value: 40, revision: 41 });
      });

      test('of simultaneous deletes of one item exactly one removed it', async () => {
        await table.putIfAbsent(KEY, 'x');
        const removed = await Promise.all(Array.from({ length: 8 }, () => table.delete(KEY)));
        expect(removed.filter(Boolean)).toHaveLength(1);
      });
    });

    describe('expiry', () => {
      const expiresAt = NOW_SECONDS + 60;

      test('an item is there until the millisecond before its second, and absent to every operation from then on', async () => {
        await table.putIfAbsent(KEY, 'old', { expiresAt });
        opened.advance(59_999);
        expect(await table.get(KEY)).toEqual({ ...KEY, value: 'old', revision: 1, expiresAt });
        expect(await keysOf(KEY.pk)).toEqual([KEY.sk]);
        opened.advance(1);
        expect(await table.get(KEY)).toBeUndefined();
        expect(await table.query(KEY.pk)).toEqual({ items: [] });
        expect(await table.putIfRevision(KEY, 'new', 1)).toEqual({ stored: false });
        expect(await table.delete(KEY)).toBe(false);
        expect(await table.delete(KEY, 1)).toBe(false);
      });

      test('a put-if-absent replaces an expired item and starts at revision 1, without its expiry', async () => {
        await table.putIfAbsent(KEY, 'old', { expiresAt });
        await table.putIfRevision(KEY, 'older', 1, { expiresAt });
        opened.advance(60_000);
        const fresh = { ...KEY, value: 'new', revision: 1 };
        expect(await table.putIfAbsent(KEY, 'new')).toEqual({ stored: true, item: fresh });
        expect(await table.get(KEY)).toEqual(fresh);
      });

      test('each put sets the expiry anew', async () => {
        await table.putIfAbsent(KEY, 'a', { expiresAt });
        await table.putIfRevision(KEY, 'b', 1, { expiresAt: expiresAt + 60 });
        opened.advance(60_000);
        expect(await table.get(KEY)).toMatchObject({ value: 'b', expiresAt: expiresAt + 60 });
        await table.putIfRevision(KEY, 'c', 2);
        opened.advance(3_600_000);
        expect(await table.get(KEY)).toEqual({ ...KEY, value: 'c', revision: 3 });
      });

      test('expired items do not count against a limit', async () => {
        for (let i = 0; i < 12; i++)
          await table.putIfAbsent({ pk: 'p', sk: `${10 + i}` }, i, i % 3 === 0 ? {} : { expiresAt });
        opened.advance(60_000);
        expect(await table.query('p', { limit: 3 })).toMatchObject({
          items: [{ sk: '10' }, { sk: '13' }, { sk: '16' }],
          next: expect.any(String),
        });
        expect(await keysOf('p', { limit: 4 })).toEqual(['10', '13', '16', '19']);
        expect((await table.query('p', { limit: 4 })).next).toBeUndefined();
      });

      test.each([1.5, Number.NaN, 0, CONTRACT_START_MS])('refuses %s as Unix seconds', async (bad) => {
        await expect(table.putIfAbsent(KEY, 'x', { expiresAt: bad })).rejects.toThrow(
          InvalidTableArgumentError,
        );
      });
    });

    describe('query', () => {
      test('answers one partition, in order of the sort key', async () => {
        for (const sk of ['b', 'a', 'c']) await put('p', sk);
        await put('p2', 'x');
        await put('o', 'y');
        const { items, next } = await table.query('p');
        expect(items).toEqual(['a', 'b', 'c'].map((sk) => ({ pk: 'p', sk, value: sk, revision: 1 })));
        expect(next).toBeUndefined();
        expect(await keysOf('p', { reverse: true })).toEqual(['c', 'b', 'a']);
      });

      test('from is inclusive, before exclusive', async () => {
        for (const sk of ['a', 'b', 'c', 'd']) await put('p', sk);
        expect(await keysOf('p', { from: 'b' })).toEqual(['b', 'c', 'd']);
        expect(await keysOf('p', { before: 'c' })).toEqual(['a', 'b']);
        expect(await keysOf('p', { from: 'b', before: 'd' })).toEqual(['b', 'c']);
        expect(await keysOf('p', { from: 'b', before: 'd', reverse: true })).toEqual(['c', 'b']);
        expect(await keysOf('p', { from: 'aa', before: 'cc', limit: 1, reverse: true })).toEqual(['c']);
        expect(await keysOf('p', { from: 'b', before: 'b' })).toEqual([]);
        expect(await keysOf('p', { from: 'c', before: 'b' })).toEqual([]);
        expect(await keysOf('p', { from: '', before: '' })).toEqual([]);
        expect(await keysOf('p', { from: '' })).toEqual(['a', 'b', 'c', 'd']);
      });

      test('a prefix takes the key that equals it, and nothing beyond', async () => {
        for (const sk of ['a', 'ab', 'ab\u{10ffff}', 'abc', 'ac', 'b']) await put('p', sk);
        expect(await keysOf('p', { prefix: 'ab' })).toEqual(['ab', 'abc', 'ab\u{10ffff}']);
        expect(await keysOf('p', { prefix: 'ab', reverse: true, limit: 2 })).toEqual(['ab\u{10ffff}', 'abc']);
        expect(await keysOf('p', { prefix: '' })).toHaveLength(6);
        expect(await keysOf('p', { prefix: 'x' })).toEqual([]);
      });

      test('pages follow each other without gap or repetition, and the last has no next', async () => {
        const all = Array.from({ length: 7 }, (_, i) => `k${i}`);
        for (const sk of all) await put('p', sk);
        for (const limit of [1, 3, 7, 8])
          for (const reverse of [false, true]) {
            const pages = await allPages(table, 'p', { limit, reverse, prefix: 'k' });
            expect(pages.flat()).toEqual(reverse ? [...all].reverse() : all);
            expect(pages).toHaveLength(Math.ceil(7 / limit));
          }
        expect(await allPages(table, 'p', { from: 'k1', before: 'k6', limit: 2 })).toEqual([
          ['k1', 'k2'],
          ['k3', 'k4'],
          ['k5'],
        ]);
      });

      test('a page of the domain may span several of the store: 8 × 300 KB', async () => {
        const big = 'x'.repeat(300_000);
        for (let i = 0; i < 8; i++) await put('p', `k${i}`, big);
        const { items, next } = await table.query('p');
        expect(items.map((item) => item.sk)).toEqual(Array.from({ length: 8 }, (_, i) => `k${i}`));
        expect(next).toBeUndefined();
        expect((await allPages(table, 'p', { limit: 5 })).map((page) => page.length)).toEqual([5, 3]);
      });

      test('sort keys are ordered by UTF-8 bytes, not by UTF-16 units', async () => {
        const ordered = ['A', 'a', 'a\0', 'a\x01', 'a ', 'aa', 'é', '\u{ffee}', '\u{1f600}', '\u{10ffff}'];
        for (const sk of [...ordered].reverse()) await put('p', sk);
        expect(await keysOf('p')).toEqual(ordered);
        expect(await keysOf('p', { from: '\u{ffee}' })).toEqual(ordered.slice(7));
        expect(await keysOf('p', { before: '\u{1f600}' })).toEqual(ordered.slice(0, 8));
      });

      test('neighbouring partition keys never mix, whatever characters they hold', async () => {
        const partitions = ['a', 'a\0', 'a\0\x01', 'a\0\x02', 'a\x01', 'a b', 'a\u{1f600}'];
        for (const pk of partitions) for (const sk of ['\0', '\x01', 'b', '\x01b']) await put(pk, sk, pk);
        for (const pk of partitions) {
          const { items } = await table.query(pk);
          expect(items.map((item) => [item.pk, item.sk, item.value])).toEqual(
            ['\0', '\x01', '\x01b', 'b'].map((sk) => [pk, sk, pk]),
          );
        }
      });

      test('agrees with a sorted array on any bounds, order and page size', async () => {
        const stored = ['a', 'aa', 'ab', 'b', 'ba', 'c', 'é', '😀'];
        for (const sk of stored) await put('p', sk);
        const bound = fc.option(fc.constantFrom('', 'a', 'aa', 'aaa', 'b', 'bz', 'é', '😀', 'z'), {
          nil: undefined,
        });
        const property = fc.asyncProperty(
          bound,
          bound,
          fc.boolean(),
          fc.integer({ min: 1, max: 9 }),
          async (from, before, reverse, limit) => {
            const range = {
              ...(from === undefined ? {} : { from }),
              ...(before === undefined ? {} : { before }),
            };
            const kept = stored.filter((sk) => isBetween(sk, from, before));
            const pages = await allPages(table, 'p', { ...range, reverse, limit });
            expect(pages.flat()).toEqual(reverse ? kept.reverse() : kept);
          },
        );
        await fc.assert(property, { numRuns: 60 });
      });

      test('refuses a limit below 1 and a prefix beside bounds', async () => {
        for (const options of [
          { limit: 0 },
          { limit: 1.5 },
          { prefix: 'a', from: 'a' },
          { prefix: 'a', before: 'b' },
        ])
          await expect(table.query('p', options)).rejects.toThrow(InvalidTableArgumentError);
      });
    });

    describe('values', () => {
      const values: readonly Json[] = [
        null,
        true,
        '',
        0,
        '😀 \u{10ffff} \0 \ud800',
        [],
        {},
        { '': '', empty: [''], nothing: null },
        [1e-7, 2 ** 53, -(2 ** 53), 1.7976931348623157e308, 5e-324, 0.1 + 0.2, 123456789.12345679],
        Array.from({ length: 200 }).reduce<Json>((inner) => ({ inner: [inner] }), 'deep'),
      ];

      test('come back as they were put', async () => {
        for (const [index, value] of values.entries()) {
          const key = { pk: 'p', sk: `${index}` };
          expect(await table.putIfAbsent(key, value)).toMatchObject({ stored: true });
          expect((await table.get(key))!.value).toEqual(value);
        }
      });

      test('any JSON document comes back', async () => {
        let count = 0;
        const property = fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (value) => {
          const expected = JSON.parse(JSON.stringify(value)) as Json; // -0 becomes 0
          const key = { pk: 'p', sk: `${count++}` };
          await table.putIfAbsent(key, value as Json);
          expect((await table.get(key))!.value).toEqual(expected);
        });
        await fc.assert(property, { numRuns: 50 });
      });

      test('a stored value is a copy: changing the given or an answered one changes nothing', async () => {
        const value = { list: [1] };
        const result = await table.putIfAbsent(KEY, value);
        value.list.push(2);
        if (result.stored) (result.item.value as { list: number[] }).list.push(3);
        expect((await table.get(KEY))!.value).toEqual({ list: [1] });
      });

      test('350 KB are kept, one byte more is refused with its size', async () => {
        const largest = 'é'.repeat(350 * 512 - 1); // two bytes each, and two quotes
        expect(await table.putIfAbsent(KEY, largest)).toMatchObject({ stored: true });
        expect((await table.get(KEY))!.value).toBe(largest);
        const error = await table
          .putIfAbsent({ ...KEY, sk: 'x' }, `${largest}a`)
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ValueTooLargeError);
        expect(error).toMatchObject({ bytes: 350 * 1024 + 1 });
        await expect(table.putIfRevision(KEY, `${largest}a`, 1)).rejects.toThrow('358401 bytes');
      });

      test('what JSON cannot hold is refused', async () => {
        await expect(table.putIfAbsent(KEY, undefined as unknown as Json)).rejects.toThrow(InvalidValueError);
      });
    });

    describe('keys', () => {
      test('hold 512 and 900 bytes of any characters', async () => {
        const key = { pk: '\0'.repeat(512), sk: 'é'.repeat(450) };
        const expiresAt = NOW_SECONDS + 60;
        await table.putIfAbsent(key, 'x', { expiresAt });
        expect(await table.get(key)).toEqual({ ...key, value: 'x', revision: 1, expiresAt });
        expect(await keysOf(key.pk)).toEqual([key.sk]);
      });

      test.each([
        ['an empty pk', { pk: '', sk: 'a' }],
        ['an empty sk', { pk: 'a', sk: '' }],
        ['a pk of 513 bytes', { pk: 'a'.repeat(513), sk: 'a' }],
        ['an sk of 901 bytes', { pk: 'a', sk: 'a'.repeat(901) }],
        ['a lone surrogate', { pk: 'a', sk: '\ud800' }],
      ])('refuses %s', async (_, key) => {
        await expect(table.get(key)).rejects.toThrow(InvalidTableArgumentError);
        await expect(table.putIfAbsent(key, 1)).rejects.toThrow(InvalidTableArgumentError);
        await expect(table.putIfRevision(key, 1, 1)).rejects.toThrow(InvalidTableArgumentError);
        await expect(table.delete(key)).rejects.toThrow(InvalidTableArgumentError);
      });
    });
  });
}

async function allPages(table: Table, pk: string, options: QueryOptions): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page: { readonly items: readonly Item[]; readonly next?: string } = await table.query(pk, {
      ...options,
      ...(cursor === undefined ? {} : { cursor }),
    });
    pages.push(page.items.map((item) => item.sk));
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}

function isBetween(sk: string, from: string | undefined, before: string | undefined): boolean {
  const at = (text: string) => Buffer.from(text);
  return (
    (from === undefined || Buffer.compare(at(sk), at(from)) >= 0) &&
    (before === undefined || Buffer.compare(at(sk), at(before)) < 0)
  );
}
