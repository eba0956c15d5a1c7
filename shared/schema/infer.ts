/** From a parsed CSV to a reviewable schema and clean rows: kinds, ids to leave out, the task, and every row dropped by name. */
import { InvalidDataError } from '../errors.ts';
import { isMissingText, isNumericText } from './cells.ts';
import type { TextTable } from './csv.ts';
import { parseDate } from './dates.ts';
import { type Feature, type ModelSchema, nameFault } from './feature-schema.ts';
import { type FeatureRow, type FeatureValue, maxLabelLength, maxTextLength } from './rows.ts';

export interface LabelledRows {
  readonly schema: ModelSchema;
  readonly task: 'regression' | 'classification';
  readonly rows: readonly FeatureRow[];
  /** One per row: a finite number for regression, a class name for classification. */
  readonly labels: readonly (number | string)[];
  /** Index of each row in the file. */
  readonly sources: readonly number[];
  /** Columns left out, with the reason. */
  readonly excluded: readonly { readonly column: string; readonly reason: string }[];
  /** What a person should know: dropped rows, dropped classes. */
  readonly notes: readonly string[];
}

export interface InferOptions {
  readonly target: string;
  readonly exclude?: readonly string[];
  /** Smallest class kept; rows of a smaller one are dropped by name. */
  readonly minClassRows?: number;
}

/** A numeric target of whole numbers with at most this many values, each ten times on average, is read as classes. */
const maxNumericClasses = 20;
const maxStoredValues = 1000;
/** From this share of numbers on, a column is numeric and the rest of it is broken. */
const numericShare = 0.95;

/** Throws {@link InvalidDataError} for an unknown or constant target, a broken cell (with its line), or no usable feature. */
export function inferRows(table: TextTable, options: InferOptions): LabelledRows {
  const targetAt = columnIndex(table, options.target);
  for (const name of options.exclude ?? []) columnIndex(table, name);
  const excluded: { column: string; reason: string }[] = [];
  const notes: string[] = [];
  const features: { feature: Feature; at: number }[] = [];
  table.header.forEach((name, at) => {
    if (at === targetAt) return;
    if (options.exclude?.includes(name)) {
      excluded.push({ column: name, reason: 'asked for' });
      return;
    }
    const inferred = inferFeature(name, table, at);
    if ('reason' in inferred) excluded.push({ column: name, reason: inferred.reason });
    else features.push({ feature: inferred, at });
  });
  if (features.length === 0)
    throw new InvalidDataError(
      `no usable feature column is left; excluded: ${excluded.map((one) => `${one.column} (${one.reason})`).join(', ')}`,
    );
  const target = readTarget(table, targetAt, options.minClassRows ?? 1, notes);
  const schema: ModelSchema = {
    features: features.map((one) => one.feature),
    target: { name: options.target, ...(target.classes ? { classes: target.classes } : {}) },
  };
  const fault = nameFault(schema);
  if (fault !== undefined) throw new InvalidDataError(`line 1: ${fault}`);
  return {
    schema,
    task: target.classes ? 'classification' : 'regression',
    rows: target.kept.map((row) => readRow(table, row, features)),
    labels: target.labels,
    sources: target.kept,
    excluded,
    notes,
  };
}

function columnIndex(table: TextTable, name: string): number {
  const at = table.header.indexOf(name);
  if (at < 0)
    throw new InvalidDataError(`no column is named "${name}"; the file has: ${table.header.join(', ')}`);
  return at;
}

function inferFeature(name: string, table: TextTable, at: number): Feature | { readonly reason: string } {
  const present: string[] = [];
  for (const row of table.rows) if (!isMissingText(row[at]!)) present.push(row[at]!);
  if (present.length === 0) return { reason: 'empty' };
  const distinct = new Set(present);
  const numbers = present.reduce((count, text) => count + (isNumericText(text) ? 1 : 0), 0);
  if (numbers >= numericShare * present.length) return inferNumeric(name, table, at, present);
  if (present.every((text) => parseDate(text) !== undefined))
    return { name, kind: 'datetime', baseline: newestDate(present) };
  if ([...distinct].every((text) => /^(true|false)$/i.test(text)))
    return { name, kind: 'categorical', boolean: true, values: ['false', 'true'] };
  const long = table.rows.findIndex((row) => row[at]!.length > maxTextLength);
  if (long >= 0)
    throw new InvalidDataError(
      `line ${table.lines[long]}: column "${name}" has ${table.rows[long]![at]!.length} characters; at most ${maxTextLength} are allowed`,
    );
  if (distinct.size > 0.5 * present.length)
    return { reason: `looks like an id: text, ${distinct.size} distinct values in ${present.length} rows` };
  return { name, kind: 'categorical', values: [...distinct].sort().slice(0, maxStoredValues) };
}

function newestDate(present: readonly string[]): string {
  return present.reduce((newest, text) =>
    parseDate(text)!.epochMs > parseDate(newest)!.epochMs ? text : newest,
  );
}

function inferNumeric(
  name: string,
  table: TextTable,
  at: number,
  present: readonly string[],
): Feature | { readonly reason: string } {
  const broken = table.rows.findIndex((row) => !isMissingText(row[at]!) && !isNumericText(row[at]!));
  if (broken >= 0)
    throw new InvalidDataError(
      `line ${table.lines[broken]}: column "${name}" has ${JSON.stringify(table.rows[broken]![at])} where a number is expected`,
    );
  const values = present.map(Number);
  const isInteger = values.every(Number.isInteger);
  const isMonotone = values.every((value, row) => row === 0 || value > values[row - 1]!);
  if (isInteger && isMonotone && values.length >= 20)
    return { reason: 'looks like an id: whole numbers that only rise' };
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { name, kind: 'numeric', ...(isInteger ? { integer: true } : {}), min, max };
}

interface Target {
  readonly labels: readonly (number | string)[];
  readonly kept: readonly number[];
  readonly classes?: string[];
}

function readTarget(table: TextTable, at: number, minClassRows: number, notes: string[]): Target {
  const name = table.header[at]!;
  const labelled = table.rows.map((_, row) => row).filter((row) => !isMissingText(table.rows[row]![at]!));
  if (labelled.length < table.rows.length)
    notes.push(`${table.rows.length - labelled.length} rows without a value of "${name}" were left out`);
  const texts = canonicalLabels(labelled.map((row) => table.rows[row]![at]!));
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  if (counts.size < 2)
    throw new InvalidDataError(
      `the target "${name}" is constant (${[...counts.keys()][0] ?? 'empty'}): nothing to learn`,
    );
  const numbers = texts.filter(isNumericText).length;
  if (numbers >= numericShare * texts.length) {
    const broken = labelled.find((row) => !isNumericText(table.rows[row]![at]!));
    if (broken !== undefined)
      throw new InvalidDataError(
        `line ${table.lines[broken]}: the target "${name}" has ${JSON.stringify(table.rows[broken]![at])} where a number is expected`,
      );
    const isRepeated = counts.size <= maxNumericClasses && 10 * counts.size <= texts.length;
    const isClassLike = isRepeated && texts.every((text) => Number.isInteger(Number(text)));
    if (!isClassLike) return { labels: readNumbers(table, name, labelled, texts), kept: labelled };
  }
  const long = labelled.find((row) => table.rows[row]![at]!.length > maxLabelLength);
  if (long !== undefined)
    throw new InvalidDataError(
      `line ${table.lines[long]}: the target "${name}" has ${table.rows[long]![at]!.length} characters; at most ${maxLabelLength} are allowed`,
    );
  return readClasses(name, texts, labelled, counts, minClassRows, notes);
}

/** Numbers are written in one way, as JSON would send them: "1.0" and "1" are one class. */
function canonicalLabels(texts: readonly string[]): readonly string[] {
  return texts.every(isNumericText) ? texts.map((text) => String(Number(text))) : texts;
}

function readNumbers(
  table: TextTable,
  name: string,
  labelled: readonly number[],
  texts: readonly string[],
): readonly number[] {
  const numbers = texts.map(Number);
  const huge = numbers.findIndex((value) => !Number.isFinite(Math.fround(value)));
  if (huge >= 0)
    throw new InvalidDataError(
      `line ${table.lines[labelled[huge]!]}: the target "${name}" has ${texts[huge]}, more than a 32-bit float holds`,
    );
  return numbers;
}

function readClasses(
  name: string,
  texts: readonly string[],
  labelled: readonly number[],
  counts: ReadonlyMap<string, number>,
  minClassRows: number,
  notes: string[],
): Target {
  if (counts.size > 1000 || counts.size > 0.5 * texts.length)
    throw new InvalidDataError(
      `the target "${name}" has ${counts.size} distinct texts in ${texts.length} rows: not a label`,
    );
  const small = [...counts].filter(([, count]) => count < minClassRows);
  for (const [label, count] of small)
    notes.push(`class "${label}" was dropped: ${count} rows, at least ${minClassRows} are needed`);
  const dropped = new Set(small.map(([label]) => label));
  const classes = [...counts.keys()].filter((label) => !dropped.has(label)).sort(compareLabels);
  if (classes.length < 2)
    throw new InvalidDataError(
      `the target "${name}" has fewer than two classes of ${minClassRows} rows: ${[...counts].map(([label, count]) => `${label} ${count}`).join(', ')}`,
    );
  const kept: number[] = [];
  const labels: string[] = [];
  texts.forEach((text, row) => {
    if (dropped.has(text)) return;
    kept.push(labelled[row]!);
    labels.push(text);
  });
  return { labels, kept, classes };
}

/** Numbers by size, then texts by code unit. */
export function compareLabels(first: string, second: string): number {
  return isNumericText(first) && isNumericText(second)
    ? Number(first) - Number(second)
    : first < second
      ? -1
      : 1;
}

function readRow(
  table: TextTable,
  row: number,
  features: readonly { feature: Feature; at: number }[],
): FeatureRow {
  const cells = table.rows[row]!;
  const values: Record<string, FeatureValue> = {};
  for (const { feature, at } of features) values[feature.name] = readCell(feature, cells[at]!);
  return values;
}

function readCell(feature: Feature, text: string): FeatureValue {
  if (isMissingText(text)) return null;
  if (feature.kind === 'numeric') return Number(text);
  return feature.boolean ? text.toLowerCase() : text;
}
