/** Numbers as some countries and spreadsheets write them: told apart from text, so that nobody judges them as labels. */
import { isNumberText } from './cell-values.ts';

/** Groups of three digits between commas, spaces or apostrophes. */
const grouped = /^[-+]?[1-9]\d{0,2}(?:(?:,\d{3})+|(?:[ \u00a0\u202f'’]\d{3})+)(?:\.\d*)?$/u;
/** A comma before the decimals, and perhaps points, spaces or apostrophes between groups. */
const decimalComma = /^[-+]?(?:\d*|[1-9]\d{0,2}(?:[. \u00a0\u202f'’]\d{3})+),\d+(?:[eE][-+]?\d+)?$/u;

/**
 * What a column's cells are when they are numbers in another format, and how to write them; undefined when they are not.
 * Plain numbers may stand among them: a separator needs four digits.
 *
 * @param cells trimmed texts that are not missing
 * @param leastShare of the cells that must be numbers, in (0, 1]
 * @example foreignNumbers(['1,234.5', '99'], 0.95) // 'numbers with thousands separators: write 1234.5'
 */
export function foreignNumbers(cells: readonly string[], leastShare: number): string | undefined {
  const others = cells.filter((cell) => !isNumberText(cell));
  const plain = cells.length - others.length;
  const isMostly = (pattern: RegExp) =>
    others.length > 0 &&
    plain + others.reduce((sum, cell) => sum + Number(pattern.test(cell)), 0) >= leastShare * cells.length;
  const [hasGroups, hasComma] = [isMostly(grouped), isMostly(decimalComma)];
  if (hasGroups && hasComma)
    return 'numbers with a decimal comma, or with thousands separators: write 1234.5';
  if (hasGroups) return 'numbers with thousands separators: write 1234.5';
  return hasComma ? 'numbers with a decimal comma: write 12.34' : undefined;
}
