import { expect, test } from 'vitest';
import { snakeCaseKeys } from './snake-case.ts';

test('identifiers are renamed at any depth; versions, classes and values are left alone', () => {
  const stored = {
    windowStart: 'camelValue',
    features: [{ psiDebiased: 0.2, adjustedPValue: 0.01, evidence: { nCurrent: 3, ks: null } }],
    predictions: { '20261121T080000-a1b2c3': 5, 'two words': 1 },
  };
  expect(snakeCaseKeys(stored)).toEqual({
    window_start: 'camelValue',
    features: [{ psi_debiased: 0.2, adjusted_p_value: 0.01, evidence: { n_current: 3, ks: null } }],
    predictions: { '20261121T080000-a1b2c3': 5, 'two words': 1 },
  });
});
