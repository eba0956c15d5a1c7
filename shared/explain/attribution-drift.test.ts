import { describe, expect, it } from 'vitest';
import { spearman } from '#shared/evaluation/spearman.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { type AttributionSample, attributionDrift, MIN_EXPLAINED_ROWS } from './attribution-drift.ts';
import { normalizedDiscountedGain } from './ndcg.ts';

/** Normal contributions, a feature's of its own spread; `offset` moves them without changing their spread. */
function sample(scales: readonly number[], rows: number, seed: number, offsets: readonly number[] = []) {
  const random = seededRandom(seed);
  const contributions = Float32Array.from(
    { length: rows * scales.length },
    (_, at) => (offsets[at % scales.length] ?? 0) + scales[at % scales.length]! * normal(random),
  );
  return { rows, contributions };
}

const scales = [0.5, 0.3, 0.1, 0.05, 0.04];
const names = ['a', 'b', 'c', 'd', 'e'];
const baseline = sample(scales, 200, 1);
const judge = (current: AttributionSample, before = baseline, features = names) => {
  const found = attributionDrift(features, before, current, { random: seededRandom(9) });
  if (!found.computable) throw new Error(found.reason);
  return found;
};

describe('attribution drift', () => {
  it('without drift is said in at most 5 % of windows of 100 explained rows', () => {
    let alarms = 0;
    for (let seed = 0; seed < 100; seed++)
      if (judge(sample(scales, 100, 2 * seed + 100), sample(scales, 200, 2 * seed + 101)).level !== 'stable')
        alarms++;
    expect(alarms).toBeLessThanOrEqual(5);
  });

  it('of swapped leaders is a warning, though nDCG is above Clarify’s 0.90', () => {
    const spread = scales.map((scale) => scale / 10);
    const before = sample(spread, 200, 2, scales);
    const found = judge(sample(spread, 100, 3, [0.3, 0.5, 0.1, 0.05, 0.04]), before);
    expect(found.ndcg).toBeGreaterThan(0.9);
    expect(found).toMatchObject({ level: 'warning', pValue: expect.toSatisfy((p: number) => p < 0.01) });
    expect(found.moved).toBeCloseTo(0.2, 1);
    expect(found.reasons[0]).toMatch(/^\d+ % of all importance moved between features$/);
  });

  it('of a reversed order is a warning by nDCG and by rank correlation', () => {
    const found = judge(sample(scales.toReversed(), 100, 3));
    expect(found.ndcg).toBeCloseTo(0.572, 1);
    expect(found.rankCorrelation).toBeLessThan(-0.8);
    expect(found.level).toBe('warning');
    expect(found.reasons.join()).toMatch(/nDCG 0\.\d+ is below 0\.9.*moved.*rank correlation/);
  });

  it('of contributions that changed sign, their size and order as before, is shown by the feature', () => {
    const before = sample([0.05, 0.03, 0.01, 0.005, 0.004], 200, 4, scales);
    const found = judge(
      sample([0.05, 0.03, 0.01, 0.005, 0.004], 100, 5, [-0.5, 0.3, 0.1, 0.05, 0.04]),
      before,
    );
    expect(found.ndcg).toBeCloseTo(1, 6);
    expect(found.rankCorrelation).toBe(1);
    expect(found.level).toBe('shifted');
    expect(found.features.filter(({ isShifted }) => isShifted).map(({ feature }) => feature)).toEqual(['a']);
    expect(found.reasons).toEqual(['the contributions of "a" have another distribution (distance 1.00)']);
  });

  it('of a feature that does not matter is not said', () => {
    const found = judge(
      sample([...scales.slice(0, 4), 0.001], 100, 7, [0, 0, 0, 0, 0.002]),
      sample([...scales.slice(0, 4), 0.001], 200, 8),
    );
    expect(found.features.at(-1)).toMatchObject({ feature: 'e', isShifted: false });
    expect(found.features.at(-1)!.pValue).toBeLessThan(0.01);
    expect(found.level).toBe('stable');
  });

  it('lists shares that sum to 1, the most important feature of now first', () => {
    const { features } = judge(sample([0.1, 0.9, 0.2, 0, 0.05], 60, 6));
    expect(features.map(({ feature }) => feature)).toEqual(['b', 'c', 'a', 'e', 'd']);
    const sum = features.reduce((total, { currentShare }) => total + currentShare, 0);
    expect(sum).toBeCloseTo(1, 12);
    expect(features.at(-1)).toMatchObject({ currentGain: 0, currentShare: 0 });
  });

  it('needs 30 explained rows on either side, and a contribution', () => {
    const of = (before: AttributionSample, after: AttributionSample) =>
      attributionDrift(names, before, after, { random: seededRandom(1) });
    const enough = sample(scales, MIN_EXPLAINED_ROWS, 1);
    expect(of(enough, enough).computable).toBe(true);
    expect(of(enough, sample(scales, 29, 1))).toEqual({
      computable: false,
      reason: '30 baseline and 29 current rows are explained: at least 30 of each are needed',
    });
    const silent = sample([0, 0, 0, 0, 0], 40, 1);
    expect(of(silent, enough)).toMatchObject({ reason: 'no feature has an importance in the baseline' });
    expect(of(enough, silent)).toMatchObject({ reason: 'no feature contributes to the explained rows' });
    expect(() => of(enough, { rows: 40, contributions: new Float32Array(41) })).toThrow(
      '41 contributions of 40 rows: must be 200, one for each of 5 features',
    );
  });
});

describe('the figures of order', () => {
  const gains = [3, 1, 2, 0.5, 0];
  const tied = [1, 1, 2, 2, 0.3];

  it('with ties are scikit-learn’s and SciPy’s', () => {
    // scikit-learn 1.9.1 `ndcg_score([gains], [tied])`, SciPy 1.17.1 `spearmanr(gains, tied)`.
    const ndcg = normalizedDiscountedGain(gains, tied);
    expect(ndcg.computable && ndcg.ndcg).toBeCloseTo(0.7835765174814711, 12);
    const ranks = spearman(gains, tied);
    expect(ranks.computable && ranks.correlation).toBeCloseTo(0.31622776601683794, 12);
  });

  it('are 1 for the same order, −1 in rank for the reverse', () => {
    expect(normalizedDiscountedGain(gains, gains)).toEqual({ computable: true, ndcg: 1 });
    const reverse = spearman(
      gains,
      gains.map((gain) => -gain),
    );
    expect(reverse.computable && reverse.correlation).toBeCloseTo(-1, 12);
  });

  it('need an order', () => {
    expect(spearman([1], [2])).toMatchObject({ reason: '1 values have no order: at least 2 are needed' });
    expect(spearman([1, 1], [1, 2])).toMatchObject({ reason: 'all values of a list are the same' });
    expect(normalizedDiscountedGain([0, 0], [1, 2]).computable).toBe(false);
  });
});
