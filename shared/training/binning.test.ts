import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binCodes, binColumn, thresholdBetween } from './binning.ts';

const float32 = fc.float({ noNaN: true });

describe('thresholdBetween', () => {
  it('is the midpoint of two ordinary numbers', () => {
    expect(thresholdBetween(1, 2)).toBe(1.5);
  });

  it('is the lower value when no float32 lies between the two', () => {
    const above = Math.fround(1 + 2 ** -23);
    expect(thresholdBetween(1, above)).toBe(1);
  });

  it('separates infinities from everything else', () => {
    expect(thresholdBetween(Number.NEGATIVE_INFINITY, 0)).toBe(Number.NEGATIVE_INFINITY);
    expect(thresholdBetween(5, Number.POSITIVE_INFINITY)).toBe(5);
    expect(thresholdBetween(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(
      Number.NEGATIVE_INFINITY,
    );
  });

  it('always lies at or above the lower and below the upper value, in float32', () => {
    fc.assert(
      fc.property(float32, float32, (one, other) => {
        const [below, above] = one < other ? [one, other] : [other, one];
        fc.pre(below < above);
        const threshold = thresholdBetween(below, above);
        return threshold === Math.fround(threshold) && below <= threshold && threshold < above;
      }),
    );
  });
});

describe('binColumn', () => {
  it('gives each distinct value a bin of its own where they fit', () => {
    const { bins, cuts } = binColumn(Float32Array.of(3, 1, 2, 1), 255);
    expect([...bins]).toEqual([2, 0, 1, 0]);
    expect([...cuts]).toEqual([1.5, 2.5]);
  });

  it('puts missing values into the bin after the last value bin', () => {
    expect([...binColumn(Float32Array.of(1, Number.NaN, 2), 255).bins]).toEqual([0, 2, 1]);
    expect([...binColumn(Float32Array.of(Number.NaN, Number.NaN), 255).bins]).toEqual([1, 1]);
  });

  it('fills about equal bins when there are more values than bins', () => {
    const { bins, cuts } = binColumn(
      Float32Array.from({ length: 1000 }, (_, row) => row),
      11,
    );
    expect(cuts).toHaveLength(9);
    const counts = Array.from({ length: 10 }, (_, bin) => bins.filter((found) => found === bin).length);
    expect(counts).toEqual(new Array(10).fill(100));
  });

  it('thins very long columns without losing their quantiles', () => {
    const { cuts } = binColumn(
      Float32Array.from({ length: 1_000_000 }, (_, row) => row),
      5,
    );
    expect(cuts.map((cut) => Math.round(cut / 10_000))).toEqual(Float32Array.of(25, 50, 75));
  });

  it('orders bins as the comparisons with its cuts do', () => {
    fc.assert(
      fc.property(
        fc.array(float32, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 3, max: 20 }),
        (values, maxBins) => {
          const { bins, cuts } = binColumn(Float32Array.from(values), maxBins);
          return values.every((value, row) =>
            cuts.every((cut, bin) => value <= cut === bins[row]! <= bin && cuts.length <= maxBins - 2),
          );
        },
      ),
    );
  });
});

describe('binCodes', () => {
  it('agrees with binning the codes as numbers', () => {
    const codes = Float32Array.of(0, 2, Number.NaN, 1, 2);
    expect(binCodes(codes, 3)).toEqual({ ...binColumn(codes, 255), isCategorical: true });
  });
});
