/** The trained gradient-boosting model: what `fitGbdt` returns and what prediction, export and parity read. */

import type { ColumnEncoding } from './column-encoding.ts';
import type { Tree } from './tree.ts';

/** One regression tree. */
export interface GbdtTree extends Tree {
  /** The score this tree adds to: 0, or the class index with more than two classes. */
  readonly output: number;
  /** What a leaf adds to the score, learning rate included; 0 for inner nodes. */
  readonly value: Float32Array;
}

export interface GbdtModel {
  readonly kind: 'gbdt';
  readonly task: 'regression' | 'classification';
  /** Class names in the order of the predicted probabilities; empty for regression. */
  readonly classes: readonly string[];
  readonly columns: readonly ColumnEncoding[];
  /** The score before any tree: one for regression and for two classes, else one per class. */
  readonly baseValues: Float32Array;
  readonly trees: readonly GbdtTree[];
}
