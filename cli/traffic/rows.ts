/** What a load test sends: rows made up from the model's own schema, or those of a file. */
import { readFileSync } from 'node:fs';
import { InvalidDataError } from '#shared/errors.ts';
import { isMissingText, isNumericText } from '#shared/schema/cells.ts';
import { parseCsv } from '#shared/schema/csv.ts';
import type { Feature, ModelSchema } from '#shared/schema/feature-schema.ts';
import { UsageError } from '../usage.ts';

type Value = number | string | boolean | null;

export interface TrafficRow {
  /** A JSON object, as it is sent. */
  readonly features: string;
  /** Absent where the file has none. */
  readonly label?: number | string;
}

const DAY_MS = 86_400_000;
/** Of made-up dates, up to the newest one the model has seen. */
const DATE_SPAN_DAYS = 30;

/**
 * Rows as the schema describes them: numbers uniform from `min` to `max` (0 to 1 where it has none), known categories, dates of
 * the 30 days before the newest one seen. Columns are independent, as they are in no real data: use it to load a host, not to
 * judge a model.
 *
 * @throws {InvalidDataError} for a model of images
 */
export function generateRows(
  schema: ModelSchema,
  count: number,
  random: () => number,
  todayMs: number,
): TrafficRow[] {
  const photo = schema.features.find(({ kind }) => kind === 'image');
  if (photo)
    throw new InvalidDataError(
      `"${photo.name}" is an image, which is not made up: give --data FILE.ndjson with it in base64`,
    );
  return Array.from({ length: count }, (_, at) => ({
    features: JSON.stringify(
      Object.fromEntries(
        schema.features.map((feature) => [feature.name, generateValue(feature, at, random, todayMs)]),
      ),
    ),
  }));
}

function generateValue(feature: Feature, at: number, random: () => number, todayMs: number): Value {
  const { kind, values = [], baseline, integer, boolean, pii } = feature;
  if (pii) return `made-up-${at}`;
  if (kind === 'numeric') {
    const { min = Math.min(0, feature.max ?? 0), max = min + 1 } = feature;
    const value = min + random() * (max - min);
    return integer ? Math.round(value) : value;
  }
  if (kind === 'id') return `made-up-${at}`;
  if (kind === 'datetime') {
    const newest = baseline === undefined ? Number.NaN : Date.parse(baseline);
    const end = Number.isNaN(newest) ? todayMs : newest;
    return new Date(end - Math.floor(random() * DATE_SPAN_DAYS) * DAY_MS).toISOString().slice(0, 10);
  }
  if (boolean) return random() < 0.5;
  return values[Math.floor(random() * values.length)] ?? null;
}

const MOST_ROWS = 100_000;

/**
 * The rows of a .csv, or of an .ndjson or .jsonl file, in their order and at most the first 100,000; columns that are not the
 * model's are left out.
 *
 * @throws {UsageError} for a file that cannot be read, {@link InvalidDataError} for one without rows or without a column
 */
export function readRows(file: string, schema: ModelSchema, target: string | undefined): TrafficRow[] {
  const text = readText(file);
  const records = /\.(ndjson|jsonl)$/i.test(file) ? jsonRecords(text) : csvRecords(text, schema);
  const names = new Set(Object.keys(records[0] ?? {}));
  const wanted = schema.features.filter(({ kind }) => kind !== 'id').map(({ name }) => name);
  const missing = [...wanted, ...(target === undefined ? [] : [target])].find((name) => !names.has(name));
  if (missing !== undefined)
    throw new InvalidDataError(`${file} has no column "${missing}"; it has ${[...names].join(', ')}`);
  return records.map((record) => {
    const features = schema.features.flatMap(({ name }) => (name in record ? [[name, record[name]]] : []));
    const label = target === undefined ? undefined : labelOf(record[target], schema);
    return {
      features: JSON.stringify(Object.fromEntries(features)),
      ...(label === undefined ? {} : { label }),
    };
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--data ${file} cannot be read: ${(error as Error).message}`);
  }
}

type Cells = Readonly<Record<string, unknown>>;

function csvRecords(text: string, schema: ModelSchema): Cells[] {
  const { header, rows } = parseCsv(text);
  const numeric = new Set(schema.features.filter(({ kind }) => kind === 'numeric').map(({ name }) => name));
  return rows.slice(0, MOST_ROWS).map((cells) =>
    Object.fromEntries(
      header.map((name, at) => {
        const cell = cells[at]!;
        if (isMissingText(cell)) return [name, null];
        return [name, numeric.has(name) && isNumericText(cell) ? Number(cell) : cell];
      }),
    ),
  );
}

function jsonRecords(text: string): Cells[] {
  const records: Cells[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '' || records.length >= MOST_ROWS) continue;
    records.push(readObject(line, at + 1));
  }
  if (records.length === 0)
    throw new InvalidDataError('the file is empty: one JSON object per line is expected');
  return records;
}

function readObject(line: string, lineNumber: number): Cells {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidDataError(`line ${lineNumber}: ${(cause as Error).message}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidDataError(`line ${lineNumber}: a JSON object is expected, got ${line.slice(0, 40)}`);
  return value as Cells;
}

/** Without a label nothing is fed back. */
function labelOf(value: unknown, schema: ModelSchema): number | string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (schema.target.classes) return String(value);
  const number = Number(value);
  return Number.isFinite(number) ? number : String(value);
}
