import { describe, expect, it } from 'vitest';
import type { LossSample } from '#shared/performance/loss-change.ts';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { emptyProfile } from '#shared/profile/profile.ts';
import { categorical, draws, profileOf, type Random } from '#shared/profile/testing.ts';
import { normal, seededRandom, shuffledIndices } from '#shared/random.ts';
import { judgeSegments, type Slice, segmentEntry } from './judge-segments.ts';
import { isAlarm } from './level.ts';
import { defaultDriftPolicy as policy } from './policy.ts';

interface Setup {
  readonly features: number;
  readonly referenceRows: number;
  readonly currentRows: number;
}

const small: Setup = { features: 4, referenceRows: 400, currentRows: 200 };

function columnsOf(setup: Setup, rows: number, random: Random, shift = 0) {
  return Array.from({ length: setup.features }, (_, at) =>
    draws(`feature_${at}`, rows, () => normal(random) + (at === 0 ? shift : 0)),
  );
}

function anchorsOf(setup: Setup, random: Random) {
  return buildAnchors([
    categorical('cut', ['Fair', 'Good', 'Ideal']),
    ...columnsOf(setup, setup.referenceRows, random),
  ]);
}

function sliceOf(
  anchors: ReturnType<typeof anchorsOf>,
  value: string,
  setup: Setup,
  random: Random,
  shift = 0,
): Slice {
  const profile = (rows: number, by: number) =>
    profileOf(
      [
        categorical(
          'cut',
          Array.from({ length: rows }, () => value),
        ),
        ...columnsOf(setup, rows, random, by),
      ],
      anchors,
    );
  return {
    column: 'cut',
    value,
    reference: profile(setup.referenceRows, 0),
    current: profile(setup.currentRows, shift),
  };
}

const errors = (n: number, wrong: number): LossSample => ({
  n,
  mean: wrong / n,
  standardDeviation: Math.sqrt((wrong / n) * (1 - wrong / n)),
});

describe('ten slices, one of them drifted', () => {
  it.each([
    [1, 'critical'],
    [0.6, 'warning'],
  ] as const)('a shift of %f sigma in one feature ranks its slice first', (shift, level) => {
    for (let seed = 0; seed < 10; seed++) {
      const random = seededRandom(seed);
      const setup = { ...small, currentRows: 500 };
      const anchors = anchorsOf(setup, random);
      const slices = Array.from({ length: 10 }, (_, at) =>
        sliceOf(anchors, `value_${at}`, setup, random, at === 6 ? shift : 0),
      );
      const [first, ...others] = judgeSegments({ anchors, slices, policy });
      expect(first).toMatchObject({ column: 'cut', value: 'value_6', worst: { name: 'feature_0' } });
      expect(isAlarm(first!.level)).toBe(true);
      if (level === 'critical') expect(first?.level).toBe('critical');
      expect(first?.reasons[0]).toMatch(/^feature_0 moved up by/);
      expect(others.every((segment) => !isAlarm(segment.level))).toBe(true);
    }
  });

  it('a slice whose model errs more ranks first although no feature moved', () => {
    const random = seededRandom(3);
    const anchors = anchorsOf(small, random);
    const slices = Array.from(
      { length: 10 },
      (_, at): Slice => ({
        ...sliceOf(anchors, `value_${at}`, small, random),
        loss: { kind: 'error_rate', reference: errors(1000, 50), current: errors(500, at === 4 ? 90 : 25) },
      }),
    );
    const [first, second] = judgeSegments({ anchors, slices, policy });
    expect(first).toMatchObject({ value: 'value_4', level: 'critical' });
    expect(first?.reasons[0]).toMatch(/^error rate 5\.0 % → 18\.0 %/);
    expect(second?.level).toBe('stable');
  });
});

describe('thirty features in ten slices without drift', () => {
  it('alarm in any slice in at most 2 % of 200 runs', () => {
    const random = seededRandom(20260101);
    const columns = (rows: number) => Array.from({ length: 30 }, (_, at) => draws(`f${at}`, rows, random));
    // Few edges: enough for ten coarse cells, and quick.
    const anchors = buildAnchors(columns(50));
    // Drawing is the slow part: every run pairs ten of forty references with ten of two hundred windows.
    const references = Array.from({ length: 40 }, () => profileOf(columns(600), anchors));
    const windows = Array.from({ length: 200 }, () => profileOf(columns(300), anchors));
    let alarms = 0;
    for (let run = 0; run < 200; run++) {
      const [reference, current] = [shuffledIndices(40, random), shuffledIndices(200, random)];
      const slices = Array.from(
        { length: 10 },
        (_, at): Slice => ({
          column: 'cut',
          value: `value_${at}`,
          reference: references[reference[at]!]!,
          current: windows[current[at]!]!,
        }),
      );
      if (judgeSegments({ anchors, slices, policy }).some((segment) => isAlarm(segment.level))) alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(4);
  });

  it('one loss test in each of ten slices alarms in at most 2 % of 500 runs', () => {
    const random = seededRandom(7);
    const anchors = buildAnchors([draws('x', 200, random)]);
    const profile = profileOf([draws('x', 200, random)], anchors);
    const sample = (n: number) => {
      let wrong = 0;
      for (let row = 0; row < n; row++) if (random() < 0.1) wrong++;
      return errors(n, wrong);
    };
    let alarms = 0;
    for (let run = 0; run < 500; run++) {
      const slices = Array.from(
        { length: 10 },
        (_, at): Slice => ({
          column: 'cut',
          value: `value_${at}`,
          reference: profile,
          current: profile,
          loss: { kind: 'error_rate', reference: sample(400), current: sample(200) },
        }),
      );
      if (judgeSegments({ anchors, slices, policy }).some((segment) => isAlarm(segment.level))) alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(10);
  });
});

describe('slices that cannot be judged', () => {
  const random = seededRandom(11);
  const anchors = anchorsOf(small, random);
  const sized = (value: string, referenceRows: number, currentRows: number) =>
    sliceOf(anchors, value, { ...small, referenceRows, currentRows }, random);

  it('needs minRows on both sides, not one row fewer', () => {
    const slices = [sized('Fair', 100, 100), sized('Good', 99, 100), sized('Ideal', 100, 99)];
    const levels = new Map(
      judgeSegments({ anchors, slices, policy }).map((segment) => [segment.value, segment.level]),
    );
    expect(levels).toEqual(
      new Map([
        ['Fair', 'stable'],
        ['Good', 'insufficient_data'],
        ['Ideal', 'insufficient_data'],
      ]),
    );
    expect(
      judgeSegments({ anchors, slices, policy, minRows: 99 }).every(({ level }) => level === 'stable'),
    ).toBe(true);
  });

  it('counts clustered rows for 1/design effect each: 200 rows of effect 2 are enough, of effect 2.1 are not', () => {
    const slices = [sized('Fair', 400, 200)];
    const judged = (all: number, one = all) => {
      const effects = anchors.anchors.map(({ name }) => [name, name === 'feature_1' ? one : all] as const);
      return judgeSegments({ anchors, slices, policy, designEffects: new Map(effects) })[0]!;
    };
    expect(judged(2)).toMatchObject({ level: 'stable' });
    expect(judged(2).features).toHaveLength(4);
    expect(judged(2, 2.1).features.map(({ name }) => name)).not.toContain('feature_1');
    expect(judged(2.1)).toMatchObject({
      level: 'insufficient_data',
      features: [],
      reasons: ['cut = Fair: 400 reference and 200 current rows; 100 independent ones needed on either side'],
    });
  });

  it('lists slices of one row, of values the baseline lacks and without rows, last and with their size', () => {
    const slices = [sized('one', 1, 1), sized('new', 0, 300), sized('', 0, 0), sized('Fair', 200, 200)];
    const segments = judgeSegments({ anchors, slices, policy });
    expect(segments[0]?.value).toBe('Fair');
    expect(segments.slice(1).map(segmentEntry)).toEqual([
      {
        column: 'cut',
        value: 'new',
        n_reference: 0,
        n_current: 300,
        verdict: 'insufficient_data',
        worst: null,
        reasons: ['cut = new: 0 reference and 300 current rows; 100 needed on either side'],
      },
      expect.objectContaining({ value: 'one', n_reference: 1, n_current: 1, verdict: 'insufficient_data' }),
      expect.objectContaining({ value: '', n_reference: 0, n_current: 0, verdict: 'insufficient_data' }),
    ]);
  });

  it('has nothing to say without slices', () => {
    expect(judgeSegments({ anchors, slices: [], policy })).toEqual([]);
  });
});

describe('what is compared in a slice', () => {
  it('leaves out the column that defines it, and losses', () => {
    const random = seededRandom(12);
    const anchors = anchorsOf(small, random);
    const [segment] = judgeSegments({ anchors, slices: [sliceOf(anchors, 'Fair', small, random)], policy });
    expect(segment?.features.map(({ name }) => name)).toEqual([
      'feature_0',
      'feature_1',
      'feature_2',
      'feature_3',
    ]);
  });

  it('corrects across slices: what is shifted alone is not among fifty slices', () => {
    const random = seededRandom(13);
    const setup = { features: 1, referenceRows: 1000, currentRows: 300 };
    const anchors = anchorsOf(setup, random);
    const moved = sliceOf(anchors, 'moved', setup, random, 0.25);
    const still = Array.from({ length: 49 }, (_, at) => sliceOf(anchors, `still_${at}`, setup, random));
    const pOf = (slices: readonly Slice[]) =>
      judgeSegments({ anchors, slices, policy }).find(({ value }) => value === 'moved')?.features[0];
    const [alone, among] = [pOf([moved]), pOf([moved, ...still])];
    expect(alone?.adjustedPValue).toBe(alone?.pValue);
    expect(among?.pValue).toBe(alone?.pValue);
    expect(among!.adjustedPValue!).toBeGreaterThan(2 * alone!.adjustedPValue!);
  });

  it('a design effect of clustered rows calms a slice', () => {
    const random = seededRandom(14);
    const anchors = anchorsOf(small, random);
    const slices = [sliceOf(anchors, 'Fair', small, random, 0.6)];
    const levelOf = (designEffects?: ReadonlyMap<string, number>) =>
      judgeSegments({ anchors, slices, policy, ...(designEffects ? { designEffects } : {}) })[0]?.level;
    expect(isAlarm(levelOf()!)).toBe(true);
    expect(levelOf(new Map([['feature_0', 20]]))).toBe('stable');
  });

  it('a slice whose columns are all empty is insufficient, not stable', () => {
    const random = seededRandom(15);
    const anchors = buildAnchors([categorical('cut', ['a', 'b']), draws('x', 200, () => normal(random))]);
    const profile = profileOf(
      [
        categorical(
          'cut',
          Array.from({ length: 200 }, () => 'a'),
        ),
        draws('x', 200, () => Number.NaN),
      ],
      anchors,
    );
    const slices = [{ column: 'cut', value: 'a', reference: profile, current: profile }];
    expect(judgeSegments({ anchors, slices, policy })[0]).toMatchObject({
      level: 'insufficient_data',
      nCurrent: 200,
    });
    const empty = {
      column: 'cut',
      value: 'a',
      reference: emptyProfile(anchors),
      current: emptyProfile(anchors),
    };
    expect(judgeSegments({ anchors, slices: [empty], policy })[0]?.nCurrent).toBe(0);
  });
});
