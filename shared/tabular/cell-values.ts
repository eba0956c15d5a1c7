/** What one cell of a file stands for in a column of a given kind; the rules for text are those of the schema. */
import { isMissingText, isNumericText } from '../schema/cells.ts';
import { parseDate } from '../schema/dates.ts';

/** A number, or why there is none: not known, or something that is not a number. */
export interface NumericCell {
  readonly value: number;
  readonly isInvalid: boolean;
}

/** The parts of a date that a model sees; all NaN when there is no date. */
export interface DateCell {
  readonly hour: number;
  readonly weekday: number;
  readonly month: number;
  readonly isInvalid: boolean;
}

const missingNumber: NumericCell = { value: Number.NaN, isInvalid: false };
const invalidNumber: NumericCell = { value: Number.NaN, isInvalid: true };
const noDate = { hour: Number.NaN, weekday: Number.NaN, month: Number.NaN };
const missingDate: DateCell = { ...noDate, isInvalid: false };
const invalidDate: DateCell = { ...noDate, isInvalid: true };

const infiniteText = /^[-+]?inf(?:inity)?$/i;

/** Whether a trimmed text is a number: what data frames write for an infinite one is, as it is in a typed file. */
export function isNumberText(text: string): boolean {
  return isNumericText(text) || infiniteText.test(text);
}

/** `text` is trimmed. */
export function numberFromText(text: string): NumericCell {
  if (isMissingText(text)) return missingNumber;
  if (isNumericText(text)) return { value: Number(text), isInvalid: false };
  if (!infiniteText.test(text)) return invalidNumber;
  return {
    value: text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
    isInvalid: false,
  };
}

/** `text` is trimmed. */
export function dateFromText(text: string): DateCell {
  if (isMissingText(text)) return missingDate;
  const parts = parseDate(text);
  return parts
    ? { hour: parts.hour, weekday: parts.weekday, month: parts.month, isInvalid: false }
    : invalidDate;
}

/** A truth value is written in one way whoever wrote the file; `null` is missing. `text` is trimmed. */
export function categoryFromText(text: string): string | null {
  if (isMissingText(text)) return null;
  return /^(true|false)$/i.test(text) ? text.toLowerCase() : text;
}

/** A value of a typed file. An infinite number stays what it is: it was stored as a number. */
export function numberFromValue(value: unknown): NumericCell {
  if (typeof value === 'number') return Number.isNaN(value) ? missingNumber : { value, isInvalid: false };
  if (typeof value === 'bigint') return { value: Number(value), isInvalid: false };
  if (typeof value === 'string') return numberFromText(value.trim());
  return value === null || value === undefined ? missingNumber : invalidNumber;
}

export function dateFromValue(value: unknown): DateCell {
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? missingDate : dateFromText(value.toISOString());
  if (typeof value === 'string') return dateFromText(value.trim());
  return value === null || value === undefined ? missingDate : invalidDate;
}

/** Nested values have no category; they are left out before. */
export function categoryFromValue(value: unknown): string | null {
  if (typeof value === 'string') return categoryFromText(value.trim());
  if (typeof value === 'number') return Number.isNaN(value) ? null : String(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null;
}
