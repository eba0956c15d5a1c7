/** The trained gradient-boosting model: what `fitGbdt` returns and what prediction, export and parity read. */

/** How one input column becomes the float the trees compare. */
export type ColumnEncoding =
  | { readonly kind: 'numeric'; readonly name: string }
  | {
      readonly kind: 'categorical';
      readonly name: string;
      /** A category's code is its position here; every other string, `null` and `''` are missing. */
      readonly categories: readonly string[];
    };

/**
 * One regression tree as parallel arrays, node 0 being the root.
 * A row goes left when `value <= threshold`, or when the value is `NaN` and `missingLeft` is 1.
 */
export interface GbdtTree {
  /** The score this tree adds to: 0, or the class index with more than two classes. */
  readonly output: number;
  /** Index into `GbdtModel.columns`, or -1 for a leaf. */
  readonly column: Int32Array;
  readonly threshold: Float32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly missingLeft: Uint8Array;
  /** What a leaf adds to the score, learning rate included; 0 for inner nodes. */
  readonly value: Float32Array;
  /** Loss reduction of an inner node's split; 0 for leaves. */
  readonly gain: Float32Array;
}

export interface GbdtModel {
  readonly task: 'regression' | 'classification';
  /** Class names in the order of the predicted probabilities; empty for regression. */
  readonly classes: readonly string[];
  readonly columns: readonly ColumnEncoding[];
  /** The score before any tree: one for regression and for two classes, else one per class. */
  readonly baseValues: Float32Array;
  readonly trees: readonly GbdtTree[];
}

export type GbdtTarget =
  | { readonly task: 'regression'; readonly values: Float64Array }
  | {
      readonly task: 'classification';
      /** One index into `classes` per row. */
      readonly labels: Int32Array;
      readonly classes: readonly string[];
    };

/** The rows, the target or the options given to the trainer cannot make a model. */
export class GbdtDataError extends Error {
  override readonly name = 'GbdtDataError';
}
