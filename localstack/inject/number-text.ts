/** Numbers written as their column writes them: a file whose grid of values changes would be found by that alone. */

/** Decimal places of the finest number; undefined where one is in scientific notation. */
export function decimalsOf(texts: readonly string[]): number | undefined {
  let most = 0;
  for (const text of texts) {
    if (/e/i.test(text)) return undefined;
    const point = text.indexOf('.');
    if (point >= 0) most = Math.max(most, text.length - point - 1);
  }
  return most;
}

/** @example numberText(0.704, 2) // => '0.7' */
export function numberText(value: number, decimals: number | undefined): string {
  const rounded = decimals === undefined ? value.toPrecision(12) : value.toFixed(Math.min(decimals, 100));
  return String(Number(rounded) + 0);
}
