/** Dates in data files and requests: ISO 8601, read as UTC where no zone is given. */

export interface DateParts {
  /** 0 … 23 */
  readonly hour: number;
  /** 0 (Sunday) … 6 */
  readonly weekday: number;
  /** 1 … 12 */
  readonly month: number;
  readonly epochMs: number;
}

const isoDate = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * @returns the calendar parts in UTC, or undefined when the text is no ISO 8601 date
 * @example parseDate('2026-11-21 08:15')?.hour // => 8
 */
export function parseDate(text: string): DateParts | undefined {
  const match = isoDate.exec(text);
  if (!match) return undefined;
  const hasTime = match[1] !== undefined;
  const hasZone = match[4] !== undefined;
  const epochMs = Date.parse(hasTime && !hasZone ? `${text.replace(' ', 'T')}Z` : text.replace(' ', 'T'));
  if (Number.isNaN(epochMs) || !isInCalendar(text)) return undefined;
  const date = new Date(epochMs);
  return { hour: date.getUTCHours(), weekday: date.getUTCDay(), month: date.getUTCMonth() + 1, epochMs };
}

/** Date.parse takes 30 February for 2 March. */
function isInCalendar(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return (
    day <= 28 ||
    new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, day)).getUTCDate() === day
  );
}

/** Whole days from one instant to another: a context column, neither monitored nor trained on (it drifts by itself). */
export function daysBetween(fromMs: number, toMs: number): number {
  return Math.floor((toMs - fromMs) / 86_400_000);
}
