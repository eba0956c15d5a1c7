/** The game that Shapley values divide: a model's mean score where some features are the row's and the others the background's. */

import { type NotComputable, notComputable } from '#shared/drift/measure.ts';
import type { Column, Columns } from '#shared/schema/columns.ts';
import { type Players, playerOfColumns, singlePlayers } from './attribution.ts';

/** Scores rows: one number for each, in their order. */
export type Score = (rows: Columns) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** A row to explain, and what it is explained against. */
export interface Game {
  readonly score: Score;
  /** One row. */
  readonly row: Columns;
  /** The same columns; each row stands for a feature's absence once. */
  readonly background: Columns;
  /** @default each column by itself */
  readonly players?: Players;
}

/** For each player 1 where the row's own value is used, 0 where the background's. */
export type Coalition = Uint8Array;

export interface CoalitionValues {
  readonly computable: true;
  readonly values: Float64Array;
  readonly modelRows: number;
}

/** Rows of one call of the model; also what ONNX sessions run at once. */
const BATCH_ROWS = 8192;
/** Of wide rows fewer: what is made for one call stays small, and is made quickly. */
const BATCH_VALUES = 2 ** 15;

/** How many players a game has. */
export function playerCount({ row, players }: Game): number {
  return players?.length ?? row.columns.length;
}

/**
 * The mean score of each coalition, in as few calls of the model as fit `BATCH_ROWS` and `BATCH_VALUES`.
 *
 * @returns not computable without background rows, or where a score is not finite
 * @throws RangeError when the row is not one row, or its columns are not the background's
 */
export async function coalitionValues(
  game: Game,
  coalitions: readonly Coalition[],
): Promise<CoalitionValues | NotComputable> {
  const { row, background, score } = game;
  const players = game.players ?? singlePlayers(row.columns.length);
  const playerOf = playerOfColumns(players, row.columns.length);
  checkColumns(row, background);
  const size = background.rows;
  if (size === 0) return notComputable('the background has no rows');
  const values = new Float64Array(coalitions.length);
  const rowsAtOnce = Math.min(BATCH_ROWS, BATCH_VALUES / Math.max(1, row.columns.length));
  const perBatch = Math.max(1, Math.floor(rowsAtOnce / size));
  for (let start = 0; start < coalitions.length; start += perBatch) {
    const batch = coalitions.slice(start, start + perBatch);
    const scores = await score(maskedRows(row, background, playerOf, batch));
    for (let at = 0; at < batch.length; at++) {
      let sum = 0;
      for (let other = 0; other < size; other++) sum += scores[at * size + other]!;
      if (!Number.isFinite(sum)) return notComputable('the model gives a score that is not finite');
      values[start + at] = sum / size;
    }
  }
  return { computable: true, values, modelRows: coalitions.length * size };
}

function checkColumns(row: Columns, background: Columns): void {
  if (row.rows !== 1) throw new RangeError(`${row.rows} rows are explained at once: must be 1`);
  const different = row.columns.findIndex(({ name, kind }, at) => {
    const other = background.columns[at];
    return other?.name !== name || other.kind !== kind;
  });
  if (different >= 0 || row.columns.length !== background.columns.length)
    throw new RangeError(
      `the background has columns ${namesOf(background)}: must be those of the row, ${namesOf(row)}`,
    );
}

function namesOf({ columns }: Columns): string {
  return columns.map(({ name, kind }) => `"${name}" (${kind})`).join(', ');
}

/** The background once for each coalition, with the row's values where the column's player is in it. */
function maskedRows(
  row: Columns,
  background: Columns,
  playerOf: Int32Array,
  coalitions: readonly Coalition[],
): Columns {
  const rows = coalitions.length * background.rows;
  const columns = row.columns.map((own, at) =>
    maskedColumn(
      own,
      background.columns[at]!,
      coalitions.map((coalition) => coalition[playerOf[at]!] === 1),
      rows,
    ),
  );
  return { rows, columns };
}

function maskedColumn(own: Column, other: Column, isOwn: readonly boolean[], rows: number): Column {
  if (own.kind === 'categorical' && other.kind === 'categorical') {
    const [value] = own.values;
    const values = new Array<string | null>(rows).fill(value ?? null);
    const size = other.values.length;
    isOwn.forEach((mine, at) => {
      if (!mine) for (let row = 0; row < size; row++) values[at * size + row] = other.values[row]!;
    });
    return { ...own, values };
  }
  if (own.kind !== 'numeric' || other.kind !== 'numeric') throw new RangeError('the kinds of columns differ');
  const isSingle = own.values instanceof Float32Array && other.values instanceof Float32Array;
  const values = isSingle ? new Float32Array(rows) : new Float64Array(rows);
  const size = other.values.length;
  isOwn.forEach((mine, at) => {
    if (mine) values.fill(own.values[0]!, at * size, (at + 1) * size);
    else values.set(other.values, at * size);
  });
  return { kind: 'numeric', name: own.name, values };
}
