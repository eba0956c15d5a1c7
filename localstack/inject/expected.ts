/** What the detectors must answer to an injected drift, and its words. */

/** A feature's alarm, a channel's, or the quality finding of that name. */
export type ExpectedResponse =
  | 'drift'
  | 'prediction'
  | 'label'
  | 'loss'
  | 'missing_rate_jump'
  | 'column_absent'
  | 'type_errors'
  | 'unseen_categories'
  | 'constant_column'
  | 'unexpected_columns'
  | 'volume_drop'
  | 'late_rows'
  | 'freshness';

const CHANNELS: Partial<Readonly<Record<ExpectedResponse, string>>> = {
  drift: 'drift of what was changed',
  prediction: 'drift of the predictions',
  label: 'drift of the label',
  loss: 'a change of the model’s error',
};

/**
 * @param responses none: nothing that is critical
 * @example expectedInWords(['drift', 'missing_rate_jump']) // 'drift of what was changed; the quality finding missing_rate_jump'
 */
export function expectedInWords(responses: readonly ExpectedResponse[]): string {
  return responses.length === 0
    ? 'nothing critical'
    : responses.map((response) => CHANNELS[response] ?? `the quality finding ${response}`).join('; ');
}
