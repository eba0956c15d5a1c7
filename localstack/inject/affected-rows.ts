/** Which rows an injection reaches: a share of those from the start on, at once or more and more of them. */

import { seededRandom, seedFrom, shuffledIndices } from '#shared/random.ts';
import type { InjectionPlan } from './injector.ts';

type RowPlan = Pick<InjectionPlan, 'fraction' | 'from' | 'isGradual' | 'seed'>;

/** The first row reached. */
export function startRow(rows: number, { from }: Pick<RowPlan, 'from'>): number {
  return Math.floor(from * rows);
}

/** How far a gradual change has come at a row: just above 0 at the start, 1 at the last row. */
export function ramp(row: number, rows: number, plan: Pick<RowPlan, 'from'>): number {
  const start = startRow(rows, plan);
  return (row - start + 1) / (rows - start);
}

/**
 * Rows in ascending order. At once: exactly `share` of those from the start on, drawn without replacement. Gradually:
 * each with a chance that rises to `share` at the last row.
 *
 * @param share in [0, 1]; the plan's fraction unless given
 * @example affectedRows(4, { fraction: 1, from: 0.5, isGradual: false, seed: 1 }) // => [2, 3]
 */
export function affectedRows(rows: number, plan: RowPlan, share: number = plan.fraction): number[] {
  const start = startRow(rows, plan);
  const random = randomOf(plan, 'rows');
  if (plan.isGradual)
    return Array.from({ length: rows - start }, (_, at) => start + at).filter(
      (row) => random() < share * ramp(row, rows, plan),
    );
  const count = Math.round(share * (rows - start));
  return Array.from(shuffledIndices(rows - start, random).subarray(0, count), (at) => start + at).sort(
    (one, other) => one - other,
  );
}

/** A generator of its own for each purpose, so that one more draw here changes nothing there. */
export function randomOf({ seed }: Pick<RowPlan, 'seed'>, purpose: string): () => number {
  return seededRandom(seedFrom(`${seed}#${purpose}`));
}

/** `from row 51 of 100 on`, or nothing when that is the first. */
export function startInWords(rows: number, plan: Pick<RowPlan, 'from' | 'isGradual'>): string {
  const start = startRow(rows, plan);
  const where = start === 0 ? '' : ` from row ${start + 1} of ${rows} on`;
  return plan.isGradual ? `${where}, gradually` : where;
}
