/** Profile errors: the broken contracts that adding, merging and decoding profiles can meet. */

/** Two profiles (or a profile and its bytes) were counted on different anchors, so their cells do not add. */
export class AnchorMismatchError extends Error {
  override readonly name = 'AnchorMismatchError';
  constructor(expected: string, found: string) {
    super(`profile counted on anchors "${found}" cannot be combined with anchors "${expected}"`);
  }
}

/** A column does not belong to these anchors: unknown name, wrong kind, or a name used twice. */
export class ProfileColumnError extends Error {
  override readonly name = 'ProfileColumnError';
}

/** Stored anchors or profile bytes cannot be read: truncated, altered, or of another version. */
export class ProfileFormatError extends Error {
  override readonly name = 'ProfileFormatError';
}
