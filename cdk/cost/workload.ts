// What a deployment is asked to do in a month.

export interface Workload {
  /** Rows predicted a month. */
  readonly predictions: number;
  readonly models: number;
  /** 1 for single predictions; up to 1000 by batch. */
  readonly rowsPerRequest: number;
  /** Labels per prediction, 0 to 1; they come in lists of `assumed.labelsPerRequest`. */
  readonly labelShare: number;
  /** Runs a month and model that go all the way. */
  readonly retrains: number;
  /** Billed milliseconds of a predict request of one row. */
  readonly predictMs: number;
}
