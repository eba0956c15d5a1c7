import { describe, expect, it } from 'vitest';
import type { ComparedFeature, FeatureDrift } from '#shared/drift/compare-feature.ts';
import { judgeFeatures } from './judge-features.ts';
import { defaultDriftPolicy as policy } from './policy.ts';

function drift(name: string, figures: Partial<ComparedFeature> = {}): ComparedFeature {
  return {
    computable: true,
    name,
    channel: 'feature',
    kind: 'numeric',
    nReference: 5000,
    nCurrent: 1000,
    missing: { reference: 0, current: 0, change: 0, pValue: 1 },
    unseenShare: 0,
    pValue: 0.4,
    primary: 'rank_components_and_chi_square',
    designEffect: 1,
    psi: 0.01,
    psiDebiased: 0,
    jsDistance: 0.4,
    k: 10,
    cells: [
      { label: 'a', reference: 2500, current: 700 },
      { label: 'b', reference: 2500, current: 300 },
    ],
    ...figures,
  };
}

const levels = (drifts: readonly FeatureDrift[]) => judgeFeatures(drifts, policy).map(({ level }) => level);
const significant = { pValue: 1e-9 };

describe('the level of a feature', () => {
  it.each([
    [0.02, 'stable'],
    [0.0201, 'shifted'],
    [0.15, 'shifted'],
    [0.1501, 'warning'],
    [0.3, 'warning'],
    [0.3001, 'critical'],
  ])('with a significant de-biased PSI of %f is %s: thresholds are strict', (psiDebiased, level) => {
    expect(levels([drift('x', { ...significant, psiDebiased })])).toEqual([level]);
  });

  it('is stable however large the PSI, unless significant among all features', () => {
    const others = Array.from({ length: 29 }, (_, at) => drift(`other ${at}`));
    const large = { psiDebiased: 0.5 };
    expect(levels([drift('x', { ...large, pValue: 0.06 })])).toEqual(['stable']);
    expect(levels([drift('x', { ...large, pValue: 0.04 })])).toEqual(['shifted']);
    expect(levels([drift('x', { ...large, pValue: 0.004 })])).toEqual(['critical']);
    expect(levels([drift('x', { ...large, pValue: 0.004 }), ...others])[0]).toBe('stable');
  });

  it('needs more certainty for an alarm where the reference is small beside the window', () => {
    const figures = { psiDebiased: 0.5, pValue: 0.0005 };
    expect(levels([drift('x', figures)])).toEqual(['critical']);
    expect(levels([drift('x', { ...figures, nReference: 90 })])).toEqual(['shifted']);
  });

  it('is insufficient_data with few rows, with the shift that would have been seen, but never instead of an alarm', () => {
    const [calm] = judgeFeatures([drift('x', { nCurrent: 49, k: 4 })], policy);
    expect(calm).toMatchObject({ level: 'insufficient_data' });
    expect(calm?.smallestDetectableShift).toBeGreaterThan(0.3);
    expect(calm?.reasons[0]).toMatch(/^x: 49 rows against 5000; a shift below 0\.\d σ would not be seen$/);
    expect(levels([drift('x', { nCurrent: 50 })])).toEqual(['stable']);
    expect(levels([drift('x', { nCurrent: 12, ...significant, psiDebiased: 2 })])).toEqual(['critical']);
  });

  it('is stable for an unchanged constant and unknown for a column without rows; others go on', () => {
    const { name, channel, kind, nReference, nCurrent, missing, unseenShare } = drift('x');
    const common = {
      name,
      channel,
      kind,
      nReference,
      nCurrent,
      missing,
      unseenShare,
      computable: false,
    } as const;
    expect(
      levels([
        { ...common, code: 'constant', reason: 'every row is in one cell' },
        { ...common, code: 'too_few_rows', reason: '3 rows' },
        drift('y', { ...significant, psiDebiased: 1 }),
      ]),
    ).toEqual(['stable', 'insufficient_data', 'critical']);
  });

  it('is at most shifted for labels, and not judged here for losses', () => {
    const figures = { ...significant, psiDebiased: 1 };
    const verdicts = judgeFeatures(
      [
        drift('label', { ...figures, channel: 'label' }),
        drift('loss', { ...figures, channel: 'loss' }),
        drift('prediction', { ...figures, channel: 'prediction' }),
      ],
      policy,
    );
    expect(verdicts.map(({ name, level }) => [name, level])).toEqual([
      ['label', 'shifted'],
      ['prediction', 'critical'],
    ]);
  });
});

describe('the reasons of a feature', () => {
  const figures = { ...significant, psi: 0.46, psiDebiased: 0.45 };

  it('say in plain words how far it moved, what is new, or which cell changed', () => {
    const reason = (more: Partial<ComparedFeature>) =>
      judgeFeatures([drift('petal_length', { ...figures, ...more })], policy)[0]?.reasons;
    expect(reason({ meanShift: 0.8 })).toEqual(['petal_length moved up by 0.8 σ (PSI 0.46, critical)']);
    expect(reason({ meanShift: -1.24 })?.[0]).toContain('moved down by 1.2 σ');
    expect(reason({ kind: 'categorical', unseenShare: 0.3 })?.[0]).toContain(
      'has 30 % values the baseline does not have',
    );
    expect(reason({ cells: [{ label: 'a', reference: 500, current: 700 }] })?.[0]).toContain(
      '"a" went from 10 % to 70 %',
    );
  });

  it('name the channels of the model in words, not as they are stored', () => {
    const [verdict] = judgeFeatures(
      [
        drift('$prediction', {
          ...significant,
          psi: 0.42,
          psiDebiased: 0.4,
          meanShift: 0.8,
          channel: 'prediction',
        }),
      ],
      policy,
    );
    expect(verdict?.name).toBe('$prediction');
    expect(verdict?.reasons[0]).toBe('the prediction moved up by 0.8 σ (PSI 0.42, critical)');
  });

  it('warn when Jensen–Shannon does not confirm the PSI', () => {
    const [verdict] = judgeFeatures([drift('x', { ...figures, jsDistance: 0.1 })], policy);
    expect(verdict?.reasons[1]).toContain('does not confirm the PSI, which rests on a sparse cell');
  });
});
