import { describe, expect, it } from 'vitest';
import { firstPrincipalComponent } from './category-axis.ts';

describe('firstPrincipalComponent', () => {
  it('finds coordinates along a slanted line', () => {
    const along = firstPrincipalComponent(Float64Array.of(0, 0, 3, 4), Float64Array.of(1, 1), 2);
    expect(along[0]).toBeCloseTo(-2.5);
    expect(along[1]).toBeCloseTo(2.5);
  });

  it('follows the heavier points', () => {
    const points = Float64Array.of(-1, 0, 1, 0, 0, -1, 0, 1);
    const along = firstPrincipalComponent(points, Float64Array.of(1, 1, 9, 9), 2);
    expect(Math.abs(along[3]! - along[2]!)).toBeCloseTo(2);
    expect(Math.abs(along[1]! - along[0]!)).toBeCloseTo(0);
  });

  it('gives equal points equal coordinates', () => {
    expect([...firstPrincipalComponent(Float64Array.of(5, 5, 5, 5), Float64Array.of(1, 1), 2)]).toEqual([
      0, 0,
    ]);
  });
});
