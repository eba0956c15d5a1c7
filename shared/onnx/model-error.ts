/** What goes wrong with an ONNX model: it does not load, or the rows given to it do not fit. */

/** Names the input or output at fault, what it expects and what was found. */
export class OnnxModelError extends Error {
  override readonly name = 'OnnxModelError';
}
