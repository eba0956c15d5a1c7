import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { seededRandom, shuffledIndices } from '../random.ts';
import { type CalibrationCurve, type CalibrationOptions, calibrationCurve } from './calibration.ts';

/** Figures of scikit-learn 1.2.1 and plain restatements, produced outside this repository. */
interface Golden {
  readonly roc_auc: readonly { readonly score: number[]; readonly y: number[] }[];
  readonly ece: {
    readonly equal_width_10_floor: readonly [ece: number, largest: number];
    readonly equal_mass_10_stable: number;
  };
}
const file = new URL('../../../shared/golden/golden.json', import.meta.url);
const isPresent = existsSync(file);
if (!isPresent && process.env.CI === 'true') throw new Error(`golden figures are missing: ${file.pathname}`);
if (!isPresent) console.warn(`golden figures not found at ${file.pathname}: their tests do not run`);

function curve(
  probabilities: ArrayLike<number>,
  happened: ArrayLike<number>,
  options?: CalibrationOptions,
): CalibrationCurve {
  const found = calibrationCurve(probabilities, happened, options);
  if (!found.computable) throw new Error(found.reason);
  return found;
}

describe('against the reference', () => {
  it.runIf(isPresent)('the golden calibration errors agree: equal width and equal mass, ten bins', () => {
    const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;
    const { score, y } = golden.roc_auc[0]!;
    const width = curve(score, y, { strategy: 'equal_width' });
    expect(width.ece).toBeCloseTo(golden.ece.equal_width_10_floor[0], 12);
    expect(width.max_error).toBeCloseTo(golden.ece.equal_width_10_floor[1], 12);
    expect(curve(score, y).ece).toBeCloseTo(golden.ece.equal_mass_10_stable, 12);
  });

  // calibration_curve(y, s, n_bins=10, strategy='uniform' | 'quantile'), scikit-learn 1.9.1
  test('both curves agree with scikit-learn where no score is an edge', () => {
    const scores = Array.from({ length: 100 }, (_, row) => (((row * 37) % 100) + 0.37) / 100.5);
    const happened = scores.map((score, row) => ((row * 29) % 83 < 83 * score ** 2 + 6 ? 1 : 0));
    const width = curve(scores, happened, { strategy: 'equal_width' });
    expect(width.bins.map((bin) => bin.observed)).toEqual([
      0.2, 0.1, 0.1, 0.2, 0.3, 0.4, 0.4, 0.6363636363636364, 0.9, 1,
    ]);
    const mass = curve(scores, happened);
    expect(mass.bins.map((bin) => bin.observed)).toEqual([0.2, 0.1, 0.1, 0.2, 0.3, 0.4, 0.4, 0.7, 0.8, 1]);
    expect(mass.bins[7]!.mean_probability).toBeCloseTo(0.7449751243781095, 12);
    expect(width.bins[7]!.mean_probability).toBeCloseTo(0.749950248756219, 12);
  });
});

describe('calibrationCurve', () => {
  test('outcomes drawn with the probability said are calibrated within sampling error, overconfident ones are not', () => {
    const random = seededRandom(1);
    const said = Array.from({ length: 40_000 }, random);
    const drawn = said.map((probability) => (random() < probability ? 1 : 0));
    expect(curve(said, drawn).ece).toBeLessThan(0.01);
    expect(curve(said, drawn, { strategy: 'equal_width' }).ece).toBeLessThan(0.01);
    const timid = said.map((probability) => (random() < 0.25 + probability / 2 ? 1 : 0));
    // |p − 1⁄4 − p⁄2| averages 1⁄8
    expect(curve(said, timid).ece).toBeCloseTo(0.125, 2);
  });

  test('probabilities that are exactly the shares have an error of 0', () => {
    const said = [0, 0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 1];
    expect(curve(said, [0, 0, 1, 0, 1, 0, 0, 0, 1], { bins: 4, strategy: 'equal_width' }).ece).toBe(0);
  });

  test('an edge belongs to the bin above it, 1 to the last', () => {
    const { bins } = curve([0.49, 0.5, 1], [0, 1, 1], { bins: 2, strategy: 'equal_width' });
    expect(bins.map((bin) => bin.rows)).toEqual([1, 2]);
  });

  test('equal-mass bins differ by at most one row, and the error does not depend on the order of rows', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1 })), {
      minLength: 10,
      maxLength: 80,
    });
    fc.assert(
      fc.property(rows, fc.integer(), (given, seed) => {
        const order = Array.from(shuffledIndices(given.length, seededRandom(seed)), (row) => given[row]!);
        const of = (all: typeof given) =>
          curve(
            all.map(([score]) => score / 8),
            all.map(([, happened]) => happened),
          );
        const [one, other] = [of(given), of(order)];
        expect(other.ece).toBeCloseTo(one.ece, 12);
        const sizes = one.bins.map((bin) => bin.rows);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(one.ece).toBeLessThanOrEqual(one.max_error + 1e-12);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(given.length);
      }),
    );
  });

  test('fewer rows than bins fill as many bins as there are rows', () => {
    expect(curve([0.2, 0.7], [0, 1]).bins.map((bin) => bin.rows)).toEqual([1, 1]);
  });

  test('no rows, NaN and a probability beyond 1 are not computable; wrong lengths and bins are refused', () => {
    expect(calibrationCurve([], [])).toEqual({ computable: false, reason: 'there are no rows' });
    for (const wrong of [Number.NaN, 1.01, -0.01])
      expect(calibrationCurve([wrong], [1])).toMatchObject({ computable: false });
    expect(() => calibrationCurve([0.5], [])).toThrow('1 probabilities need as many outcomes; got 0');
    for (const bins of [0, 1.5]) expect(() => calibrationCurve([0.5], [1], { bins })).toThrow(RangeError);
  });
});
