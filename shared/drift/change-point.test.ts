import { describe, expect, it } from 'vitest';
import { addColumns } from '#shared/profile/add-columns.ts';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { emptyProfile, mergeProfiles, type Profile } from '#shared/profile/profile.ts';
import { categorical, draws, numeric, profileOf, type Random } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { type ChangeLocation, locateChange } from './change-point.ts';

const GRANULES = 288;
const ROWS = 50;
const random = seededRandom(2024);
const baseline = [
  draws('x', 5000, () => normal(random)),
  draws('y', 5000, () => normal(random)),
  categorical(
    'c',
    Array.from({ length: 5000 }, () => letter(random, 0.5)),
  ),
];
const anchors = buildAnchors(baseline);
const reference = profileOf(baseline, anchors);

function letter(draw: Random, shareOfA: number): string {
  return draw() < shareOfA ? 'a' : draw() < 0.5 ? 'b' : 'c';
}

type Columns = Parameters<typeof addColumns>[1];

/** Locates the change in granules of the given columns, and counts the reads. */
async function locate(
  columnsOf: (granule: number) => Columns,
  { granules = GRANULES, features = ['x'] as readonly string[], designEffect = 1 } = {},
): Promise<{ change: ChangeLocation; reads: number; loaded: number }> {
  const parts = Array.from({ length: granules }, (_, granule) => {
    const profile = emptyProfile(anchors);
    addColumns(profile, columnsOf(granule));
    return profile;
  });
  let [reads, loaded] = [0, 0];
  const read = async (from: number, to: number): Promise<Profile> => {
    reads++;
    loaded += to - from;
    return parts.slice(from, to).reduce(mergeProfiles, emptyProfile(anchors));
  };
  const change = await locateChange({ granules, read, reference, features, designEffect });
  return { change, reads, loaded };
}

/** `x` shifted by `shiftAt(granule)` standard deviations. */
const shifted =
  (draw: Random, shiftAt: (granule: number) => number, rows = ROWS) =>
  (granule: number): Columns => [
    numeric(
      'x',
      Array.from({ length: rows }, () => normal(draw) + shiftAt(granule)),
    ),
  ];

describe('a step of 0.8 sigma at 50 rows a granule', () => {
  it('is located to ±1 granule in at least 99 % of cases, from 1 to 286 of 288, in about 4·log2(n) reads', async () => {
    const draw = seededRandom(1);
    let [hits, covered, cases, mostReads, mostLoaded] = [0, 0, 0, 0, 0];
    for (const start of [1, 2, 5, 20, 73, 100, 144, 145, 200, 255, 270, 283, 285, 286])
      for (let seed = 0; seed < 6; seed++) {
        const { change, reads, loaded } = await locate(
          shifted(draw, (granule) => (granule >= start ? 0.8 : 0)),
        );
        cases++;
        mostReads = Math.max(mostReads, reads);
        mostLoaded = Math.max(mostLoaded, loaded);
        if (!change.located) continue;
        if (Math.abs(change.granule - start) <= 1) hits++;
        if (change.interval.from <= start && start <= change.interval.to) covered++;
      }
    expect(hits / cases).toBeGreaterThanOrEqual(0.99);
    expect(covered / cases).toBeGreaterThanOrEqual(0.95);
    expect(mostReads).toBeLessThanOrEqual(4 * Math.log2(GRANULES) + 2);
    expect(mostLoaded).toBeLessThanOrEqual(2 * GRANULES);
  });

  it('is located in the last granule alone more often than not, and never elsewhere', async () => {
    const draw = seededRandom(2);
    const found: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const { change } = await locate(shifted(draw, (granule) => (granule === GRANULES - 1 ? 0.8 : 0)));
      if (change.located) found.push(change.granule);
    }
    expect(found.length).toBeGreaterThan(10);
    expect(found.every((granule) => granule >= GRANULES - 2)).toBe(true);
  });

  it('reads grow with the logarithm of the number of granules', async () => {
    const draw = seededRandom(3);
    for (const granules of [12, 96, 768]) {
      const start = Math.floor(granules / 3);
      const { change, reads } = await locate(
        shifted(draw, (granule) => (granule >= start ? 0.8 : 0)),
        { granules },
      );
      expect(change).toMatchObject({ located: true, granule: start });
      expect(reads).toBeLessThanOrEqual(4 * Math.log2(granules) + 2);
    }
  });
});

describe('the whole range drifted', () => {
  it('answers the first granule and says that the change may be earlier', async () => {
    const { change } = await locate(shifted(seededRandom(4), () => 0.8));
    expect(change).toMatchObject({ located: true, granule: 0, mayBeEarlier: true });
  });

  it('does not say so of a change inside the range', async () => {
    const { change } = await locate(shifted(seededRandom(4), (granule) => (granule >= 40 ? 0.8 : 0)));
    expect(change).toMatchObject({ located: true, granule: 40, mayBeEarlier: false });
  });
});

describe('what is no step is not located', () => {
  it('no drift: at most 3 % of ranges show a change', async () => {
    const draw = seededRandom(5);
    let located = 0;
    for (let seed = 0; seed < 100; seed++)
      if (
        (
          await locate(
            shifted(draw, () => 0),
            { granules: 48 },
          )
        ).change.located
      )
        located++;
    expect(located).toBeLessThanOrEqual(3);
  });

  it.each([
    ['a ramp over all of it', (granule: number) => (1.5 * granule) / GRANULES],
    ['a ramp in its second half', (granule: number) => Math.max(0, granule - 144) / 96],
    ['a shift that went back', (granule: number) => (granule >= 100 && granule < 160 ? 1 : 0)],
    ['two steps', (granule: number) => (granule < 100 ? 0 : granule < 200 ? 0.6 : 1.2)],
  ])('%s', async (_, shiftAt) => {
    const draw = seededRandom(6);
    for (let seed = 0; seed < 5; seed++)
      expect((await locate(shifted(draw, shiftAt))).change).toMatchObject({
        located: false,
        reason: expect.stringMatching(/no single step.* largest part is at granule \d+/),
      });
  });

  it('says so when there are no granules, no features or no rows', async () => {
    const nothing = shifted(seededRandom(7), () => 0, 0);
    expect((await locate(nothing, { granules: 0 })).change.located).toBe(false);
    expect((await locate(nothing, { features: [] })).change.located).toBe(false);
    expect((await locate(nothing)).change).toEqual({
      located: false,
      reason: 'the granules hold no rows',
    });
  });
});

describe('other kinds of change', () => {
  it('a category mix, an unseen category and missing values are located as well', async () => {
    const draw = seededRandom(8);
    const usual = () => letter(draw, 0.5);
    const kinds: Record<string, () => string | null> = {
      mix: () => letter(draw, 0.2),
      unseen: () => (draw() < 0.3 ? 'new' : usual()),
      missing: () => (draw() < 0.3 ? null : usual()),
    };
    for (const [kind, after] of Object.entries(kinds)) {
      const { change } = await locate(
        (granule) => [categorical('c', Array.from({ length: ROWS }, granule >= 130 ? after : usual))],
        { features: ['c'] },
      );
      expect(change.located && Math.abs(change.granule - 130), kind).toBeLessThanOrEqual(1);
    }
  });

  it('features that drifted together are located more narrowly than one of them', async () => {
    const draw = seededRandom(9);
    const both = (granule: number): Columns => {
      const shift = granule >= 150 ? 0.3 : 0;
      return ['x', 'y'].map((name) =>
        numeric(
          name,
          Array.from({ length: ROWS }, () => normal(draw) + shift),
        ),
      );
    };
    const widthOf = async (features: readonly string[]) => {
      let width = 0;
      for (let seed = 0; seed < 10; seed++) {
        const { change } = await locate(both, { features });
        width += change.located ? change.interval.to - change.interval.from : GRANULES;
      }
      return width;
    };
    expect(await widthOf(['x', 'y'])).toBeLessThan(await widthOf(['x']));
  });

  it('clustered rows widen the interval', async () => {
    const width = async (designEffect: number) => {
      const { change } = await locate(
        shifted(seededRandom(10), (granule) => (granule >= 100 ? 0.8 : 0)),
        { designEffect },
      );
      return change.located ? change.interval.to - change.interval.from : Number.NaN;
    };
    expect(await width(10)).toBeGreaterThan(await width(1));
  });

  it('empty granules around the change are all plausible', async () => {
    const draw = seededRandom(11);
    const full = shifted(draw, (granule) => (granule >= 60 ? 1 : 0));
    const { change } = await locate((granule) => (granule >= 50 && granule < 60 ? [] : full(granule)), {
      granules: 96,
    });
    expect(change.located && change.interval.from).toBeLessThanOrEqual(50);
    expect(change.located && change.interval.to).toBeGreaterThanOrEqual(60);
  });
});
