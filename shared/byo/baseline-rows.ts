/** The rows beside an uploaded model: read from what was sent, bounded, checked against the schema. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { InvalidDataError } from '../errors.ts';
import { MAX_BASELINE_ROWS, MIN_BASELINE_ROWS } from '../registry/upload.ts';
import { checkRow } from '../schema/check-row.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import type { FeatureRow } from '../schema/rows.ts';

/** A row as it was asked, when (a row's number where that is not known), and the truth where it is known. */
export interface BaselineRow {
  readonly at: number;
  readonly features: FeatureRow;
  readonly label?: number | string;
}

/** A file of 50 MB can unpack to 50 GB. */
const MAX_TEXT_BYTES = 400_000_000;

const decompress = promisify(gunzip);

/**
 * Reads lines of `{"features": {…}, "label": …, "at": …}`; `label` and `at` (Unix milliseconds) may be absent.
 *
 * @throws InvalidDataError with the line and what is wrong with it, or when there are too few or too many
 */
export async function readBaselineRows(schema: ModelSchema, bytes: Uint8Array): Promise<BaselineRow[]> {
  const lines = (await unpacked(bytes)).split('\n').filter((line) => line !== '');
  if (lines.length < MIN_BASELINE_ROWS || lines.length > MAX_BASELINE_ROWS)
    throw new InvalidDataError(
      `the baseline has ${lines.length} rows; ${MIN_BASELINE_ROWS} to ${MAX_BASELINE_ROWS} are expected`,
    );
  return lines.map((line, at) => readLine(schema, line, at));
}

async function unpacked(bytes: Uint8Array): Promise<string> {
  try {
    return (await decompress(bytes, { maxOutputLength: MAX_TEXT_BYTES })).toString('utf8');
  } catch (cause) {
    const isTooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new InvalidDataError(
      isTooLarge
        ? `the baseline unpacks to more than ${MAX_TEXT_BYTES} bytes`
        : `the baseline cannot be unpacked: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function readLine(schema: ModelSchema, line: string, at: number): BaselineRow {
  const where = `line ${at + 1} of the baseline`;
  const row = parsed(line, where);
  const checked = checkRow(schema, row.features, '/features');
  if (!checked.ok) {
    const [fault] = checked.faults;
    throw new InvalidDataError(`${where}: ${fault?.pointer}: ${fault?.detail}`);
  }
  return {
    at: typeof row.at === 'number' && Number.isFinite(row.at) ? row.at : at,
    features: checked.row,
    ...labelOf(schema, row.label, where),
  };
}

function parsed(line: string, where: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new InvalidDataError(`${where} is not a JSON object: ${JSON.stringify(line.slice(0, 60))}`);
}

function labelOf({ target }: ModelSchema, label: unknown, where: string): Pick<BaselineRow, 'label'> {
  if (label === undefined || label === null) return {};
  if (!target.classes) {
    if (typeof label === 'number' && Number.isFinite(label)) return { label };
    throw new InvalidDataError(`${where}: the label ${JSON.stringify(label)} is not a number`);
  }
  if (target.classes.includes(String(label))) return { label: String(label) };
  throw new InvalidDataError(
    `${where}: the label ${JSON.stringify(label)} is none of the classes ${target.classes.slice(0, 20).join(', ')}`,
  );
}
