/** What an explanation is: one row's score, split among its features. */

/** Features that are explained together: positions of a model's columns (the parts of a date are one player). */
export type Players = readonly (readonly number[])[];

/**
 * One row's Shapley values (Shapley 1953; Lundberg and Lee 2017): `contributions` sum to `prediction − baseValue`. A
 * feature that is left out takes the value it has in a background row, averaged over all of them: the interventional
 * values, which say what the model does, not what features tell of each other.
 */
export interface Attribution {
  readonly computable: true;
  /** The explained score of the row. */
  readonly prediction: number;
  /** The mean score of the background. */
  readonly baseValue: number;
  /** One per player, in the score's unit. */
  readonly contributions: Float64Array;
  /** One per player, of the sampling of permutations alone; absent where values are exact or there is one sample. */
  readonly standardErrors?: Float64Array;
  /** |Σ contributions − (prediction − baseValue)|: what rounding lost. */
  readonly efficiencyError: number;
  /** Rows the model was asked for. */
  readonly modelRows: number;
}

/** The attribution with its efficiency error measured. */
export function attribution(parts: Omit<Attribution, 'computable' | 'efficiencyError'>): Attribution {
  const { prediction, baseValue, contributions } = parts;
  const sum = contributions.reduce((total, one) => total + one, 0);
  return { computable: true, ...parts, efficiencyError: Math.abs(sum - (prediction - baseValue)) };
}

/** Each column by itself. */
export function singlePlayers(columns: number): Players {
  return Array.from({ length: columns }, (_, at) => [at]);
}

/**
 * Which player each column belongs to.
 *
 * @throws RangeError when a column is in no player or in two
 */
export function playerOfColumns(players: Players, columns: number): Int32Array {
  const playerOf = new Int32Array(columns).fill(-1);
  players.forEach((members, player) => {
    for (const column of members) {
      if (playerOf[column] !== -1)
        throw new RangeError(`column ${column} is in two players or not one of ${columns}`);
      playerOf[column] = player;
    }
  });
  const free = playerOf.indexOf(-1);
  if (free >= 0) throw new RangeError(`column ${free} belongs to no player`);
  return playerOf;
}
