import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import type { Column } from '#shared/schema/columns.ts';
import { addColumns } from './add-columns.ts';
import { buildAnchors } from './anchors.ts';
import { decodeProfile, encodeProfile } from './encode.ts';
import { ProfileColumnError, ProfileFormatError } from './errors.ts';
import { emptyProfile, featureOf, type NumericProfile, type Profile } from './profile.ts';
import { summarize } from './summarize.ts';
import { categorical, draws, numeric, profileOf } from './testing.ts';
import { MAX_UNSEEN_VALUES } from './unseen.ts';

const anchors = buildAnchors([
  numeric('x', [-2, -1, -0, 0, 0.1, 0.25, 1, 3, 1000]),
  categorical('c', ['a', 'b', 'a']),
]);

const bytesOf = (profile: Profile) => Buffer.from(encodeProfile(profile)).toString('hex');

describe('adding columns', () => {
  it('counts missing, either infinity and finite values apart', () => {
    const profile = profileOf(
      [
        numeric('x', [
          Number.NaN,
          Number.POSITIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
          1,
          2,
        ]),
      ],
      anchors,
    );
    expect(featureOf(profile, 'x')).toMatchObject({
      count: 2,
      missing: 1,
      positiveInfinite: 1,
      negativeInfinite: 2,
      min: 1,
      max: 2,
    });
    expect((featureOf(profile, 'x') as NumericProfile).cells.reduce((sum, n) => sum + n, 0)).toBe(2);
  });

  it('puts doubles and floats of the same decimal into the same cell', () => {
    const [double, single] = [Float64Array.of(0.1), Float32Array.of(0.1)].map((values) => {
      const profile = emptyProfile(anchors);
      addColumns(profile, [{ kind: 'numeric', name: 'x', values }]);
      return bytesOf(profile);
    });
    expect(single).toBe(double);
  });

  it('accepts a subset of the columns and leaves the others untouched', () => {
    const profile = profileOf([categorical('c', ['a', null])], anchors);
    expect(summarize(profile, 'c')).toMatchObject({ count: 1, missing: 1 });
    expect(summarize(profile, 'x')).toMatchObject({ count: 0, missing: 0 });
  });

  it('refuses unknown names and other kinds, counting nothing', () => {
    const profile = emptyProfile(anchors);
    const good: Column = numeric('x', [1]);
    expect(() => addColumns(profile, [good, numeric('y', [1])])).toThrow(ProfileColumnError);
    expect(() => addColumns(profile, [good, numeric('c', [1])])).toThrow(/"c" is numeric, the baseline's is/);
    expect(summarize(profile, 'x').count).toBe(0);
  });
});

describe('unseen categories', () => {
  it('are listed with exact counts while few, and sampled fairly, still exactly, when many', () => {
    const few = profileOf([categorical('c', ['z', 'y', 'z', 'a'])], anchors);
    expect(summarize(few, 'c')).toMatchObject({
      count: 4,
      top: [{ value: 'a', count: 1 }],
      unseen: 3,
      unseenTop: [
        { value: 'z', count: 2 },
        { value: 'y', count: 1 },
      ],
      unseenComplete: true,
    });
    const values = Array.from({ length: 900 }, (_, row) => `new ${row % 300}`);
    const many = summarize(profileOf([categorical('c', values)], anchors), 'c', 1000);
    expect(many.unseen).toBe(900);
    expect(many.unseenComplete).toBe(false);
    expect(many.unseenTop?.length).toBe(MAX_UNSEEN_VALUES);
    expect(many.unseenTop?.every(({ count }) => count === 3)).toBe(true);
  });
});

describe('moments', () => {
  it('match the two-pass formulas to a millionth of a standard deviation', () => {
    const random = seededRandom(5);
    const column = draws('x', 20_000, () => Math.fround(50 + 7 * normal(random)));
    const values = [...column.values];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviations = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const summary = summarize(profileOf([column]), 'x');
    expect(Math.abs(summary.mean! - mean)).toBeLessThan(7e-6);
    expect(Math.abs(summary.standardDeviation! - Math.sqrt(deviations / (values.length - 1)))).toBeLessThan(
      7e-6,
    );
    expect(summary).toMatchObject({ min: Math.min(...values), max: Math.max(...values), clipped: 0 });
  });

  it('are exact for whole numbers and 0/1 losses', () => {
    const losses = numeric('loss', [0, 0, 0, 1, 0, 0, 0, 0, 0, 0], 'loss');
    expect(summarize(profileOf([losses]), 'loss').mean).toBe(0.1);
  });

  it('hold a value beyond 2047 scales clipped, and say so', () => {
    const reference = numeric('x', [1, 2, 3, 4, 5, 6, 7, 8]);
    const current = profileOf([numeric('x', [4, 1e9])], buildAnchors([reference]));
    expect(summarize(current, 'x')).toMatchObject({ clipped: 1, max: 1e9 });
    expect(summarize(current, 'x').mean).toBeLessThan(1e4);
  });

  it('have no standard deviation below two values, and no figure at all without any', () => {
    expect(summarize(profileOf([numeric('x', [4])]), 'x')).not.toHaveProperty('standardDeviation');
    expect(summarize(emptyProfile(anchors), 'x')).toEqual({ kind: 'numeric', count: 0, missing: 0 });
  });
});

describe('profile bytes', () => {
  it('are refused when truncated, extended or of another version', () => {
    const bytes = encodeProfile(profileOf([numeric('x', [1]), categorical('c', ['new'])], anchors));
    expect(() => decodeProfile(anchors, bytes.subarray(0, -1))).toThrow(ProfileFormatError);
    expect(() => decodeProfile(anchors, Uint8Array.of(...bytes, 0))).toThrow(/1 bytes after its end/);
    expect(() => decodeProfile(anchors, Uint8Array.of(9, ...bytes.subarray(1)))).toThrow(/version 9/);
  });

  it('take one byte for a column without rows', () => {
    const empty = encodeProfile(emptyProfile(anchors)).length;
    expect(empty).toBe(1 + 1 + JSON.stringify(anchors.id).length + 2 + 1);
  });
});
