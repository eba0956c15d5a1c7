/** The trained random forest: what `fitForest` returns and what prediction, export and parity read. */

import type { ColumnEncoding } from './column-encoding.ts';
import type { Tree } from './tree.ts';

export interface ForestTree extends Tree {
  /** What a leaf answers: its mean, or its share of each class; `outputs` values per node, 0 for inner nodes. */
  readonly value: Float32Array;
}

export interface ForestModel {
  readonly kind: 'forest';
  readonly task: 'regression' | 'classification';
  /** Class names in the order of the predicted probabilities; empty for regression. */
  readonly classes: readonly string[];
  readonly columns: readonly ColumnEncoding[];
  /** Values per node: 1 for regression, else one per class. */
  readonly outputs: number;
  /** The forest's answer is the mean of theirs. */
  readonly trees: readonly ForestTree[];
}
