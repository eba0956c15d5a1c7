import { describe, expect, it } from 'vitest';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { categorical, draws, profileOf, type Random } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { checkQuality, qualityChecks } from './check-quality.ts';

/** Five columns of the kinds that break naive checks. */
function cleanColumns(rows: number, random: Random) {
  const zipf = () => `c${Math.min(3000, Math.floor(1 / (random() + 1e-4)))}`;
  return [
    draws('normal', rows, () => normal(random)),
    draws('lognormal', rows, () => Math.exp(normal(random))),
    categorical('zipf', Array.from({ length: rows }, zipf)),
    draws('mostly_zero', rows, () => (random() < 0.95 ? 0 : Math.exp(normal(random)))),
    draws('some_missing', rows, () => (random() < 0.05 ? Number.NaN : normal(random))),
    draws('whole', rows, () => Math.round(40 + 12 * normal(random))),
    categorical(
      'prediction',
      Array.from({ length: rows }, () => (random() < 0.85 ? 'no' : 'yes')),
      'prediction',
    ),
    draws('confidence', rows, () => 0.5 + 0.1 * random()),
  ].map((column) => (column.name === 'confidence' ? { ...column, channel: 'confidence' as const } : column));
}

/** Measured over 1200 windows of 120 references, 5000 × 100 rows included: no hard finding, 4 soft ones of 297,600 window × column × check. */
describe('300 clean windows of 30 references', () => {
  it.each([
    { referenceRows: 1000, windowRows: 100 },
    { referenceRows: 1000, windowRows: 1000 },
    { referenceRows: 300, windowRows: 1000 },
  ])('of $referenceRows and $windowRows rows: no hard finding, at most 0.1 % soft ones', (setup) => {
    const random = seededRandom(setup.referenceRows + setup.windowRows);
    const windows = 300;
    let [hard, soft, columns] = [0, 0, 0];
    let baseline = cleanColumns(setup.referenceRows, random);
    let anchors = buildAnchors(baseline);
    let reference = profileOf(baseline, anchors);
    for (let window = 0; window < windows; window++) {
      if (window % 10 === 0) {
        baseline = cleanColumns(setup.referenceRows, random);
        anchors = buildAnchors(baseline);
        reference = profileOf(baseline, anchors);
      }
      const current = profileOf(cleanColumns(setup.windowRows, random), anchors);
      const found = checkQuality({ anchors, reference, current, expectedRows: setup.windowRows });
      columns = baseline.length;
      hard += found.filter(({ severity }) => severity === 'hard').length;
      soft += found.filter(({ severity }) => severity === 'soft').length;
    }
    expect(hard).toBe(0);
    expect(soft / (windows * columns * qualityChecks.length)).toBeLessThanOrEqual(0.001);
  });
});
