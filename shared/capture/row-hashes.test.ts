import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RowHashes } from './row-hashes.ts';

const hashOf = (id: number) => createHash('sha1').update(`prediction#${id}`).digest('base64url').slice(0, 11);
const collected = (partials: readonly (readonly number[])[]) => {
  const hashes = new RowHashes();
  for (const ids of partials) hashes.add(ids.map(hashOf));
  return hashes;
};

describe('RowHashes', () => {
  test('has repeats exactly when a row is in two partials or twice in one', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(60), { maxLength: 8 }), { maxLength: 6 }), (partials) => {
        const ids = partials.flat();
        expect(collected(partials).hasRepeats()).toBe(new Set(ids).size < ids.length);
      }),
      { numRuns: 200 },
    );
  });

  test('of no rows and of one row have none', () => {
    expect(collected([]).hasRepeats()).toBe(false);
    expect(collected([[], [1]]).hasRepeats()).toBe(false);
  });

  test('that differ in the last of 64 bits are different', () => {
    const hashes = new RowHashes();
    hashes.add(['AAAAAAAAAAA', 'AAAAAAAAAAE']);
    expect(hashes.hasRepeats()).toBe(false);
    hashes.add(['AAAAAAAAAAE']);
    expect(hashes.hasRepeats()).toBe(true);
  });

  test('of a hundred thousand rows find the one that came twice', () => {
    const hashes = new RowHashes();
    const text = (at: number) =>
      Buffer.from(BigUint64Array.of(BigInt(at) * 0x9e3779b97f4a7n).buffer).toString('base64url');
    hashes.add(Array.from({ length: 100_000 }, (_, at) => text(at)));
    expect(hashes.hasRepeats()).toBe(false);
    hashes.add([text(12_345)]);
    expect(hashes.hasRepeats()).toBe(true);
  });
});
