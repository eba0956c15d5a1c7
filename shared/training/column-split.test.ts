import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCategories } from './column-split.ts';
import { SLOTS } from './tree-histogram.ts';

interface Bin {
  readonly gradient: number;
  readonly rows: number;
}

/** The last bin holds the missing rows. */
function search(bins: readonly Bin[], minRowsPerLeaf = 1) {
  const histogram = new Float64Array(bins.length * SLOTS);
  bins.forEach(({ gradient, rows }, bin) => {
    histogram.set([gradient, 0, rows], bin * SLOTS);
  });
  const of = { histogram, offset: 0, valueBins: bins.length - 1, hessianSlot: 2 };
  return splitCategories(of, sumOf(bins), { minRowsPerLeaf, l2: 0 }, 0);
}

function sumOf(bins: readonly Bin[]) {
  const gradient = bins.reduce((sum, bin) => sum + bin.gradient, 0);
  const rows = bins.reduce((sum, bin) => sum + bin.rows, 0);
  return { gradient, hessian: rows, rows };
}

function gainOf(bins: readonly Bin[], isLeft: (bin: number) => boolean): number {
  const score = (part: readonly Bin[]) => {
    const { gradient, rows } = sumOf(part);
    return rows === 0 ? Number.NEGATIVE_INFINITY : gradient ** 2 / rows;
  };
  return (
    score(bins.filter((_, bin) => isLeft(bin))) + score(bins.filter((_, bin) => !isLeft(bin))) - score(bins)
  );
}

/** The gain of the best of all subsets, by trying every one. */
function bestSubset(bins: readonly Bin[]): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let subset = 0; subset < 2 ** bins.length; subset++)
    best = Math.max(
      best,
      gainOf(bins, (bin) => ((subset >> bin) & 1) === 1),
    );
  return best;
}

describe('splitCategories', () => {
  const gradient = fc.integer({ min: -1000, max: 1000 });

  it('finds the best of all sets, the missing rows on the better side (equal rows per category)', () => {
    fc.assert(
      fc.property(
        fc.array(gradient, { minLength: 2, maxLength: 7 }),
        fc.integer({ min: 10, max: 50 }),
        fc.record({ gradient, rows: fc.integer({ min: 1, max: 50 }) }),
        (gradients, rows, missing) => {
          const bins = [...gradients.map((sum) => ({ gradient: sum, rows })), missing];
          const found = search(bins);
          const best = bestSubset(bins);
          expect(found?.gain ?? 0).toBeCloseTo(Math.max(best, 0), 6);
          if (found) expect(gainOf(bins, (bin) => found.leftBins[bin] === 1)).toBeCloseTo(found.gain, 6);
        },
      ),
    );
  });

  it('counts the children as the rows that its bins send there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gradient, rows: fc.integer({ min: 0, max: 40 }) }), {
          minLength: 3,
          maxLength: 30,
        }),
        fc.integer({ min: 1, max: 20 }),
        (drawn, minRowsPerLeaf) => {
          const bins = drawn.map((bin) => (bin.rows === 0 ? { gradient: 0, rows: 0 } : bin));
          const found = search(bins, minRowsPerLeaf);
          if (!found) return;
          const left = sumOf(bins.filter((_, bin) => found.leftBins[bin] === 1));
          expect(found.left).toEqual(left);
          expect(found.right.rows).toBe(sumOf(bins).rows - left.rows);
          expect(Math.min(found.left.rows, found.right.rows)).toBeGreaterThanOrEqual(minRowsPerLeaf);
        },
      ),
    );
  });

  it.each([
    [9, 1],
    [10, 0],
  ])('of 20 rows per leaf, a category of %i rows goes with the missing ones: %i', (rows, withMissing) => {
    const bins = [
      { gradient: -500, rows: 100 },
      { gradient: 500, rows: 100 },
      { gradient: -90, rows },
      { gradient: 400, rows: 50 },
    ];
    const found = search(bins, 20)!;
    expect([...found.leftBins.subarray(0, 4)]).toEqual([1, 0, withMissing === 1 ? 0 : 1, 0]);
    expect(found.missingLeft).toBe(false);
  });

  it('sends a category that the node has not seen where it sends the missing', () => {
    const bins = [
      { gradient: -500, rows: 100 },
      { gradient: 500, rows: 100 },
      { gradient: 0, rows: 0 },
      { gradient: -50, rows: 10 },
    ];
    const found = search(bins, 20)!;
    expect([...found.leftBins.subarray(0, 4)]).toEqual([1, 0, 1, 1]);
  });

  it('splits the missing from everything else where that is best', () => {
    const bins = [
      { gradient: -1, rows: 100 },
      { gradient: 1, rows: 100 },
      { gradient: 900, rows: 100 },
    ];
    expect([...search(bins)!.leftBins.subarray(0, 3)]).toEqual([1, 1, 0]);
  });
});
