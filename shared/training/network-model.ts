/** The trained network: what `fitNetwork` returns and what prediction, export and parity read. */

/** How one column becomes features; a value that training never saw counts as the average training row. */
export type NetworkColumn =
  | {
      readonly kind: 'numeric';
      readonly name: string;
      /** In place of missing values, and subtracted from all; float32. */
      readonly mean: number;
      /** One over the standard deviation, float32; 0 where the column was constant. */
      readonly scale: number;
      /** Some were missing in training: a second feature is 1 for missing and 0 otherwise. */
      readonly hasMissing: boolean;
    }
  | {
      readonly kind: 'categorical';
      readonly name: string;
      /** The most frequent ones, each with a feature of its own that is 1 where it occurs. */
      readonly categories: readonly string[];
      /** Some were missing in training: the feature after the categories is 1 for `null` and `''`. */
      readonly hasMissing: boolean;
      /** Training had further categories: the last feature is 1 for these and for unseen ones. */
      readonly hasOther: boolean;
      /** The mean of each feature in training: what a value without a feature of its own gets. */
      readonly shares: Float32Array;
    };

/** `outputs = inputs · weights + biases`; every layer but the last sets negative outputs to 0. */
export interface NetworkLayer {
  /** Inputs × outputs, row by row. */
  readonly weights: Float32Array;
  /** One per output. */
  readonly biases: Float32Array;
}

export interface NetworkModel {
  readonly kind: 'network';
  readonly task: 'regression' | 'classification';
  /** Class names in the order of the predicted probabilities; empty for regression. */
  readonly classes: readonly string[];
  /**
   * Features are laid out as: numeric columns, the missing ones among these, then the categorical columns one after
   * another.
   */
  readonly columns: readonly NetworkColumn[];
  /** Passes over the training rows; with validation rows those after which their loss was smallest. */
  readonly epochs: number;
  /** The last gives one score per class, or the standardised target. */
  readonly layers: readonly NetworkLayer[];
  /** What turns the last layer's output into the target: `output * scale + mean`; 0 and 1 for classification. */
  readonly target: { readonly mean: number; readonly scale: number };
}
