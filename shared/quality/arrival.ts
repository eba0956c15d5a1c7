/** Arrival: rows that come too late, twice, or with columns nobody expects; all from facts the caller may know. */

import { percent, type QualityCheck } from './quality-check.ts';

/** The newest row is older than the stream may fall behind; in units of that age. */
export const freshness: QualityCheck = {
  name: 'freshness',
  severity: 'soft',
  threshold: 1,
  scope: 'window',
  run({ newestRowAt, now, maxAgeMs }) {
    if (newestRowAt === undefined || now === undefined || !maxAgeMs) return undefined;
    const age = (now - newestRowAt) / maxAgeMs;
    if (age <= this.threshold) return undefined;
    const minutes = (ms: number) => Math.round(ms / 60_000);
    return {
      observed: age,
      message: `the newest row is ${minutes(now - newestRowAt)} minutes old, at most ${minutes(maxAgeMs)} are usual`,
    };
  },
};

/** Share of the window's rows that came after it was closed: its report was made without them. */
export const lateRows: QualityCheck = {
  name: 'late_rows',
  severity: 'soft',
  threshold: 0.05,
  scope: 'window',
  run({ windowRows, lateRows: late = 0 }) {
    const share = late / Math.max(1, windowRows + late);
    if (share < this.threshold) return undefined;
    return { observed: share, message: `${percent(share)} of rows came after the window was closed` };
  },
};

/** Clients that use an id twice lose the label of one of the two. Redelivery is not their doing, so never hard. */
export const duplicateRequestIds: QualityCheck = {
  name: 'duplicate_request_ids',
  severity: 'soft',
  threshold: 1,
  scope: 'window',
  run({ duplicates = 0 }) {
    if (duplicates < this.threshold) return undefined;
    return {
      observed: duplicates,
      message: `${duplicates} ${duplicates === 1 ? 'row has' : 'rows have'} the id of another row`,
    };
  },
};

/** Columns that are sent and not in the schema. */
export const unexpectedColumns: QualityCheck = {
  name: 'unexpected_columns',
  severity: 'soft',
  threshold: 1,
  scope: 'window',
  run({ unexpectedColumns: names = [] }) {
    if (names.length < this.threshold) return undefined;
    const listed = names.slice(0, 3).map((name) => JSON.stringify(name));
    return {
      observed: names.length,
      message: `columns the schema does not have: ${listed.join(', ')}${names.length > 3 ? ', …' : ''}`,
    };
  },
};
