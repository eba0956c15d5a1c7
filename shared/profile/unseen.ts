/** Unseen categories: their exact number, and a bounded list of them that is the same in any order of counting. */

import { hashString } from './hash.ts';

/** Distinct unseen strings kept per feature. */
export const MAX_UNSEEN_VALUES = 64;
/** Longer strings are listed by their first characters. */
const MAX_UNSEEN_LENGTH = 128;

export interface UnseenValues {
  /** Rows whose category is not in the anchor: exact. */
  total: number;
  /**
   * Exact counts of the (at most 64) strings that come first by hash. A string among the first 64 of all strings is
   * among the first 64 of every part, so it was never dropped and its count is exact whatever the order.
   */
  readonly counts: Map<string, number>;
  /** More strings were met than are listed: the list is then a fair sample of them, not the most frequent. */
  truncated: boolean;
}

export function emptyUnseen(): UnseenValues {
  return { total: 0, counts: new Map(), truncated: false };
}

/** Counts `rows` occurrences of an unseen string. */
export function addUnseen(unseen: UnseenValues, value: string, rows = 1): void {
  unseen.total += rows;
  listUnseen(unseen, value.slice(0, MAX_UNSEEN_LENGTH), rows);
}

/** Adds `from` into `into`. */
export function mergeUnseen(into: UnseenValues, from: UnseenValues): void {
  into.total += from.total;
  into.truncated ||= from.truncated;
  for (const [value, rows] of from.counts) listUnseen(into, value, rows);
}

function listUnseen(unseen: UnseenValues, value: string, rows: number): void {
  const { counts } = unseen;
  const known = counts.get(value);
  if (known !== undefined || counts.size < MAX_UNSEEN_VALUES) {
    counts.set(value, (known ?? 0) + rows);
    return;
  }
  unseen.truncated = true;
  let last = value;
  for (const listed of counts.keys()) if (comesAfter(listed, last)) last = listed;
  if (last === value) return;
  counts.delete(last);
  counts.set(value, rows);
}

function comesAfter(first: string, second: string): boolean {
  const [one, two] = [hashString(first), hashString(second)];
  return one === two ? first > second : one > two;
}
