import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { addColumns } from './add-columns.ts';
import { buildAnchors } from './anchors.ts';
import { addScores, emptyCoMoments, scoreSteps, scoresOfCells } from './co-moments.ts';
import { emptyProfile, mergeProfiles } from './profile.ts';
import { draws, numeric } from './testing.ts';

describe('co-moments', () => {
  it('are the sums of scores and of their products, whatever the number of columns and rows', () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 2100 }), fc.nat());
    fc.assert(
      fc.property(shape, ([columns, rows, seed]) => {
        const random = seededRandom(seed);
        const scores = Array.from({ length: columns }, () =>
          Int8Array.from({ length: rows }, () => Math.floor(161 * random()) - 80),
        );
        const counted = emptyCoMoments(columns);
        addScores(counted, scores, rows);
        const dot = (a: Int8Array, b: Int8Array) => a.reduce((sum, score, row) => sum + score * b[row]!, 0);
        const products = scores.flatMap((one, i) => scores.slice(i).map((other) => dot(one, other)));
        expect(counted.rows).toBe(rows);
        expect([...counted.sums]).toEqual(scores.map((one) => one.reduce((sum, score) => sum + score, 0)));
        expect([...counted.products]).toEqual(products);
      }),
      { numRuns: 60 },
    );
  });

  it('do not overflow their shared doubles at the largest scores', () => {
    const scores = [80, -80, 80].map((score) => new Int8Array(4096).fill(score));
    const counted = emptyCoMoments(3);
    addScores(counted, scores, 4096);
    const square = 4096 * 6400;
    expect([...counted.products]).toEqual([square, -square, square, square, -square, square]);
  });
});

describe('normal scores', () => {
  it('stand for the mid-rank of a cell: 0 at the median, 24 a standard deviation, 80 at most', () => {
    const counts = new Float64Array(10_000).fill(1);
    const scores = scoresOfCells(scoreSteps(counts), counts.length);
    expect(scores[5000]).toBe(0);
    expect(scores[8413]).toBe(24);
    expect(scores[1586]).toBe(-24);
    expect([scores[0], scores[9999]]).toEqual([-80, 80]);
  });

  it('are bounded, so that one value of 1e30 moves no correlation', () => {
    const random = seededRandom(5);
    const xs = Array.from({ length: 2000 }, () => normal(random));
    const ys = xs.map((x) => x + normal(random));
    const anchors = buildAnchors([numeric('x', xs), numeric('y', ys)]);
    const profileOf = (x: readonly number[]) => {
      const profile = emptyProfile(anchors);
      addColumns(profile, [numeric('x', x), numeric('y', ys)]);
      return profile.coMoments;
    };
    const [clean, broken] = [profileOf(xs), profileOf([1e30, ...xs.slice(1)])];
    expect(Math.abs(broken.products[1]! / clean.products[1]! - 1)).toBeLessThan(0.02);
  });
});

describe('a profile', () => {
  const random = seededRandom(7);
  const columns = [draws('x', 300, () => normal(random)), draws('y', 300, () => normal(random))];
  const anchors = buildAnchors(columns);

  it('counts how columns go together only from rows that have all of them', () => {
    const profile = emptyProfile(anchors);
    addColumns(profile, [columns[0]!]);
    expect(profile.coMoments.rows).toBe(0);
    addColumns(profile, columns);
    expect(profile.coMoments.rows).toBe(300);
  });

  it('scores a missing value 0', () => {
    const profile = emptyProfile(anchors);
    addColumns(profile, [numeric('x', [Number.NaN, Number.NaN]), numeric('y', [1e9, 1e9])]);
    expect([...profile.coMoments.products]).toEqual([0, 0, 2 * 80 * 80]);
  });

  it('adds co-moments when it is merged', () => {
    const [one, two, whole] = [emptyProfile(anchors), emptyProfile(anchors), emptyProfile(anchors)];
    const part = (from: number, to: number) =>
      columns.map((column) => ({ ...column, values: column.values.slice(from, to) }));
    addColumns(one, part(0, 17));
    addColumns(two, part(17, 300));
    addColumns(whole, columns);
    expect(mergeProfiles(two, one).coMoments).toEqual(whole.coMoments);
  });
});
