import { describe, expect, it } from 'vitest';
import { buildAnchors } from '#shared/profile/anchors.ts';
import type { CoMoments } from '#shared/profile/co-moments.ts';
import { featureOf } from '#shared/profile/profile.ts';
import { numeric, profileOf, type Random } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { compareFeature } from '../compare-feature.ts';
import { judgeDomainClassifier, judgeMultivariate, type MultivariateFinding } from './judge-multivariate.ts';
import { pcaReconstructionDrift } from './reconstruction.ts';
import { baselineOf, coMomentsOf, equicorrelated, scoresOf } from './testing.ts';

/** Four standard normal columns, of which `width` and `depth` correlate. */
function rows(count: number, correlation: number, random: Random) {
  const drawn = Array.from({ length: count }, () => {
    const width = normal(random);
    const depth = correlation * width + Math.sqrt(1 - correlation ** 2) * normal(random);
    return [normal(random), width, depth, normal(random)];
  });
  return ['price', 'width', 'depth', 'age'].map((name, at) =>
    numeric(
      name,
      drawn.map((row) => row[at]!),
    ),
  );
}

/** Co-moments of two columns as standard normal as scores can be, with exactly this correlation. */
function exactly(correlation: number, count = 1_000_000): CoMoments {
  const square = count * 24 ** 2;
  return {
    rows: count,
    sums: Float64Array.of(0, 0),
    products: Float64Array.of(square, Math.round(correlation * square), square),
  };
}

function byTest(findings: readonly MultivariateFinding[]) {
  const of = (name: MultivariateFinding['test']) => findings.find(({ test }) => test === name);
  return { covariance: of('covariance'), reconstruction: of('pca_reconstruction') };
}

describe('near copies that part a little', () => {
  it('do not hide a larger change elsewhere', () => {
    const random = seededRandom(53);
    const draw = (copy: number, other: number) => {
      const drawn = Array.from({ length: 20_000 }, () => {
        const [a, b] = [normal(random), normal(random)];
        const follow = (of: number, r: number) => r * of + Math.sqrt(1 - r * r) * normal(random);
        return [a, follow(a, copy), b, follow(b, other)];
      });
      return ['a', 'a2', 'b', 'b2'].map((name, at) =>
        numeric(
          name,
          drawn.map((row) => row[at]!),
        ),
      );
    };
    const baseline = draw(0.99, 0.1);
    const anchors = buildAnchors(baseline);
    const reference = profileOf(baseline, anchors);
    const judged = (copy: number, other: number) =>
      byTest(
        judgeMultivariate(
          anchors.dependence,
          reference.coMoments,
          profileOf(draw(copy, other), anchors).coMoments,
        ),
      ).covariance;
    expect(judged(0.97, 0.1)).toMatchObject({ isFound: false });
    expect(judged(0.97, 0.2)).toMatchObject({
      isFound: true,
      reason: expect.stringMatching(/^b and b2: correlation went from 0\.[01]\d to 0\.[12]\d$/),
    });
  });
});

describe('a correlation that went from 0 to 0.5 with unchanged marginals, 2000 rows', () => {
  const random = seededRandom(51);
  const baseline = rows(2000, 0, random);
  const anchors = buildAnchors(baseline);
  const reference = profileOf(baseline, anchors);
  const windowOf = (correlation: number) => profileOf(rows(2000, correlation, random), anchors);
  const judged = (correlation: number) =>
    byTest(judgeMultivariate(anchors.dependence, reference.coMoments, windowOf(correlation).coMoments));

  it('is found every time, the pair named in a plain sentence', () => {
    for (let window = 0; window < 20; window++) {
      const { covariance } = judged(0.5);
      expect(covariance?.isFound).toBe(true);
      expect(covariance?.pValue).toBeLessThan(1e-9);
      expect(covariance?.reason).toMatch(
        /^width and depth: correlation went from -?0\.0\d to 0\.(4[5-9]|5[0-5])$/,
      );
    }
  });

  it('is what no feature alone shows', () => {
    let found = 0;
    for (let window = 0; window < 20; window++) {
      const current = windowOf(0.5);
      for (const anchor of anchors.anchors) {
        const drift = compareFeature(
          anchor,
          featureOf(reference, anchor.name),
          featureOf(current, anchor.name),
        );
        if (drift.computable && drift.pValue <= 0.001) found++;
      }
    }
    expect(found).toBeLessThanOrEqual(1);
  });

  it('is not seen where there is none: at most 7 % of windows, either test', () => {
    const windows = 100;
    const found = { covariance: 0, reconstruction: 0 };
    for (let window = 0; window < windows; window++) {
      const findings = judged(0);
      if (findings.covariance?.isFound) found.covariance++;
      if (findings.reconstruction?.isFound) found.reconstruction++;
    }
    // Each is at level 0.01.
    expect(found.covariance + found.reconstruction).toBeLessThanOrEqual(0.07 * windows);
  });
});

describe('what is certain', () => {
  const random = seededRandom(52);
  const measured = baselineOf(scoresOf(equicorrelated(2, 0.5), 2000, random)).dependence;
  const dependence = { ...measured, rows: 1_000_000 };
  const judged = (before: number, now: number, count?: number, designEffect = 1) =>
    byTest(judgeMultivariate(dependence, exactly(before), exactly(now, count), { designEffect }));

  it('is found when the correlation changed by 0.05, and not below', () => {
    for (const sign of [1, -1]) {
      const [large, tiny] = [judged(0.5, 0.5 + sign * 0.0501), judged(0.5, 0.5 + sign * 0.0499)];
      expect(large.covariance).toMatchObject({ isFound: true });
      expect(tiny.covariance).toMatchObject({ isFound: false });
      expect(tiny.covariance?.pValue).toBeLessThan(1e-12);
    }
  });

  it('is found when the reconstruction error changed by 2 % of itself, and not below', () => {
    const errorAt = (correlation: number) => {
      const drift = pcaReconstructionDrift(dependence, exactly(0.5), exactly(correlation));
      if (!drift.computable) throw new Error(drift.reason);
      return drift;
    };
    // The error is linear in the correlation.
    const { before, now } = errorAt(0.5);
    const slope = errorAt(0.6).now - now;
    const correlationOf = (error: number) => 0.5 + (0.1 * (error - now)) / slope;
    for (const sign of [1, -1]) {
      const large = judged(0.5, correlationOf(before * (1 + sign * 0.0201))).reconstruction;
      const tiny = judged(0.5, correlationOf(before * (1 + sign * 0.0199))).reconstruction;
      expect(large).toMatchObject({ isFound: true });
      expect(large?.reason).toMatch(
        sign > 0
          ? /^rows fit the reference's principal components worse: squared error 0\.\d+ → 0\.\d+$/
          : /^rows fit the reference's principal components better: squared error 0\.\d+ → 0\.\d+$/,
      );
      expect(tiny).toMatchObject({ isFound: false });
      expect(tiny?.pValue).toBeLessThan(1e-6);
    }
  });

  it('is not what is large but seen in few or clustered rows', () => {
    const few = judged(0.5, 0.35, 60).covariance;
    expect(few).toMatchObject({ isFound: false });
    expect(few?.pValue).toBeGreaterThan(0.01);
    expect(judged(0.5, 0.35, 1000).covariance).toMatchObject({ isFound: true });
    expect(judged(0.5, 0.35, 1000, 20).covariance).toMatchObject({ isFound: false });
  });

  it('is told without a sign before zero', () => {
    const { covariance } = judged(-0.001, 0.3);
    expect(covariance?.reason).toBe('x0 and x1: correlation went from 0.00 to 0.30');
    expect(judged(-0.006, 0.3).covariance?.reason).toBe('x0 and x1: correlation went from -0.01 to 0.30');
  });
});

describe('what cannot be computed', () => {
  const random = seededRandom(53);
  const { dependence, reference } = baselineOf(scoresOf(equicorrelated(2, 0.5), 200, random));
  const window = (count: number) => coMomentsOf(scoresOf(equicorrelated(2, 0.5), count, random));

  it('is not found, with a reason for either test: no dependence in the baseline, or below 50 rows', () => {
    expect(judgeMultivariate(null, reference, window(60))).toEqual(
      ['covariance', 'pca_reconstruction'].map((test) => ({
        test,
        computable: false,
        isFound: false,
        pValue: 1,
        reason: 'the baseline has fewer than 2 numeric columns that vary, or fewer than 50 rows',
      })),
    );
    expect(judgeMultivariate(dependence, reference, window(50)).map((of) => of.computable)).toEqual([
      true,
      true,
    ]);
    for (const finding of judgeMultivariate(dependence, reference, window(49)))
      expect(finding).toMatchObject({
        computable: false,
        isFound: false,
        reason: '200 reference and 49 current rows; 50 needed on either side',
      });
  });

  it('leaves the other test standing: columns that no longer vary have no correlation, but an error', () => {
    const constant = coMomentsOf([new Int8Array(100), new Int8Array(100)]);
    const findings = byTest(judgeMultivariate(dependence, reference, constant));
    expect(findings.covariance).toMatchObject({
      computable: false,
      reason: 'fewer than 2 columns vary in both samples',
    });
    expect(findings.reconstruction?.computable).toBe(true);
  });
});

describe('a domain classifier', () => {
  const importance = ['width', 'depth', 'age', 'price'].map((name, at) => ({ name, share: 0.4 - at / 10 }));
  const judged = (auc: number, pValue: number) =>
    judgeDomainClassifier({ computable: true, auc, pValue, importance } as Parameters<
      typeof judgeDomainClassifier
    >[0]);

  it('is believed from AUC 0.55 and p 0.01 on, and names its three best columns', () => {
    expect(judged(0.55, 0.01)).toEqual({
      test: 'domain_classifier',
      computable: true,
      statistic: 0.55,
      pValue: 0.01,
      isFound: true,
      reason: 'a classifier tells current from reference rows with AUC 0.55, most by width, depth, age',
    });
    expect(judged(0.549, 1e-12).isFound).toBe(false);
    expect(judged(0.9, 0.0101).isFound).toBe(false);
  });

  it('that could not be trained says why', () => {
    expect(judgeDomainClassifier({ computable: false, reason: 'too few rows' })).toEqual({
      test: 'domain_classifier',
      computable: false,
      isFound: false,
      pValue: 1,
      reason: 'too few rows',
    });
  });
});
