/** Windows of correlated columns and their co-moments, for tests. */

import { addScores, type CoMoments, emptyCoMoments } from '#shared/profile/co-moments.ts';
import { type Dependence, measureDependence } from '#shared/profile/dependence.ts';
import { normal } from '#shared/random.ts';

type Random = () => number;
/** One row of normal scores. */
export type DrawRow = (random: Random) => readonly number[];

/** Normals of which any two have the same correlation ≥ 0. */
export function equicorrelated(columns: number, correlation: number): DrawRow {
  return (random) => {
    const common = Math.sqrt(correlation) * normal(random);
    return Array.from({ length: columns }, () => common + Math.sqrt(1 - correlation) * normal(random));
  };
}

/** Scores of rows whose columns are standard normal already: 24 steps per standard deviation, clipped at 80. */
export function scoresOf(draw: DrawRow, rows: number, random: Random): Int8Array[] {
  const drawn = Array.from({ length: rows }, () => draw(random));
  return drawn[0]!.map((_, column) =>
    Int8Array.from(drawn, (row) => Math.max(-80, Math.min(80, Math.round(24 * row[column]!)))),
  );
}

export function coMomentsOf(scores: readonly Int8Array[]): CoMoments {
  const coMoments = emptyCoMoments(scores.length);
  addScores(coMoments, scores, scores[0]!.length);
  return coMoments;
}

/** What anchors and baseline profile would hold of such rows. */
export function baselineOf(scores: readonly Int8Array[]): { dependence: Dependence; reference: CoMoments } {
  const dependence = measureDependence(scores.map((column, at) => ({ name: `x${at}`, scores: column })));
  if (!dependence) throw new Error('nothing to measure');
  return { dependence, reference: coMomentsOf(scores) };
}
