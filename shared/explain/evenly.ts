/** Fewer rows that stand for all of them: for a background, and for held-out rows to explain. */

/**
 * At most `count` of the rows, evenly spread over their order.
 *
 * @example evenly(['a', 'b', 'c', 'd'], 2) // ['a', 'c']
 */
export function evenly<Row>(rows: readonly Row[], count: number): Row[] {
  const step = Math.max(1, rows.length / count);
  return Array.from({ length: Math.min(count, rows.length) }, (_, at) => rows[Math.floor(at * step)]!);
}
