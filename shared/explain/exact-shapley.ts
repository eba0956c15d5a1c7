/** Exact Shapley values of any model with few features, by asking it for every coalition. */

import type { NotComputable } from '#shared/drift/measure.ts';
import { type Attribution, attribution } from './attribution.ts';
import { type Coalition, coalitionValues, type Game, playerCount } from './coalitions.ts';

/** 1024 coalitions, each of as many rows as the background has. */
export const MAX_EXACT_PLAYERS = 10;

/**
 * Explains one row exactly: the model is asked for 2^players × background rows. Use it up to 10 features; 6 features cost
 * fewer rows than ten antithetic permutations do.
 *
 * @returns not computable without background rows, or where a score is not finite
 * @throws RangeError with more than `MAX_EXACT_PLAYERS` players
 * @example
 * // score = x · y, row (2, 3), background (0, 0)
 * (await exactShapley({ score, row, background })).contributions; // Float64Array [3, 3]
 */
export async function exactShapley(game: Game): Promise<Attribution | NotComputable> {
  const players = playerCount(game);
  if (players > MAX_EXACT_PLAYERS)
    throw new RangeError(`${players} features are too many to enumerate: at most ${MAX_EXACT_PLAYERS}`);
  const coalitions = Array.from({ length: 2 ** players }, (_, mask) => coalitionOf(mask, players));
  const found = await coalitionValues(game, coalitions);
  if (!found.computable) return found;
  const { values, modelRows } = found;
  return attribution({
    prediction: values.at(-1)!,
    baseValue: values[0]!,
    contributions: shapleyOf(values, players),
    modelRows,
  });
}

function coalitionOf(mask: number, players: number): Coalition {
  return Uint8Array.from({ length: players }, (_, player) => (mask >>> player) & 1);
}

/**
 * φ_i = Σ_S |S|! (M − |S| − 1)! / M! · (v(S ∪ i) − v(S)) over the coalitions S without i (Shapley 1953).
 *
 * @param values - of every coalition, at the index whose bits are its players; 2^players of them
 * @example shapleyOf(Float64Array.of(0, 1, 2, 6), 2) // Float64Array [2.5, 3.5]
 */
export function shapleyOf(values: Float64Array, players: number): Float64Array {
  const weights = coalitionWeights(players);
  const shares = new Float64Array(players);
  for (let mask = 0; mask < values.length; mask++) {
    const weight = weights[bitCount(mask)]!;
    for (let player = 0; player < players; player++) {
      const bit = 1 << player;
      if ((mask & bit) === 0) shares[player]! += weight * (values[mask | bit]! - values[mask]!);
    }
  }
  return shares;
}

/** s! (M − s − 1)! / M! by size s; the last, of the coalition of all, is of no use. */
function coalitionWeights(players: number): Float64Array {
  const weights = new Float64Array(players + 1);
  weights[0] = 1 / players;
  for (let size = 1; size < players; size++) weights[size] = (weights[size - 1]! * size) / (players - size);
  return weights;
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
