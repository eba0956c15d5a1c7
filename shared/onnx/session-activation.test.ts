import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activate } from './session-activation.ts';

const scores = fc.array(fc.float({ noNaN: true, min: -500, max: 500 }), { minLength: 3, maxLength: 3 });

describe('activation', () => {
  it('softmax agrees with scipy.special.softmax 1.15', () => {
    const [a, b, c] = activate(Float32Array.of(1, 2, 3), 3, 'softmax');
    expect(a).toBeCloseTo(0.09003057, 7);
    expect(b).toBeCloseTo(0.24472847, 7);
    expect(c).toBeCloseTo(0.66524096, 7);
  });

  it('softmax sums to 1 and neither overflows nor depends on a constant', () => {
    fc.assert(
      fc.property(scores, (row) => {
        const one = activate(Float32Array.from(row), 3, 'softmax');
        expect(one.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
        const shifted = activate(
          Float32Array.from(row, (score) => Math.fround(score) + 1024),
          3,
          'softmax',
        );
        for (let at = 0; at < 3; at++) expect(shifted[at]).toBeCloseTo(one[at]!, 3);
      }),
    );
  });

  it('sigmoid of one score gives both classes', () => {
    expect(activate(Float32Array.of(0, 100, -1000), 1, 'sigmoid')).toEqual(
      Float32Array.of(0.5, 0.5, 0, 1, 1, 0),
    );
  });

  it('none leaves scores as they are, and completes one probability to two', () => {
    expect(activate(Float32Array.of(-1, 4), 2, 'none')).toEqual(Float32Array.of(-1, 4));
    expect(activate(Float32Array.of(0.25), 1, 'none')).toEqual(Float32Array.of(0.75, 0.25));
  });

  it('keeps what is not a number for the check to find', () => {
    expect([...activate(Float32Array.of(Number.NaN, 1), 2, 'softmax')]).toEqual([Number.NaN, Number.NaN]);
    expect([...activate(Float32Array.of(Number.NaN), 1, 'sigmoid')]).toEqual([Number.NaN, Number.NaN]);
  });
});
