/** Which columns change their unit, and that nothing but the resolution changes with it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addColumns } from '../profile/add-columns.ts';
import { buildAnchors } from '../profile/anchors.ts';
import { meanOf, standardDeviationOf } from '../profile/moments.ts';
import { emptyProfile, featureOf } from '../profile/profile.ts';
import { seededRandom } from '../random.ts';
import { anchorsInOwnUnits, inUnits, profileInOwnUnits, type Unit, unitOf } from './units.ts';

const uniform = (origin: number, width: number, rows = 1000) => {
  const random = seededRandom(1);
  return Float64Array.from({ length: rows }, () => origin + width * random());
};

/** Counted in the column's unit, told in its own. */
function counted(values: Float64Array) {
  const units = new Map([['x', unitOf(values) as Unit]]);
  const columns = inUnits([{ kind: 'numeric', name: 'x', values }], units);
  const countedOn = buildAnchors(columns.map((column) => ({ ...column, channel: 'feature' })));
  const profile = emptyProfile(countedOn);
  addColumns(profile, columns);
  const anchors = anchorsInOwnUnits(countedOn, units);
  const [anchor] = anchors.anchors;
  const feature = featureOf(profileInOwnUnits(profile, anchors, units), 'x');
  if (anchor?.kind !== 'numeric' || feature.kind !== 'numeric') throw new TypeError('x is numeric');
  return { anchor, feature };
}

describe('the unit of a column', () => {
  it('is its own where its middle half spans a thousand steps of 32-bit floats, and another where it does not', () => {
    // neighbours near 1 are 2^-23 apart, and half of a uniform column is its middle half
    const enough = 2 * 1000 * 2 ** -23;
    expect(unitOf(uniform(1, 1.1 * enough))).toBeUndefined();
    expect(unitOf(uniform(1, 0.9 * enough))).toMatchObject({ scale: 1 });
  });

  it('starts near the median of timestamps within a minute', () => {
    const unit = unitOf(uniform(1.7e9, 60)) as Unit;
    expect(Math.abs(unit.origin - 1.7e9 - 30)).toBeLessThan(64);
    expect(unit.scale).toBe(1);
  });

  it('is a power of two of values that 32-bit floats cannot hold, and of those they hold it changes nothing', () => {
    expect(unitOf(uniform(0, 1e300))).toMatchObject({ origin: 0 });
    expect(unitOf(uniform(0, 1e-60))).toMatchObject({ origin: 0 });
    for (const width of [1e300, 1e-60]) {
      const { scale } = unitOf(uniform(0, width)) as Unit;
      expect(Math.log2(scale)).toBe(Math.round(Math.log2(scale)));
    }
    expect(unitOf(uniform(0, 1e10))).toBeUndefined();
    expect(unitOf(uniform(0, 1e-10))).toBeUndefined();
  });

  it('is not changed by a few outliers, a skew, zeros or missing values', () => {
    const skewed = uniform(0, 1, 4000).map((value) => value ** 20);
    skewed.set([1e12, -1e12, Number.NaN, Number.POSITIVE_INFINITY]);
    expect(unitOf(skewed)).toBeUndefined();
    expect(unitOf(new Float64Array(100))).toBeUndefined();
    expect(unitOf(new Float64Array(100).fill(Number.NaN))).toBeUndefined();
    expect(unitOf(new Float64Array(0))).toBeUndefined();
  });

  it('of a constant changes only for whole numbers whose neighbours 32-bit floats skip', () => {
    expect(unitOf(new Float64Array(100).fill(2 ** 24 - 1))).toBeUndefined();
    expect(unitOf(new Float64Array(100).fill(2 ** 24 + 1))).toEqual({ origin: 2 ** 24, scale: 1 });
    expect(unitOf(new Float64Array(100).fill(0.1))).toBeUndefined();
  });

  it('does not exist for values of more orders of magnitude than a 32-bit float has', () => {
    const values = uniform(1e-60, 1e-60, 101);
    values[50] = 1e-25;
    expect(unitOf(values)).toMatchObject({ scale: expect.any(Number) });
    values[50] = 1;
    expect(unitOf(values)).toEqual({
      reason: 'its values differ by more orders of magnitude than single precision holds',
    });
  });
});

describe('counts in another unit', () => {
  it('give mean, spread and range in the units of the file', () => {
    for (const [origin, width] of [
      [1.7e9, 60],
      [-4.73e8, 1e-3],
      [1e300, 1e300],
      [0, 1e-60],
    ] as const) {
      const { anchor, feature } = counted(uniform(origin, width));
      const far = (one: number | undefined, other: number) => Math.abs(one! - other) / width;
      expect(far(meanOf(anchor, feature), origin + width / 2)).toBeLessThan(0.03);
      expect(far(standardDeviationOf(anchor, feature), width / Math.sqrt(12))).toBeLessThan(0.01);
      expect(far(feature.min, origin)).toBeLessThan(0.01);
      expect(far(feature.max, origin + width)).toBeLessThan(0.01);
    }
  });

  it('are the whole numbers of the file where it holds whole numbers, with a placeholder far off', () => {
    const values = uniform(473_000_000, 16).map(Math.floor);
    values[3] = 0;
    const { anchor, feature } = counted(values);
    expect(feature.min).toBe(0);
    const met = anchor.edges.filter((_, edge) => feature.cells[2 * edge + 1]! > 0);
    expect(met).toEqual([0, ...Array.from({ length: 16 }, (_, at) => 473_000_000 + at)]);
  });

  it('keep apart what differs and together what is equal, for any two values of the file', () => {
    const unit = unitOf(uniform(1.7e9, 60)) as Unit;
    const units = new Map([['x', unit]]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 60_000 }), (one, other) => {
        const values = Float64Array.of(1.7e9 + one / 1000, 1.7e9 + other / 1000);
        const [a, b] = inUnits([{ kind: 'numeric', name: 'x', values }], units)[0]!.values as Float64Array;
        expect(Math.fround(a!) < Math.fround(b!)).toBe(one < other);
      }),
    );
  });

  it('are finite for finite values, and leave missing, infinite and other columns alone', () => {
    const units = new Map([['x', { origin: 0, scale: 2 ** -200 }]]);
    const values = Float64Array.of(1e300, -1e300, Number.NaN, Number.NEGATIVE_INFINITY);
    const plain = { kind: 'numeric', name: 'y', values } as const;
    const [x, y] = inUnits([{ ...plain, name: 'x' }, plain], units);
    const most = (2 - 2 ** -23) * 2 ** 127;
    expect([...x!.values]).toEqual([most, -most, Number.NaN, Number.NEGATIVE_INFINITY]);
    expect(Math.fround(most)).toBe(most);
    expect(y).toBe(plain);
  });

  it('bound the range by 32-bit floats that enclose it, so that no value of the reference is out of range', () => {
    const { anchor, feature } = counted(uniform(1.7e9, 60));
    expect(Math.fround(anchor.range!.lowest)).toBeLessThanOrEqual(feature.min);
    expect(Math.fround(anchor.range!.highest)).toBeGreaterThanOrEqual(feature.max);
    expect(counted(uniform(0, 1e300)).anchor.range).toBeNull();
  });
});
