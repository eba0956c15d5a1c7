/** Volume: too few rows to judge, far fewer or far more than usual, and columns that did not arrive at all. */

import { rowsOf } from '#shared/profile/profile.ts';
import { percent, type QualityCheck } from './quality-check.ts';

/** Not one row. */
export const emptyWindow: QualityCheck = {
  name: 'empty_window',
  severity: 'soft',
  threshold: 0,
  scope: 'window',
  run({ windowRows }) {
    return windowRows > this.threshold
      ? undefined
      : { observed: windowRows, message: 'the window has no rows' };
  },
};

/** Some rows, and fewer than any comparison needs. */
export const tooFewRows: QualityCheck = {
  name: 'too_few_rows',
  severity: 'soft',
  threshold: 50,
  scope: 'window',
  run({ windowRows }) {
    if (windowRows === 0 || windowRows >= this.threshold) return undefined;
    return {
      observed: windowRows,
      message: `${windowRows} ${windowRows === 1 ? 'row' : 'rows'}, ${this.threshold} are needed`,
    };
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

/** Ten times the usual traffic: a replay, a loop of retries, or another source. */
export const volumeSurge: QualityCheck = {
  name: 'volume_surge',
  severity: 'soft',
  threshold: 10,
  scope: 'window',
  run({ windowRows, expectedRows }) {
    if (!expectedRows || windowRows < this.threshold * expectedRows) return undefined;
    const ratio = windowRows / expectedRows;
    return {
      observed: ratio,
      message: `${windowRows} rows, ${Number(ratio.toPrecision(3))} times the usual ${expectedRows}`,
    };
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
