/** Which calendar parts are compared, on both sides of each limit. */
import { describe, expect, it } from 'vitest';
import { unsettledParts } from './calendar-parts.ts';

const dayMs = 86_400_000;
const first = Date.UTC(2024, 0, 1);
/** Daily rows. */
const daily = (days: number) => new Map([['when', { firstMs: first, lastMs: first + (days - 1) * dayMs }]]);
const hourly = (hours: number) =>
  new Map([['when', { firstMs: first, lastMs: first + ((hours - 1) * dayMs) / 24 }]]);
const left = (...spans: Parameters<typeof unsettledParts>) =>
  unsettledParts(...spans).map(({ column }) => column);
const long = daily(800);

describe('a calendar part', () => {
  it('is compared where the reference spans two of its cycles, and not where it spans less', () => {
    expect(left(daily(731), long)).toEqual([]);
    expect(left(daily(600), long)).toEqual(['when_month']);
    expect(left(daily(14), long)).toEqual(['when_month']);
    expect(left(daily(13), long)).toEqual(['when_weekday', 'when_month']);
    expect(left(hourly(48), long)).toEqual(['when_weekday', 'when_month']);
    expect(left(hourly(40), long)).toEqual(['when_hour', 'when_weekday', 'when_month']);
  });

  it('is compared where the current rows span one of its cycles, and not where they span less', () => {
    expect(left(long, daily(366))).toEqual([]);
    expect(left(long, daily(300))).toEqual(['when_month']);
    expect(left(long, daily(7))).toEqual(['when_month']);
    expect(left(long, daily(6))).toEqual(['when_weekday', 'when_month']);
    expect(left(long, hourly(24))).toEqual(['when_weekday', 'when_month']);
    expect(left(long, hourly(20))).toEqual(['when_hour', 'when_weekday', 'when_month']);
  });

  it('is judged by the reference alone where the current rows hold no date', () => {
    expect(left(long, new Map())).toEqual([]);
  });

  it('is left out with what its rows span and what they would have to', () => {
    expect(unsettledParts(daily(31), long)).toEqual([
      { column: 'when_month', reason: 'the reference spans 31 days, less than two years' },
    ]);
    expect(unsettledParts(long, hourly(1))).toContainEqual({
      column: 'when_hour',
      reason: 'the current rows span 1 hour, less than a day',
    });
  });
});
