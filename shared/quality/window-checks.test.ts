import { describe, expect, it } from 'vitest';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { emptyProfile } from '#shared/profile/profile.ts';
import { numeric, profileOf } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { checkQuality } from './check-quality.ts';
import type { QualityInput } from './quality-check.ts';
import { repeat } from './testing.ts';

const random = seededRandom(3);
const gaussian = (rows: number) => Array.from({ length: rows }, () => normal(random));
const baseline = [numeric('x', gaussian(1000)), numeric('y', [...gaussian(950), ...repeat(Number.NaN, 50)])];
const anchors = buildAnchors(baseline);
const reference = profileOf(baseline, anchors);
/** `rows` rows, `empty` of them without any feature. */
const window = (rows: number, empty = 0) =>
  profileOf(
    ['x', 'y'].map((name) => numeric(name, [...repeat(Number.NaN, empty), ...gaussian(rows - empty)])),
    anchors,
  );
const checks = (more: Partial<QualityInput>, current = window(1000)) =>
  checkQuality({ anchors, reference, current, ...more }).map(({ check, severity }) => `${check} ${severity}`);

describe('the window as a whole', () => {
  it('is empty without a row, and too small with one', () => {
    expect(checks({}, emptyProfile(anchors))).toEqual(['empty_window soft']);
    expect(checks({}, window(1))).toEqual(['too_few_rows soft']);
  });

  it('surges at ten times the usual rows', () => {
    expect(checks({ expectedRows: 101 })).toEqual([]);
    expect(checks({ expectedRows: 100 })).toEqual(['volume_surge soft']);
  });

  it('has rows without any feature for certain: of two columns, from 57.5 % missing in each', () => {
    expect(checks({}, window(1000, 1000))).toContain('all_missing_rows hard');
    expect(checks({}, window(1000, 575))).toContain('all_missing_rows hard');
    expect(checks({}, window(1000, 574))).not.toContain('all_missing_rows hard');
    // missing in turn, never both
    const inTurn = profileOf(
      [
        numeric('x', [...repeat(Number.NaN, 500), ...gaussian(500)]),
        numeric('y', [...gaussian(500), ...repeat(Number.NaN, 500)]),
      ],
      anchors,
    );
    expect(checks({}, inTurn)).not.toContain('all_missing_rows hard');
  });
});

describe('what the caller knows', () => {
  it('is stale when the newest row is older than the stream may fall behind', () => {
    expect(checks({ newestRowAt: 0, now: 3_600_000, maxAgeMs: 3_600_000 })).toEqual([]);
    expect(checks({ newestRowAt: 0, now: 3_600_001, maxAgeMs: 3_600_000 })).toEqual(['freshness soft']);
    expect(checks({ newestRowAt: 0, now: 1e12 })).toEqual([]);
  });

  it('is late rows from 5 % of all', () => {
    expect(checks({ lateRows: 52 })).toEqual([]);
    expect(checks({ lateRows: 53 })).toEqual(['late_rows soft']);
  });

  it('is one request id used twice, and never a data incident: a redelivery is nobody’s bad data', () => {
    expect(checks({ duplicates: 0 })).toEqual([]);
    expect(checks({ duplicates: 1 })).toEqual(['duplicate_request_ids soft']);
  });

  it('is a column the schema does not have', () => {
    expect(checks({ unexpectedColumns: [] })).toEqual([]);
    expect(checks({ unexpectedColumns: ['colour'] })).toEqual(['unexpected_columns soft']);
  });

  it('is labels that come less than half as often, beyond chance', () => {
    const labelled = (hits: number, rows: number) => ({
      labelled: { reference: { hits: 800, rows: 1000 }, current: { hits, rows } },
    });
    expect(checks(labelled(400, 1000))).toEqual([]);
    expect(checks(labelled(399, 1000))).toEqual(['label_ratio soft']);
    expect(checks(labelled(1, 3))).toEqual([]);
    expect(checks(labelled(0, 0))).toEqual([]);
  });
});
