import { describe, expect, test } from 'vitest';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { decodeProfile, encodeProfile } from '#shared/profile/encode.ts';
import type { NumericAnchor } from '#shared/profile/numeric-anchor.ts';
import { featureOf, mergeProfiles, type NumericProfile, type Profile } from '#shared/profile/profile.ts';
import { numeric, profileOf } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { type EstimatedLoss, estimateLoss, type MeasuredEstimate } from './estimated-loss.ts';
import { type ExpectedLoss, expectedLoss } from './expected-loss.ts';

const said = (profile: Profile) => featureOf(profile, '$said') as NumericProfile;
const column = (values: ArrayLike<number>) => [numeric('$said', values, 'confidence')];
const repeat = (count: number, value: number) => new Array<number>(count).fill(value);

/** Held-out rows, and what later windows are counted on. */
function held(kind: ExpectedLoss['kind'], values: readonly number[], losses: readonly number[]) {
  const anchors = buildAnchors(column(values));
  const expected = expectedLoss(kind, anchors.anchors[0] as NumericAnchor, values, losses);
  if (!expected.computable) throw new Error(expected.reason);
  const windowOf = (rows: readonly number[]) => profileOf(column(rows), anchors);
  return { anchors, expected, windowOf };
}

function measured(estimate: EstimatedLoss): MeasuredEstimate {
  if (!estimate.computable) throw new Error(estimate.reason);
  return estimate;
}

/** Wrong in 20 of 50 rows at confidence 0.6, in 5 of 50 at 0.9. */
const two = () =>
  held(
    'error_rate',
    [...repeat(50, 0.6), ...repeat(50, 0.9)],
    [...repeat(20, 1), ...repeat(30, 0), ...repeat(5, 1), ...repeat(45, 0)],
  );

describe('of a window that shifts to the low confidence', () => {
  test('the figures are those worked out by hand', () => {
    const { expected, windowOf } = two();
    const window = windowOf([...repeat(75, 0.6), ...repeat(25, 0.9)]);
    // 25 of 100 errors and half a one: p = 25.5 / 101, v = p (1 − p) = 0.188731 for either bin
    // means: v (0.75² + 0.25²) / 50; rows: v / 100
    const found = measured(estimateLoss(expected, said(window)));
    expect(found.value).toBeCloseTo(0.75 * 0.4 + 0.25 * 0.1, 12);
    expect(found.standardError).toBeCloseTo(0.06516473, 6);
    expect(found.interval[0]).toBeCloseTo(0.325 - 1.959964 * 0.06516473, 6);
    expect(found.interval[1]).toBeCloseTo(0.325 + 1.959964 * 0.06516473, 6);
    expect(found).toMatchObject({ rows: 100, unknown: 0, heldOut: { rows: 100, mean: 0.25 }, bins: 2 });
  });

  test('rows that are worth a quarter of their number have twice the standard error', () => {
    const { expected, windowOf } = two();
    const window = said(windowOf(repeat(100, 0.6)));
    const plain = measured(estimateLoss(expected, window));
    const clustered = measured(estimateLoss(expected, window, { designEffect: 4 }));
    expect(clustered.standardError).toBeCloseTo(2 * plain.standardError, 12);
    expect(clustered.value).toBe(plain.value);
    expect(measured(estimateLoss(expected, window, { designEffect: 0.5 }))).toEqual(plain);
  });

  test('an interval stays within what an error rate can be', () => {
    const { expected, windowOf } = held(
      'error_rate',
      [...repeat(50, 0.6), ...repeat(50, 0.9)],
      repeat(100, 0),
    );
    const { value, interval } = measured(estimateLoss(expected, said(windowOf(repeat(20, 0.9)))));
    expect([value, interval[0]]).toEqual([0, 0]);
    expect(interval[1]).toBeGreaterThan(0);
  });
});

/** P(correct) by confidence in [0.5, 1]. */
const models: Readonly<Record<string, (confidence: number) => number>> = {
  calibrated: (confidence) => confidence,
  overconfident: (confidence) => 0.5 + 0.6 * (confidence - 0.5),
  'not ordered by its confidence': (confidence) =>
    0.95 - 0.4 * Math.sin((confidence - 0.5) * 2 * Math.PI) ** 2,
};
const SEEDS = 300;

/** Share of seeded worlds whose interval holds the loss that came, and the mean distance from it. */
function coverage(world: (random: () => number) => { estimate: EstimatedLoss; realised: number }) {
  let [within, off] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { estimate, realised } = world(seededRandom(seed * 7919));
    const { value, interval } = measured(estimate);
    if (interval[0] <= realised && realised <= interval[1]) within++;
    off += (value - realised) / SEEDS;
  }
  return { covered: within / SEEDS, off };
}

describe('under covariate shift', () => {
  test.each([
    ['calibrated', 2.5, 500, 100],
    ['overconfident', 2.5, 500, 100],
    ['overconfident', 2.5, 500, 2000],
    ['not ordered by its confidence', 2.5, 1000, 500],
  ])(
    'of a model that is %s (power %s, %i held out, %i in the window) 93 to 97 % of the intervals hold the error rate that comes',
    (name, power, heldOut, rows) => {
      const isRight = models[name]!;
      const { covered, off } = coverage((random) => {
        const draw = (shape: number) => 0.5 + 0.5 * random() ** shape;
        const errorsOf = (all: readonly number[]) => all.map((one) => (random() < isRight(one) ? 0 : 1));
        const before = Array.from({ length: heldOut }, () => draw(1));
        const { expected, windowOf } = held('error_rate', before, errorsOf(before));
        const now = Array.from({ length: rows }, () => draw(power));
        const realised = errorsOf(now).reduce<number>((sum, error) => sum + error, 0) / rows;
        return { estimate: estimateLoss(expected, said(windowOf(now))), realised };
      });
      expect(covered).toBeGreaterThanOrEqual(0.93);
      expect(covered).toBeLessThanOrEqual(0.97);
      expect(Math.abs(off)).toBeLessThan(0.008);
    },
    20_000,
  );

  test('of numbers whose error grows with them 93 to 97 % of the intervals hold the mean absolute error that comes', () => {
    const { covered, off } = coverage((random) => {
      const lossesOf = (all: readonly number[]) => all.map((one) => Math.abs((0.2 + one) * normal(random)));
      const before = Array.from({ length: 500 }, () => random());
      const { expected, windowOf } = held('absolute_error', before, lossesOf(before));
      const now = Array.from({ length: 400 }, () => random() ** 0.4);
      const realised = lossesOf(now).reduce((sum, loss) => sum + loss, 0) / now.length;
      return { estimate: estimateLoss(expected, said(windowOf(now))), realised };
    });
    expect(covered).toBeGreaterThanOrEqual(0.93);
    expect(covered).toBeLessThanOrEqual(0.97);
    expect(Math.abs(off)).toBeLessThan(0.008);
  }, 20_000);
});

test('blind to concept drift: where the same rows become wrong the estimate does not move, and it says so', () => {
  const random = seededRandom(11);
  const confidences = (rows: number) => Array.from({ length: rows }, () => 0.5 + 0.5 * random());
  const before = confidences(2000);
  const { expected, windowOf } = held(
    'error_rate',
    before,
    before.map((one) => (random() < one ? 0 : 1)),
  );
  const now = confidences(2000);
  const realised = now.reduce((sum, one) => sum + (random() < 1 - one ? 0 : 1), 0) / now.length;
  const { value, interval, assumption } = measured(estimateLoss(expected, said(windowOf(now))));
  expect(realised).toBeGreaterThan(0.7);
  expect(Math.abs(value - 0.25)).toBeLessThan(0.03);
  expect(interval[1]).toBeLessThan(realised);
  expect(assumption).toMatch(/blind to .* \(concept drift\)/);
});

test('estimated on granules that were stored and merged it is the same to the last bit', () => {
  const { anchors, expected, windowOf } = two();
  const random = seededRandom(5);
  const rows = Array.from({ length: 500 }, () =>
    random() < 0.02 ? Number.NaN : random() < 0.5 ? 0.6 : random() < 0.5 ? 0.75 : 0.9,
  );
  const parts = [rows.slice(300), rows.slice(0, 120), rows.slice(120, 300)].map((part) =>
    decodeProfile(anchors, encodeProfile(windowOf(part))),
  );
  const merged = parts.reduce((all, part) => mergeProfiles(all, part));
  expect(estimateLoss(expected, said(merged))).toEqual(estimateLoss(expected, said(windowOf(rows))));
});

describe('a window of which too little is known', () => {
  const reasonOf = (estimate: EstimatedLoss) => (estimate.computable ? 'none' : estimate.reason);
  const estimateOf = (rows: readonly number[], options = {}) => {
    const { expected, windowOf } = two();
    return estimateLoss(expected, said(windowOf(rows)), options);
  };

  test('20 rows are estimated, 19 and none are not; clustered rows count as what they are worth', () => {
    expect(estimateOf(repeat(20, 0.9)).computable).toBe(true);
    expect(reasonOf(estimateOf(repeat(19, 0.9)))).toBe('19 rows; 20 are needed');
    expect(reasonOf(estimateOf([]))).toBe('0 rows; 20 are needed');
    expect(estimateOf(repeat(60, 0.9), { designEffect: 3 }).computable).toBe(true);
    expect(reasonOf(estimateOf(repeat(60, 0.9), { designEffect: 3.1 }))).toContain('60 rows (worth 19)');
  });

  test.each([
    ['missing', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['below every held-out one', 0.5],
    ['above every held-out one', 0.99],
  ])('5 %% of rows whose confidence is %s are tolerated, more are not', (_, odd) => {
    const some = (count: number) => estimateOf([...repeat(100 - count, 0.9), ...repeat(count, odd)]);
    expect(measured(some(5)).unknown).toBeCloseTo(0.05, 12);
    expect(reasonOf(some(6))).toMatch(/^of 6 % of the rows nothing is known/);
  });

  test('just beyond the held-out confidences the outermost bin speaks for them, as far as the outermost 5 % span', () => {
    const values = Array.from({ length: 100 }, (_, at) =>
      at < 50 ? 0.25 + at / 400 : 0.5 + (at - 50) / 400,
    );
    const { expected, windowOf } = held(
      'error_rate',
      values,
      values.map((value) => (value < 0.3 ? 1 : 0)),
    );
    expect(expected.reach[1]).toBeCloseTo(0.635, 6);
    const beyond = (confidence: number) => estimateLoss(expected, said(windowOf(repeat(30, confidence))));
    expect(beyond(0.634).computable).toBe(true);
    expect(reasonOf(beyond(0.636))).toMatch(/^of 100 %/);
    expect(beyond(0.239).computable).toBe(true);
    expect(reasonOf(beyond(0.236))).toMatch(/^of 100 %/);
  });

  test('a bin without held-out rows is no bin: its rows are unknown at the ends and the next bin’s within', () => {
    const { expected, windowOf } = two();
    const [low, high] = expected.bins as [ExpectedLoss['bins'][number], ExpectedLoss['bins'][number]];
    const without: ExpectedLoss = { ...expected, bins: [{ ...low, rows: 0 }, high], reach: [0.85, 0.95] };
    expect(measured(estimateLoss(without, said(windowOf(repeat(50, 0.9))))).value).toBeCloseTo(0.1, 12);
    expect(reasonOf(estimateLoss(without, said(windowOf(repeat(50, 0.6)))))).toMatch(/^of 100 % of the rows/);
    const none = { ...expected, bins: [{ ...low, rows: 0 }] };
    expect(reasonOf(estimateLoss(none, said(windowOf(repeat(50, 0.6)))))).toContain(
      'no labelled held-out rows',
    );
  });

  test('a single bin, as a stored file may have, gives its own mean', () => {
    const { expected, windowOf } = two();
    const one = { ...expected, bins: [{ ...expected.bins[0]!, to: expected.bins[1]!.to }] };
    expect(measured(estimateLoss(one, said(windowOf(repeat(50, 0.9))))).value).toBeCloseTo(0.4, 12);
  });

  test('losses of which the mean of the held-out rows is no measure are refused', () => {
    const values = Array.from({ length: 100 }, (_, at) => at);
    const heavy = (largest: number) => values.map((at) => (at % 10 === 0 ? largest : 1));
    const estimateOfLosses = (losses: readonly number[]) => {
      const { expected, windowOf } = held('absolute_error', values, losses);
      return estimateLoss(expected, said(windowOf(values)));
    };
    expect(estimateOfLosses(heavy(12)).computable).toBe(true);
    expect(reasonOf(estimateOfLosses(heavy(100)))).toContain('vary so much');
    expect(reasonOf(estimateOfLosses(repeat(100, 0)))).toBe('the held-out loss is 0');
  });
});
