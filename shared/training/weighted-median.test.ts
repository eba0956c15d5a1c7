import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weightedMedian } from './weighted-median.ts';

const pairs = fc.array(
  fc.record({ value: fc.integer({ min: -50, max: 50 }), weight: fc.integer({ min: 0, max: 4 }) }),
  { minLength: 1, maxLength: 15 },
);

describe('weightedMedian', () => {
  it('is the plain median of values repeated by their weight', () => {
    fc.assert(
      fc.property(pairs, (drawn) => {
        fc.pre(drawn.some(({ weight }) => weight > 0));
        const repeated = drawn.flatMap(({ value, weight }) => new Array<number>(weight).fill(value));
        const values = Float64Array.from(drawn, ({ value }) => value);
        const weights = Float64Array.from(drawn, ({ weight }) => weight);
        expect(weightedMedian(values, weights)).toBe(weightedMedian(Float64Array.from(repeated)));
      }),
    );
  });

  it('of an even number is halfway between the middle two', () => {
    expect(weightedMedian(Float64Array.of(9, 1, 2, 4))).toBe(3);
    expect(weightedMedian(Float64Array.of(9, 1, 2))).toBe(2);
  });
});
