/** What a trainer learns to predict, and the error it refuses rows with. */

export type TrainingTarget =
  | { readonly task: 'regression'; readonly values: Float64Array }
  | {
      readonly task: 'classification';
      /** One index into `classes` per row. */
      readonly labels: Int32Array;
      readonly classes: readonly string[];
    };

/** The rows, the target or the options given to the trainer cannot make a model. */
export class TrainingDataError extends Error {
  override readonly name = 'TrainingDataError';
}
