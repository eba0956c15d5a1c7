/** Rows to send: taken in order, and from the start again when they run out; how often is counted and printed. */

export interface Pool<Row> {
  take(count: number): Row[];
  /** How many times the rows were gone through, at most; 1 when none was sent twice. */
  passes(): number;
}

export function createPool<Row>(rows: readonly Row[]): Pool<Row> {
  let taken = 0;
  return {
    take: (count) => Array.from({ length: count }, () => rows[taken++ % rows.length]!),
    passes: () => Math.max(1, Math.ceil(taken / rows.length)),
  };
}
