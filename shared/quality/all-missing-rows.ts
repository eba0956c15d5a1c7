/** All-missing rows: rows that arrive with every feature missing. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { rowsOf } from '#shared/profile/profile.ts';
import { percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';

/**
 * Profiles count columns, not rows, so the number is bounded (Fréchet): of n rows with m₁ … mₖ missing, at least
 * n − Σ(n − mᵢ) and at most min mᵢ miss everything. Fires when the least of now exceeds the most of the baseline,
 * so the more features there are, the nearer to all rows it must be; `missing_rate_jump` tells the columns long before.
 */
export const allMissingRows: QualityCheck = {
  name: 'all_missing_rows',
  severity: 'hard',
  threshold: 0.15,
  scope: 'window',
  run({ columns, designEffect }) {
    const features = columns.filter(({ anchor }) => anchor.channel === 'feature');
    const rows = Math.max(0, ...features.map(({ current }) => rowsOf(current)));
    const referenceRows = Math.max(0, ...features.map(({ reference }) => rowsOf(reference)));
    if (rows === 0 || referenceRows === 0) return undefined;
    const present = features.reduce((sum, { current }) => sum + rowsOf(current) - current.missing, 0);
    const now = { hits: Math.max(0, rows - present), rows };
    const most = Math.min(...features.map(({ reference }) => reference.missing));
    const before = { hits: most, rows: referenceRows };
    const change = now.hits / now.rows - before.hits / before.rows;
    if (change < this.threshold) return undefined;
    if (compareShares(before, now, designEffect).increase >= SIGNIFICANCE.hard) return undefined;
    return {
      observed: change,
      message: `at least ${percent(now.hits / now.rows)} of rows miss every feature`,
    };
  },
};
