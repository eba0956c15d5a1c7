/** Exact chances of an anchor's cells, from which counts of very large samples are drawn without their rows. */

import { normalSurvival } from '#shared/drift/special-functions.ts';
import type { Anchors } from './engine.ts';

export type NumericKind = 'normal' | 'lognormal' | 'rounded' | 'flag 1 %' | 'zeros 95 %';

/** Share of ones, and of zeros where the other rows are lognormal. */
export const FLAG_SHARE = 0.01;
export const ZERO_SHARE = 0.95;

/**
 * P(value in cell ≤ i) on the open and point cells of the anchor: of a standard normal, its exponential, itself rounded
 * to two decimals, a flag that few rows carry, or zeros beside its exponential.
 *
 * @param shift of the normal, in standard deviations
 */
export function cellChances(anchors: Anchors, kind: NumericKind, shift = 0): Float64Array {
  const anchor = anchors.anchors[0]!;
  if (anchor.kind !== 'numeric') throw new TypeError('the anchor is not numeric');
  const cumulative = new Float64Array(2 * anchor.edges.length + 1).fill(1);
  anchor.edges.forEach((edge, at) => {
    const [below, upTo] = chancesAt(edge, kind, shift);
    cumulative[2 * at] = below;
    cumulative[2 * at + 1] = upTo;
  });
  return cumulative;
}

/** P(X < edge) and P(X ≤ edge); a value that float32 cannot hold exactly is within 1e-5 of its grid point. */
function chancesAt(edge: number, kind: NumericKind, shift: number): readonly [number, number] {
  const upTo = (z: number) => normalSurvival(shift - z);
  if (kind === 'normal') return [upTo(edge), upTo(edge)];
  if (kind === 'lognormal') {
    const chance = edge > 0 ? upTo(Math.log(edge)) : 0;
    return [chance, chance];
  }
  if (kind === 'flag 1 %') {
    const upToOne = (at: number) => (at < 0 ? 0 : at < 1 ? 1 - FLAG_SHARE : 1);
    return [edge <= 0 ? 0 : edge <= 1 ? 1 - FLAG_SHARE : 1, upToOne(edge)];
  }
  if (kind === 'zeros 95 %') {
    if (edge <= 0) return [0, edge === 0 ? ZERO_SHARE : 0];
    const chance = ZERO_SHARE + (1 - ZERO_SHARE) * upTo(Math.log(edge));
    return [chance, chance];
  }
  const steps = 100 * edge;
  const nearest = Math.round(steps);
  if (Math.abs(steps - nearest) < 1e-3) return [upTo((nearest - 0.5) / 100), upTo((nearest + 0.5) / 100)];
  const chance = upTo((Math.floor(steps) + 0.5) / 100);
  return [chance, chance];
}
