/** Volume: too few rows to judge, and columns that did not arrive at all. */

import { rowsOf } from '#shared/profile/profile.ts';
import { percent, type QualityCheck } from './quality-check.ts';

/** Fewer rows than any comparison needs. */
export const tooFewRows: QualityCheck = {
  name: 'too_few_rows',
  severity: 'soft',
  threshold: 50,
  scope: 'window',
  run({ windowRows }) {
    if (windowRows >= this.threshold) return undefined;
    return { observed: windowRows, message: `${windowRows} rows, ${this.threshold} are needed` };
  },
};

/** Traffic fell to less than a tenth of what this window usually has. */
export const volumeDrop: QualityCheck = {
  name: 'volume_drop',
  severity: 'soft',
  threshold: 0.1,
  scope: 'window',
  run({ windowRows, expectedRows }) {
    if (!expectedRows || windowRows >= this.threshold * expectedRows) return undefined;
    const share = windowRows / expectedRows;
    return { observed: share, message: `${windowRows} rows, ${percent(share)} of the usual ${expectedRows}` };
  },
};

/** A feature without a single row in a window where other features have some: the column is gone. */
export const columnAbsent: QualityCheck = {
  name: 'column_absent',
  severity: 'hard',
  threshold: 0,
  scope: 'column',
  run({ anchor, reference, current, windowRows }) {
    if (anchor.channel !== 'feature' || windowRows === 0 || rowsOf(reference) === 0) return undefined;
    if (rowsOf(current) > this.threshold) return undefined;
    return { observed: 0, message: `the column is absent from all ${windowRows} rows` };
  },
};
