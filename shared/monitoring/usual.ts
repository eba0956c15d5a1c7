/** What a version's windows usually have, from its earlier reports: rows, and labels that arrive. Pure. */
import type { QualityInput } from '../quality/quality-check.ts';
import type { Window } from '../windows/due.ts';
import { DAY_MS } from '../windows/seasonal.ts';
import type { ReportEntry } from './report-index.ts';

/** Fewer windows do not tell what is usual. */
const MIN_WINDOWS = 5;
/** A stream counts as stopped after twice its longest usual silence, and this part of a window at least. */
const SILENCE = 2;
const LEAST_SILENCE = 0.25;

export interface WindowCounts {
  readonly rows: number;
  readonly labels: number;
  /** From the last rows to the window's end, milliseconds. */
  readonly quietMs: number;
}

/**
 * Rows: the median of the earlier windows of this length, at this time of day where windows are shorter than a day.
 * Labels: the earlier window in which the smallest share arrived, so that labels which come once a week are not missed
 * on the other six days. Silence: the longest before the end of such a window.
 *
 * @param earlier reports of the same version, any order
 * @param now of the window
 * @returns nothing with fewer than five such windows
 */
export function usualCounts(
  earlier: readonly ReportEntry[],
  window: Window,
  now: WindowCounts,
): Pick<QualityInput, 'expectedRows' | 'labelled' | 'newestRowAt' | 'now' | 'maxAgeMs'> {
  const alike = earlier.filter(({ window: { start, end } }) => {
    const length = Date.parse(end) - Date.parse(start);
    const isSameHour = length >= DAY_MS || (Date.parse(start) - window.start) % DAY_MS === 0;
    return length === window.end - window.start && isSameHour;
  });
  if (alike.length < MIN_WINDOWS) return {};
  const rows = alike.map((entry) => entry.rows).sort((a, b) => a - b);
  const least = alike.reduce((low, entry) => (shareOf(entry) < shareOf(low) ? entry : low));
  const longest = alike.reduce((most, { quietMs }) => Math.max(most, quietMs), 0);
  return {
    newestRowAt: window.end - now.quietMs,
    now: window.end,
    maxAgeMs: Math.max(SILENCE * longest, LEAST_SILENCE * (window.end - window.start)),
    expectedRows: rows[Math.floor(rows.length / 2)]!,
    labelled: { reference: labelledOf(least), current: labelledOf(now) },
  };
}

function shareOf({ rows, labels }: Pick<WindowCounts, 'rows' | 'labels'>): number {
  return rows === 0 ? 1 : labels / rows;
}

/** Labels of other days' predictions may arrive together: more than the window's rows are as good as all of them. */
function labelledOf({ rows, labels }: Pick<WindowCounts, 'rows' | 'labels'>): { hits: number; rows: number } {
  return { hits: Math.min(rows, labels), rows };
}
