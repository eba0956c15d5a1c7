import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { type Anchors, buildAnchors } from './anchors.ts';
import { anchorsFromJson, anchorsToJson } from './anchors-json.ts';
import type { CategoricalAnchor } from './categorical-anchor.ts';
import { cellOf, cellSearch } from './cell-search.ts';
import { ProfileColumnError, ProfileFormatError } from './errors.ts';
import { type NumericAnchor, QUANTILE_CELLS } from './numeric-anchor.ts';
import { featureOf, type NumericProfile } from './profile.ts';
import { categorical, draws, numeric, profileOf } from './testing.ts';

const numericOf = (anchors: Anchors) => anchors.anchors[0] as NumericAnchor;

describe('numeric anchors', () => {
  it('make every value of a small baseline an edge, so that its cells are exact', () => {
    const anchor = numericOf(buildAnchors([numeric('x', [3, 1, 2, 2, 9])]));
    expect(anchor.edges).toEqual(expect.arrayContaining([1, 2, 3, 9]));
    expect(anchor).toMatchObject({ location: 2, range: { lowest: 1, highest: 9 } });
    expect(Math.log2(anchor.scale) % 1).toBe(0);
  });

  it('leave at most 1/1024 of a large baseline inside any open cell', () => {
    const random = seededRandom(11);
    const column = draws('x', 50_000, () => Math.exp(2 * normal(random)));
    const { cells } = featureOf(profileOf([column]), 'x') as NumericProfile;
    const open = cells.filter((_, cell) => cell % 2 === 0);
    expect(Math.max(...open)).toBeLessThanOrEqual(50_000 / QUANTILE_CELLS);
  });

  it('do not depend on the order of rows', () => {
    const values = [5, 1, 4, -0, 0, 2];
    const [one, two] = [values, [...values].reverse()].map((rows) => buildAnchors([numeric('x', rows)]));
    expect(two).toEqual(one);
  });

  it('exist for constant, empty and extreme baselines', () => {
    for (const values of [[], [7, 7], [Number.NaN], [-3e38, 3e38], [1e-40, 2e-40], [0, 0, 0, 1e30]]) {
      const anchor = numericOf(buildAnchors([numeric('x', values)]));
      expect(anchor.scale).toBeGreaterThan(0);
      expect([anchor.location, anchor.scale, ...anchor.edges].every(Number.isFinite)).toBe(true);
    }
  });
});

describe('cell search', () => {
  it('equals lowerBound + upperBound of a plain search, for any baseline and any value', () => {
    const value = fc.oneof(
      fc.constantFrom(-0, 0, 1, 0.1, 1e30, -1e30, 1e-40),
      fc.double({ min: -100, max: 100, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 60 }),
        fc.array(value, { maxLength: 60 }),
        (baseline, others) => {
          const anchor = numericOf(buildAnchors([numeric('x', baseline)]));
          for (const each of [...baseline, ...others].map(Math.fround)) {
            const below = anchor.edges.filter((edge) => edge < each).length;
            const upTo = anchor.edges.filter((edge) => edge <= each).length;
            expect(cellOf(cellSearch(anchor), each)).toBe(below + upTo);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('categorical anchors', () => {
  it('rank categories by frequency, then by name, and keep the first 1000', () => {
    const values = ['b', 'b', 'a', 'c', ...Array.from({ length: 1500 }, (_, at) => `rare ${at}`)];
    const anchor = buildAnchors([categorical('c', values)]).anchors[0] as CategoricalAnchor;
    expect(anchor.categories.slice(0, 3)).toEqual(['b', 'a', 'c']);
    expect(anchor.categories.length).toBe(1000);
    expect(anchor.expectedUnseenShare).toBeCloseTo(1502 / 1504, 10);
  });

  it('expect of fresh rows the unseen share that fresh rows then have', () => {
    const random = seededRandom(3);
    const zipf = () => `c${Math.floor(1 / (random() + 1e-4))}`;
    const anchors = buildAnchors([categorical('c', Array.from({ length: 2000 }, zipf))]);
    const fresh = profileOf([categorical('c', Array.from({ length: 20_000 }, zipf))], anchors);
    const feature = featureOf(fresh, 'c');
    const share = feature.kind === 'categorical' ? feature.unseen.total / feature.count : Number.NaN;
    expect(Math.abs(share - (anchors.anchors[0] as CategoricalAnchor).expectedUnseenShare)).toBeLessThan(
      0.01,
    );
  });
});

describe('anchors as a whole', () => {
  const random = seededRandom(2);
  const anchors = buildAnchors([draws('x', 3000, () => normal(random)), categorical('c', ['a', 'b'])]);

  it('read back from JSON unchanged, also when a store reorders the fields', () => {
    const json = JSON.parse(JSON.stringify(anchorsToJson(anchors)));
    expect(anchorsFromJson(json)).toEqual(anchors);
    const reordered = json.anchors.map((anchor: object) =>
      Object.fromEntries(Object.entries(anchor).reverse()),
    );
    expect(anchorsFromJson({ ...json, anchors: reordered }).id).toBe(anchors.id);
  });

  it('are refused when their content is not what their id names', () => {
    const json = JSON.parse(JSON.stringify(anchorsToJson(anchors)));
    json.anchors[0].edges[5] += 1;
    expect(() => anchorsFromJson(json)).toThrow(ProfileFormatError);
    expect(() => anchorsFromJson(null)).toThrow(ProfileFormatError);
  });

  it('need unique names', () => {
    expect(() => buildAnchors([numeric('x', [1]), categorical('x', ['a'])])).toThrow(ProfileColumnError);
  });
});
