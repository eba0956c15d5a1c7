/** How a sentence names a column: features by their name, the model's own channels, stored with a `$`, in words. */

/** @example subjectOf('$prediction') // 'the prediction' */
export function subjectOf(column: string): string {
  return column.startsWith('$') ? `the ${column.slice(1)}` : column;
}
