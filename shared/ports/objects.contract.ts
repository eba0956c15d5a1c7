/** What every Objects must do, whatever stands behind it: run by each adapter's own test file. */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InvalidObjectKeyError, type ListOptions, type Objects, type PresignedPut } from './objects.ts';

export interface OpenObjects {
  readonly objects: Objects;
  /** Sends a presigned request; answers its status. Absent where no server stands behind the adapter. */
  readonly send?: (put: PresignedPut, bytes: Uint8Array) => Promise<number>;
  close(): Promise<void>;
}

/** @param open a new, empty key space */
export function describeObjects(name: string, open: () => Promise<OpenObjects>): void {
  describe(`${name} is an Objects`, () => {
    let opened: OpenObjects;
    let objects: Objects;
    beforeEach(async () => {
      opened = await open();
      objects = opened.objects;
    });
    afterEach(() => opened.close());

    const put = (key: string, text = key) => objects.put(key, Buffer.from(text));
    const get = async (key: string) => {
      const bytes = await objects.get(key);
      return bytes && Buffer.from(bytes).toString();
    };
    const keys = async (prefix: string, options?: ListOptions) =>
      (await objects.list(prefix, options)).map((summary) => summary.key);

    describe('get, put and putIfAbsent', () => {
      test('what was never put is absent', async () => {
        expect(await objects.get('a')).toBeUndefined();
        expect(await objects.get('a/b/c')).toBeUndefined();
      });

      test('bytes come back as they were put, also none at all and a megabyte', async () => {
        const million = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7) & 255);
        for (const bytes of [new Uint8Array(), Uint8Array.of(0, 255, 10, 13), million]) {
          await objects.put('a/b', bytes);
          expect(Buffer.compare((await objects.get('a/b'))!, bytes)).toBe(0);
        }
      });

      test('a put replaces, a put-if-absent does not', async () => {
        expect(await objects.putIfAbsent('k', Buffer.from('one'))).toBe(true);
        expect(await objects.putIfAbsent('k', Buffer.from('two'))).toBe(false);
        expect(await get('k')).toBe('one');
        await put('k', 'three');
        expect(await get('k')).toBe('three');
      });

      test('of 20 simultaneous put-if-absent exactly one wins, and its bytes stay', async () => {
        const wins = await Promise.all(
          Array.from({ length: 20 }, (_, i) => objects.putIfAbsent('race/k', Buffer.from(`${i}`))),
        );
        expect(wins.filter(Boolean)).toHaveLength(1);
        expect(await get('race/k')).toBe(`${wins.indexOf(true)}`);
      });

      test('a reader sees the old bytes or the new, never a mixture', async () => {
        const versions = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(200_000));
        await put('k', versions[0]);
        let isWriting = true;
        const writing = (async () => {
          for (let i = 0; i < 20; i++) await put('k', versions[i % 4]);
          isWriting = false;
        })();
        while (isWriting) expect(versions).toContain(await get('k'));
        await writing;
      });
    });

    describe('keys', () => {
      test('a key may be the beginning of another: a, a/b and a/b/c live side by side', async () => {
        const nested = ['a', 'a/b', 'a/b/c', 'a/b.c', 'a-b'];
        for (const key of nested) await put(key);
        for (const key of nested) expect(await get(key)).toBe(key);
        for (const key of [...nested].reverse()) await put(key, `${key} again`);
        for (const key of nested) expect(await get(key)).toBe(`${key} again`);
        expect(await objects.get('a/b/c/d')).toBeUndefined();
      });

      test('upper and lower case are two keys', async () => {
        await put('Model/A:1', 'upper');
        await put('model/a:1', 'lower');
        expect(await get('Model/A:1')).toBe('upper');
        expect(await get('model/a:1')).toBe('lower');
        expect(await keys('')).toEqual(['Model/A:1', 'model/a:1']);
      });

      test('may have 900 characters in one segment or in many', async () => {
        const long = [
          `${'X'.repeat(899)}y`,
          'X'.repeat(899),
          `${'x/'.repeat(449)}xx`,
          `b/${'x'.repeat(897)}`,
        ];
        for (const key of long) await put(key);
        for (const key of long) expect(await get(key)).toBe(key);
        expect(await keys('')).toEqual([...long].sort());
      });

      test.each([
        '',
        '/',
        'a/',
        '/a',
        'a//b',
        '..',
        '../a',
        'a/../b',
        './a',
        'a/.',
        'a b',
        'a\\b',
        'é',
        'a\0',
        'a!',
        '%2e',
      ])('refuses %j', async (key) => {
        await expect(objects.get(key)).rejects.toThrow(InvalidObjectKeyError);
        await expect(objects.put(key, Buffer.of(1))).rejects.toThrow(InvalidObjectKeyError);
        await expect(objects.putIfAbsent(key, Buffer.of(1))).rejects.toThrow(InvalidObjectKeyError);
      });

      test('refuses a key of 901 characters', async () => {
        await expect(objects.put('a'.repeat(901), Buffer.of(1))).rejects.toThrow(InvalidObjectKeyError);
      });
    });

    describe('list', () => {
      const stored = ['a', 'a-b', 'a.b', 'a/b', 'a/b/c', 'a/c', 'a0', 'ab', 'b/1', 'b/10', 'b/2'];

      test('answers keys with their sizes, in byte order, folders or not', async () => {
        for (const key of [...stored].reverse()) await put(key);
        expect(await objects.list('')).toEqual(stored.map((key) => ({ key, bytes: key.length })));
      });

      test('takes a prefix that ends anywhere in a key', async () => {
        for (const key of stored) await put(key);
        expect(await keys('a/')).toEqual(['a/b', 'a/b/c', 'a/c']);
        expect(await keys('a/b')).toEqual(['a/b', 'a/b/c']);
        expect(await keys('b/1')).toEqual(['b/1', 'b/10']);
        expect(await keys('ab')).toEqual(['ab']);
        expect(await keys('x/y')).toEqual([]);
        expect(await keys('../')).toEqual([]);
        expect(await keys('a/../')).toEqual([]);
      });

      test('starts strictly after a key, also one that is not there, and stops at the limit', async () => {
        for (const key of stored) await put(key);
        expect(await keys('', { startAfter: 'a/b' })).toEqual(stored.slice(4));
        expect(await keys('', { startAfter: 'a/bb', limit: 2 })).toEqual(['a/c', 'a0']);
        expect(await keys('a/', { startAfter: 'a/b', limit: 1 })).toEqual(['a/b/c']);
        expect(await keys('b/', { startAfter: 'a' })).toEqual(['b/1', 'b/10', 'b/2']);
        expect(await keys('', { startAfter: 'b/2' })).toEqual([]);
        expect(await keys('', { limit: 0 })).toEqual([]);
      });

      test('agrees with a sorted array on any keys, prefix, start and limit', async () => {
        const segment = fc.constantFrom(
          'a',
          'A',
          'b',
          'a-',
          'a.b',
          'a:',
          'z'.repeat(120),
          `${'z'.repeat(120)}-`,
        );
        const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
        const all = new Set<string>();
        const property = fc.asyncProperty(
          key,
          fc.tuple(key, fc.nat(130)).map(([text, length]) => text.slice(0, length)),
          fc.option(key, { nil: '' }),
          fc.integer({ min: 1, max: 6 }),
          async (added, prefix, startAfter, limit) => {
            await put(added);
            all.add(added);
            const expected = [...all].filter((each) => each.startsWith(prefix) && each > startAfter).sort();
            expect(await keys(prefix, { startAfter })).toEqual(expected);
            expect(await keys(prefix, { startAfter, limit })).toEqual(expected.slice(0, limit));
          },
        );
        await fc.assert(property, { numRuns: 60 });
      });
    });

    describe('presignPut', () => {
      const bytes = Buffer.from('seven b');
      const bound = {
        bytes: 7,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        expiresSeconds: 60,
      };

      test('answers a PUT to a URL, and makes no object by itself', async () => {
        const put = await objects.presignPut('uploads/m/a', bound);
        expect(put.method).toBe('PUT');
        expect(URL.canParse(put.url)).toBe(true);
        expect(await objects.list('')).toEqual([]);
      });

      test('says a different URL for a different key, length or hash', async () => {
        const other = createHash('sha256').update('other').digest('hex');
        const urls = await Promise.all([
          objects.presignPut('uploads/m/a', bound),
          objects.presignPut('uploads/m/b', bound),
          objects.presignPut('uploads/m/a', { ...bound, bytes: 8 }),
          objects.presignPut('uploads/m/a', { ...bound, sha256: other }),
        ]);
        expect(new Set(urls.map(({ url }) => url)).size).toBe(4);
      });

      test.each([
        ['a key that cannot be', '../a', bound],
        ['no bytes', 'a', { ...bound, bytes: 0 }],
        ['a hash in upper case', 'a', { ...bound, sha256: bound.sha256.toUpperCase() }],
        ['no time', 'a', { ...bound, expiresSeconds: 0 }],
        ['more than a day', 'a', { ...bound, expiresSeconds: 86_401 }],
      ])('refuses %s', async (_, key, binding) => {
        await expect(objects.presignPut(key, binding)).rejects.toThrow();
      });

      test('lets exactly the announced bytes in, once', async () => {
        const { send } = opened;
        if (!send) return;
        const put = await objects.presignPut('uploads/m/a', bound);
        expect(await send(put, Buffer.from('seven c'))).toBeGreaterThanOrEqual(400);
        expect(await send(put, Buffer.from('six by'))).toBeGreaterThanOrEqual(400);
        expect(await objects.list('')).toEqual([]);
        expect(await send(put, bytes)).toBe(200);
        expect(await get('uploads/m/a')).toBe('seven b');
        expect(await send(put, bytes)).toBeGreaterThanOrEqual(400);
        expect(await get('uploads/m/a')).toBe('seven b');
      });
    });
  });
}
