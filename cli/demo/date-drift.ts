/** The demo's drift of a date: all of them move into the quarter of the day, or of the year, that training saw least. */
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { parseDate } from '#shared/schema/dates.ts';
import type { Feature } from '#shared/schema/feature-schema.ts';
import type { InputChange } from './injection.ts';

interface Cycle {
  readonly size: number;
  readonly of: (date: Date) => number;
  readonly move: (date: Date, to: number) => Date;
  readonly describe: (first: number, last: number) => string;
}

const hours: Cycle = {
  size: 24,
  of: (date) => date.getUTCHours(),
  move: (date, hour) => new Date(new Date(date).setUTCHours(hour)),
  describe: (first, last) => `into the hours ${first} to ${last} of the same day (UTC)`,
};

const months: Cycle = {
  size: 12,
  of: (date) => date.getUTCMonth(),
  move: (date, month) => {
    const moved = new Date(new Date(date).setUTCMonth(month, Math.min(28, date.getUTCDate())));
    // the same weekday, which the model is given too; every month has a 28th
    const day = moved.getUTCDate() + ((date.getUTCDay() - moved.getUTCDay() + 7) % 7);
    return new Date(moved.setUTCDate(day > 28 ? day - 7 : day));
  },
  describe: (first, last) => `into the months ${first + 1} to ${last + 1} of the same year`,
};

/**
 * Hours move where hours vary, else months: both are inputs of the model. The order stays, squeezed into the quarter,
 * so that a model can still learn from the moved dates.
 *
 * @example moveDates(soldOn, train).description // => 'all of sold_on move into the months 4 to 6 of the same year'
 */
export function moveDates({ name }: Feature, train: readonly LabelledRow[]): InputChange {
  const dates = train.flatMap((row) => readDate(row.features[name]) ?? []);
  const cycle = new Set(dates.map(hours.of)).size > 1 ? hours : months;
  const span = cycle.size / 4;
  const counts = [0, 0, 0, 0];
  for (const date of dates) counts[Math.floor(cycle.of(date) / span)]!++;
  const first = span * counts.indexOf(Math.min(...counts));
  const places = dates.map(cycle.of);
  const lowest = places.reduce((least, place) => Math.min(least, place), cycle.size);
  const range = 1 + places.reduce((most, place) => Math.max(most, place), lowest) - lowest;
  const squeezed = (place: number) =>
    Math.min(span - 1, Math.max(0, Math.floor(((place - lowest) * span) / Math.max(span, range))));
  return {
    description: `all of ${name} move ${cycle.describe(first, first + span - 1)}`,
    value: (row) => {
      const value = row.features[name] ?? null;
      const date = readDate(value);
      if (!date) return value;
      const moved = cycle.move(date, first + squeezed(cycle.of(date))).toISOString();
      return String(value).length === 10 ? moved.slice(0, 10) : moved;
    },
    // from the middle up: where all dates share a month, the target still moves
    position: (features) => {
      const date = readDate(features[name]);
      return date ? (cycle.of(date) % span) / (span - 1) : 0;
    },
  };
}

function readDate(value: unknown): Date | undefined {
  const parts = typeof value === 'string' ? parseDate(value) : undefined;
  return parts && new Date(parts.epochMs);
}
