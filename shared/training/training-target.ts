/** What a trainer learns to predict, and the error it refuses rows with. */

export type TrainingTarget =
  | { readonly task: 'regression'; readonly values: Float64Array }
  | {
      readonly task: 'classification';
      /** One index into `classes` per row. */
      readonly labels: Int32Array;
      readonly classes: readonly string[];
    };

/** Of numbers, either way from 0: what hundreds of trees answer is added up in float32, which ends at 3.4e38. */
export const LARGEST_TARGET = 1e35;

/** The rows, the target or the options given to the trainer cannot make a model. */
export class TrainingDataError extends Error {
  override readonly name = 'TrainingDataError';
}
