import { describe, expect, test } from 'vitest';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { parseDate } from '#shared/schema/dates.ts';
import { moveDates } from './date-drift.ts';

const feature = { name: 'at', kind: 'datetime' } as const;
const rowsOf = (values: readonly (string | null)[]): LabelledRow[] =>
  values.map((value, at) => ({ id: `row-${at}`, at, features: { at: value }, label: at }));
const two = (value: number) => String(value).padStart(2, '0');

describe('dates without times', () => {
  const yearly = rowsOf(
    Array.from({ length: 365 }, (_, at) => new Date(Date.UTC(2025, 0, 1 + at)).toISOString().slice(0, 10)),
  );

  test('move into the quarter of the year that training saw least, and stay dates', () => {
    // January to March has 90 days of the 365, fewest of all quarters
    const { description, value } = moveDates(feature, yearly);
    expect(description).toBe('all of at move into the months 1 to 3 of the same year');
    for (const row of yearly) {
      const moved = String(value(row));
      expect(moved).toHaveLength(10);
      const [before, after] = [parseDate(String(row.features.at))!, parseDate(moved)!];
      // in order, four months into one, and on the same weekday
      expect(after.month).toBe(Math.ceil(before.month / 4));
      expect(after.weekday).toBe(before.weekday);
    }
  });

  test('that all lie in one quarter leave it, each month for another', () => {
    const { value } = moveDates(feature, rowsOf(['2026-01-05', '2026-02-06', '2026-01-31']));
    expect(rowsOf(['2026-01-05', '2026-02-06', '2026-01-31']).map(value)).toEqual([
      '2026-04-06',
      '2026-05-08',
      '2026-04-25',
    ]);
  });
});

describe('dates with times', () => {
  const office = rowsOf(
    Array.from({ length: 90 }, (_, at) => `2026-03-${two(1 + (at % 28))} ${two(8 + (at % 9))}:30`),
  );

  test('move into the quarter of the day that training saw least, on the same day', () => {
    const { description, value } = moveDates(feature, office);
    expect(description).toBe('all of at move into the hours 0 to 5 of the same day (UTC)');
    expect(value(office[0]!)).toBe('2026-03-01T00:30:00.000Z');
    expect(value(office[8]!)).toBe('2026-03-09T05:30:00.000Z');
    for (const row of office) expect(parseDate(String(value(row)))!.hour).toBeLessThan(6);
  });
});

test('a missing date stays missing', () => {
  const { value, position } = moveDates(feature, rowsOf(['2026-01-05', null, '2026-02-06']));
  expect(value(rowsOf([null])[0]!)).toBeNull();
  expect(position({ at: null })).toBe(0);
});

test('the position rises within the quarter, 0 to 1, by what the model is given', () => {
  const { position } = moveDates(feature, rowsOf(['2026-01-05', '2026-02-06']));
  expect(['2026-04-30', '2026-05-01', '2026-06-01'].map((at) => position({ at }))).toEqual([0, 0.5, 1]);
});
