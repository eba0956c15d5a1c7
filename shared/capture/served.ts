/** What a batch says of serving, whatever of it is profiled: answers by class, latency, confidence; and of rows that came late. */
import {
  addHistograms,
  confidenceBuckets,
  durationBuckets,
  observe,
  type StoredHistogram,
} from '../metrics/histogram.ts';
import type { ArchiveRow } from './archive.ts';

/** As it is stored; whole numbers, so that any order of adding gives the same. */
export interface Served {
  readonly answered: number;
  /** Seconds; of the answers whose time is known. */
  readonly durations?: StoredHistogram;
  readonly classes: Readonly<Record<string, number>>;
  readonly confidences?: StoredHistogram;
}

/** Of rows that came after their granule had closed: counted with the granule that was open then. */
export interface LateCounts {
  readonly served: Served;
  /** Refused and failed requests by HTTP status. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Of the rows counted, as in a partial; none in a roll-up. */
  readonly hashes: readonly string[];
}

export const nothingServed: Served = { answered: 0, classes: {} };

/** Counts rows, each as often as it is there: duplicates are the caller's to remove. */
export function countServed(rows: readonly ArchiveRow[]): Served {
  const durations: number[] = [];
  const confidences: number[] = [];
  const classes = new Map<string, number>();
  let answered = 0;
  for (const row of rows) {
    if (row.kind !== 'prediction') continue;
    answered += 1;
    if (row.duration_ms !== undefined) durations.push(row.duration_ms / 1000);
    if ('predicted_class' in row.answer) {
      const { predicted_class: name, confidence } = row.answer;
      classes.set(name, (classes.get(name) ?? 0) + 1);
      if (Number.isFinite(confidence)) confidences.push(confidence);
    }
  }
  return {
    answered,
    classes: Object.fromEntries(classes),
    ...(durations.length > 0 ? { durations: observe(durationBuckets, durations) } : {}),
    ...(confidences.length > 0 ? { confidences: observe(confidenceBuckets, confidences) } : {}),
  };
}

export function addServed(sum: Served, more: Served): Served {
  const durations = addHistograms(sum.durations, more.durations);
  const confidences = addHistograms(sum.confidences, more.confidences);
  return {
    answered: sum.answered + more.answered,
    classes: addCounts(sum.classes, more.classes),
    ...(durations ? { durations } : {}),
    ...(confidences ? { confidences } : {}),
  };
}

export function addLate(sum: LateCounts | undefined, more: LateCounts | undefined): LateCounts | undefined {
  if (!sum || !more) return sum ?? more;
  return {
    served: addServed(sum.served, more.served),
    outcomes: addCounts(sum.outcomes, more.outcomes),
    hashes: [...sum.hashes, ...more.hashes],
  };
}

/** Refused and failed requests by HTTP status. */
export function countOutcomes(rows: readonly ArchiveRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows)
    if (row.kind === 'outcome') counts[row.status] = (counts[row.status] ?? 0) + (row.count ?? 1);
  return counts;
}

/** @example addCounts({ 400: 1 }, { 400: 2, 500: 1 }) // { 400: 3, 500: 1 } */
export function addCounts(
  sums: Readonly<Record<string, number>>,
  more: Readonly<Record<string, number>>,
): Record<string, number> {
  const added = new Map(Object.entries(sums));
  for (const [key, count] of Object.entries(more)) added.set(key, (added.get(key) ?? 0) + count);
  return Object.fromEntries(added);
}

export function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
