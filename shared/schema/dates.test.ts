import { describe, expect, test } from 'vitest';
import { daysBetween, parseDate } from './dates.ts';

describe('parseDate', () => {
  test.each([
    ['2026-11-21', 0, 6, 11],
    ['2026-11-21T08:15', 8, 6, 11],
    ['2026-11-21 08:15:30', 8, 6, 11],
    ['2026-11-21T08:15:30.123456789Z', 8, 6, 11],
    ['2026-11-21T23:30:00-01:00', 0, 0, 11],
    ['2026-12-01T00:30:00+0100', 23, 1, 11],
    ['2024-02-29', 0, 4, 2],
    ['1969-12-31T23:00:00Z', 23, 3, 12],
  ])('%s is hour %i, weekday %i, month %i in UTC', (text, hour, weekday, month) => {
    expect(parseDate(text)).toMatchObject({ hour, weekday, month });
  });

  test('a time without a zone is UTC, whatever the zone of the machine', () => {
    expect(parseDate('2026-07-01T12:00')?.epochMs).toBe(Date.UTC(2026, 6, 1, 12));
    expect(parseDate('2026-07-01')?.epochMs).toBe(Date.UTC(2026, 6, 1));
  });

  test.each([
    '',
    '2026',
    '2026-11',
    '21.11.2026',
    '11/21/2026',
    '2026-13-01',
    '2026-11-21T25:00',
    'tomorrow',
    '20261121',
    ' 2026-11-21',
  ])('%j is no ISO 8601 date', (text) => {
    expect(parseDate(text)).toBeUndefined();
  });

  test.each(['2026-02-30', '2025-02-29', '2026-04-31'])('%s is not in the calendar', (text) => {
    expect(parseDate(text)).toBeUndefined();
    expect(parseDate(`${text}T08:00`)).toBeUndefined();
  });
});

describe('daysBetween', () => {
  const day = Date.UTC(2026, 10, 21);
  test.each([
    [0, 0],
    [86_399_999, 0],
    [86_400_000, 1],
    [-1, -1],
    [-86_400_000, -1],
  ])('%i ms later is %i whole days', (ms, days) => {
    expect(daysBetween(day, day + ms)).toBe(days);
  });
});
