/** Categorical anchors: the baseline categories counted one by one, and how much newness to expect. */

import { unknownToken } from '#shared/privacy/presence.ts';
import type { CategoricalColumn } from '#shared/schema/columns.ts';
import type { Channel } from './anchors.ts';

/** Baseline categories with a counter of their own; the rest are counted as unseen. */
export const MAX_CATEGORIES = 1000;

export interface CategoricalAnchor {
  readonly kind: 'categorical';
  readonly name: string;
  readonly channel: Channel;
  /** Most frequent first; ties by code unit. */
  readonly categories: readonly string[];
  /**
   * Share of fresh baseline-like rows that fall outside `categories`, in [0, 1]: leave-one-out, that is
   * (rows outside the cap + categories seen once) / rows (Good 1953, the Good–Turing missing mass).
   */
  readonly expectedUnseenShare: number;
}

/**
 * Keeps the 1000 most frequent categories of a baseline column.
 *
 * @param column of a `token` channel, values whose token nobody knows count as seen nowhere else
 * @example
 * buildCategoricalAnchor({ kind: 'categorical', name: 'c', channel: 'feature', values: ['b', 'a', 'b'] })
 * // categories ['b', 'a'], expectedUnseenShare 1/3: one of three rows carries a value seen nowhere else
 */
export function buildCategoricalAnchor(
  column: CategoricalColumn & { readonly channel: Channel },
): CategoricalAnchor {
  const counts = new Map<string, number>();
  let rows = 0;
  for (const value of column.values) {
    if (value === null) continue;
    rows++;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const unknown = column.channel === 'token' ? (counts.get(unknownToken) ?? 0) : 0;
  if (unknown > 0) counts.delete(unknownToken);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const kept = ranked.slice(0, MAX_CATEGORIES);
  const dropped = unknown + ranked.slice(MAX_CATEGORIES).reduce((sum, [, count]) => sum + count, 0);
  const singletons = kept.filter(([, count]) => count === 1).length;
  return {
    kind: 'categorical',
    name: column.name,
    channel: column.channel,
    categories: kept.map(([category]) => category),
    expectedUnseenShare: rows === 0 ? 0 : (dropped + singletons) / rows,
  };
}
