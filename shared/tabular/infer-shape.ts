/** From sampled cells to what each column is, or why it is not compared. */
import { isMissingText } from '../schema/cells.ts';
import { parseDate } from '../schema/dates.ts';
import { isNumberText } from './cell-values.ts';
import { dateColumnNames } from './date-columns.ts';
import { foreignNumbers } from './number-formats.ts';
import type { ColumnKind, DateSpan, ShapeOptions, TableShape } from './table.ts';

/** The same shares as in schema/infer.ts: from this share of numbers (or dates) on, the rest of a column is broken. */
const leastShare = 0.95;
const mostDistinctText = 0.5;
/** Of fewer rows nobody can tell an id. */
const fewestIdRows = 20;

/** Cells of a column in file order: text of a text file, or values of a typed one. */
export type SampledColumns = ReadonlyMap<string, readonly unknown[]>;

export function inferShape(columns: SampledColumns, options: ShapeOptions = {}): TableShape {
  const kinds = new Map<string, ColumnKind>();
  const notCompared: { column: string; reason: string }[] = [];
  for (const [name, cells] of columns) {
    const found = options.exclude?.includes(name)
      ? { reason: 'asked for' }
      : kindOf(cells, options.keep?.includes(name) === true);
    if ('reason' in found) notCompared.push({ column: name, reason: found.reason });
    else kinds.set(name, found.kind);
  }
  for (const [name, kind] of kinds) {
    const taken = kind === 'datetime' && dateColumnNames(name).find((part) => columns.has(part));
    if (!taken) continue;
    kinds.delete(name);
    notCompared.push({ column: name, reason: `a date is read as "${taken}", and there is such a column` });
  }
  const dates = [...kinds].flatMap(([name, kind]) => {
    const span = kind === 'datetime' ? spanOf(columns.get(name)!) : undefined;
    return span ? [[name, span] as const] : [];
  });
  return { kinds, notCompared, dateSpans: new Map(dates) };
}

/** Undefined without a date. */
function spanOf(cells: readonly unknown[]): DateSpan | undefined {
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const cell of cells) {
    const ms = cell instanceof Date ? cell.getTime() : parseDate(String(cell).trim())?.epochMs;
    if (ms === undefined || Number.isNaN(ms)) continue;
    firstMs = Math.min(firstMs, ms);
    lastMs = Math.max(lastMs, ms);
  }
  return lastMs < firstMs ? undefined : { firstMs, lastMs };
}

function kindOf(
  cells: readonly unknown[],
  isKept: boolean,
): { readonly kind: ColumnKind } | { readonly reason: string } {
  const present = cells.filter((cell) => !isMissing(cell));
  if (present.length === 0) return { reason: `empty in all ${cells.length} rows looked at` };
  if (present.some(isNested)) return { reason: 'nested or binary values' };
  const numbers = present.filter(isNumber);
  if (numbers.length >= leastShare * present.length)
    return !isKept && onlyRises(numbers.map(Number))
      ? { reason: 'looks like an id: whole numbers that only rise' }
      : { kind: 'numeric' };
  if (present.filter(isDate).length >= leastShare * present.length) return { kind: 'datetime' };
  const format = foreignNumbers(
    present.map((cell) => String(cell).trim()),
    leastShare,
  );
  if (format !== undefined) return { reason: format };
  const distinct = new Set(present.map((cell) => String(cell).toLowerCase()));
  const isBoolean = [...distinct].every((text) => text === 'true' || text === 'false');
  const distinctTexts = new Set(present).size;
  const isMostlyDistinct =
    present.length >= fewestIdRows && distinctTexts > mostDistinctText * present.length;
  if (!isKept && !isBoolean && isMostlyDistinct)
    return {
      reason:
        numbers.length > present.length / 2
          ? `numbers and text: ${Math.floor((100 * numbers.length) / present.length)} % of ${present.length} values looked at are numbers, ${100 * leastShare} % are needed`
          : `looks like an id: text, ${distinctTexts} distinct values in ${present.length} rows looked at`,
    };
  return { kind: 'categorical' };
}

function isMissing(cell: unknown): boolean {
  return (
    cell === null ||
    cell === undefined ||
    (typeof cell === 'number' && Number.isNaN(cell)) ||
    (typeof cell === 'string' && isMissingText(cell.trim()))
  );
}

function isNested(cell: unknown): boolean {
  return typeof cell === 'object' && !(cell instanceof Date);
}

function isNumber(cell: unknown): boolean {
  return (
    typeof cell === 'number' ||
    typeof cell === 'bigint' ||
    (typeof cell === 'string' && isNumberText(cell.trim()))
  );
}

function isDate(cell: unknown): boolean {
  return cell instanceof Date || (typeof cell === 'string' && parseDate(cell.trim()) !== undefined);
}

function onlyRises(values: readonly number[]): boolean {
  return (
    values.length >= fewestIdRows &&
    values.every((value, row) => Number.isInteger(value) && (row === 0 || value > values[row - 1]!))
  );
}
