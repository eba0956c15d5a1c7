import { describe, expect, it } from 'vitest';
import { falseAlarms } from './judged-series.testing.ts';

describe('whole windows of drift-free traffic', () => {
  it.each([{ series: 100, features: 64, referenceRows: 1000, windowRows: 80, windows: 8 }])(
    'confirm an alarm in at most 1 % of series: $features features, $referenceRows × $windowRows rows',
    (setup) => {
      const { confirmed, alarming } = falseAlarms(setup);
      expect(confirmed).toBeLessThanOrEqual(0.01);
      expect(alarming).toBeLessThanOrEqual(0.02);
    },
    240_000,
  );
});
