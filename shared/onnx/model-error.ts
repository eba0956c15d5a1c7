/** What goes wrong with an ONNX model: it does not load, or the rows given to it do not fit. */

/** Names the input or output at fault, what it expects and what was found. */
export class OnnxModelError extends Error {
  override readonly name = 'OnnxModelError';
}

/** A row holds what the model has no way to take: other rows may be answered. */
export class OnnxRowError extends OnnxModelError {}
