/** Which parts of a date can be compared: of one month against the next, the month differs for certain. */
import { dateColumnNames } from '../tabular/date-columns.ts';
import type { DateSpan, TableShape } from '../tabular/table.ts';

const dayMs = 86_400_000;

/** In the order of `dateColumnNames`. */
const cycles = [
  { days: 1, one: 'a day', two: 'two days' },
  { days: 7, one: 'a week', two: 'two weeks' },
  { days: 365, one: 'a year', two: 'two years' },
] as const;

/** The rows looked at miss up to this share of what the rows of a sorted file span. */
const missed = 1 / 16;

/**
 * The parts of dates that are not compared: those of which the reference spans less than two cycles (what is usual is
 * not known) or the current rows less than one (they differ from any whole cycle).
 *
 * @param reference dates of the reference, by column
 * @param current dates of the current rows; a column that it lacks is judged by the reference alone
 * @example unsettledParts(new Map([['when', oneMonth]]), new Map())[0]?.column // 'when_month'
 */
export function unsettledParts(
  reference: TableShape['dateSpans'],
  current: TableShape['dateSpans'],
): TableShape['notCompared'] {
  return [...reference].flatMap(([name, span]) =>
    dateColumnNames(name).flatMap((column, part) => {
      const { days, one, two } = cycles[part]!;
      const now = current.get(name);
      if (!isAtLeast(span, 2 * days))
        return [{ column, reason: `the reference spans ${told(span)}, less than ${two}` }];
      if (now && !isAtLeast(now, days))
        return [{ column, reason: `the current rows span ${told(now)}, less than ${one}` }];
      return [];
    }),
  );
}

function isAtLeast(span: DateSpan, days: number): boolean {
  return daysOf(span, days < 7 ? dayMs / 24 : dayMs) >= (1 - missed) * days;
}

/** Both ends count, in whole hours or days: daily rows from Monday to Sunday span a week. */
function daysOf({ firstMs, lastMs }: DateSpan, stepMs: number): number {
  return ((Math.floor(lastMs / stepMs) - Math.floor(firstMs / stepMs) + 1) * stepMs) / dayMs;
}

function told(span: DateSpan): string {
  const days = daysOf(span, dayMs);
  if (days > 2) return `${days} days`;
  const hours = Math.round(24 * daysOf(span, dayMs / 24));
  return hours === 1 ? '1 hour' : `${hours} hours`;
}
