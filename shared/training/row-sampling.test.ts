import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { bootstrapCounts, sampleColumns, sampleRows, shareOf } from './row-sampling.ts';

const sizes = fc
  .integer({ min: 1, max: 60 })
  .chain((rows) =>
    fc.record({ rows: fc.constant(rows), count: fc.integer({ min: 1, max: rows }), seed: fc.nat() }),
  );

describe('samples', () => {
  it('of rows hold as many different ones as asked for, ascending', () => {
    fc.assert(
      fc.property(sizes, ({ rows, count, seed }) => {
        const sample = [...sampleRows(rows, count, seededRandom(seed))];
        expect(new Set(sample).size).toBe(count);
        expect(sample).toEqual([...sample].sort((one, other) => one - other));
        expect(sample.every((row) => row >= 0 && row < rows)).toBe(true);
      }),
    );
  });

  it('of rows take each row equally often', () => {
    const random = seededRandom(1);
    const times = new Float64Array(10);
    for (let draw = 0; draw < 5000; draw++) for (const row of sampleRows(10, 3, random)) times[row]! += 1;
    // 1500 expected, standard deviation 32.
    for (const count of times) expect(Math.abs(count - 1500)).toBeLessThan(150);
  });

  it('of columns hold as many as asked for', () => {
    fc.assert(
      fc.property(sizes, ({ rows, count, seed }) => {
        const mask = sampleColumns(rows, count, seededRandom(seed));
        expect(mask.reduce((sum, isIn) => sum + isIn, 0)).toBe(count);
      }),
    );
  });

  it('with replacement have as many rows as the data and leave out 1/e of them', () => {
    const counts = bootstrapCounts(10_000, seededRandom(2));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_000);
    expect(counts.filter((count) => count > 0).length / 10_000).toBeCloseTo(1 - 1 / Math.E, 1.7);
  });

  it('with replacement are of rows that can be drawn, even if it is one', () => {
    expect([...bootstrapCounts(4, seededRandom(2), (row) => row === 2)]).toEqual([0, 0, 1, 0]);
  });

  it('a share of few is at least one', () => {
    expect([shareOf(0.1, 3), shareOf(0.5, 3), shareOf(1, 3)]).toEqual([1, 2, 3]);
  });
});
