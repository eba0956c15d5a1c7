/** The lines of an uploaded baseline, whatever a row of it holds: unpacked within bounds, parsed, their labels checked. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { InvalidDataError } from '../errors.ts';
import { sentValue } from '../privacy/presence.ts';
import { MIN_BASELINE_ROWS } from '../registry/upload.ts';
import { type ModelSchema, piiFeatures } from '../schema/feature-schema.ts';

/** A file of 50 MB can unpack to 50 GB. */
const MAX_TEXT_BYTES = 400_000_000;

const decompress = promisify(gunzip);

/**
 * The lines of the file that are not empty.
 *
 * @param most lines that are allowed; at least 50 are expected
 * @param things what a line is, for the message: rows, images
 * @throws InvalidDataError for what is no gzip, unpacks to more than 400 MB, or has too few or too many lines
 */
export async function readLines(bytes: Uint8Array, most: number, things: string): Promise<string[]> {
  const lines = (await unpacked(bytes)).split('\n').filter((line) => line !== '');
  if (lines.length < MIN_BASELINE_ROWS || lines.length > most)
    throw new InvalidDataError(
      `the baseline has ${lines.length} ${things}; ${MIN_BASELINE_ROWS} to ${most} are expected`,
    );
  return lines;
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

/** How a line is called in messages; counted from 1. */
export function lineName(at: number): string {
  return `line ${at + 1} of the baseline`;
}

/** Throws {@link InvalidDataError} for what is no JSON object, and for one that has a value of what is pii. */
export function parseLine(schema: ModelSchema, line: string, at: number): Readonly<Record<string, unknown>> {
  const parsed = parsedLine(line);
  if (parsed !== undefined) {
    const sent = sentValue(schema, parsed.features);
    if (sent === undefined) return parsed;
    throw new InvalidDataError(
      `${lineName(at)}: "${sent}" is pii: its values must not be uploaded; true (it was there) or null is expected`,
    );
  }
  const shown = piiFeatures(schema).length > 0 ? '' : `: ${JSON.stringify(line.slice(0, 60))}`;
  throw new InvalidDataError(`${lineName(at)} is not a JSON object${shown}`);
}

function parsedLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // said by the caller
  }
  return undefined;
}

/** When the row was asked, Unix milliseconds; its number where that is not known. */
export function timeOf(at: unknown, row: number): number {
  return typeof at === 'number' && Number.isFinite(at) ? at : row;
}

/** Throws {@link InvalidDataError} for a label that the model cannot answer. */
export function labelOf(
  { target }: ModelSchema,
  label: unknown,
  at: number,
): { readonly label?: number | string } {
  if (label === undefined || label === null) return {};
  if (!target.classes) {
    if (typeof label === 'number' && Number.isFinite(label)) return { label };
    throw new InvalidDataError(`${lineName(at)}: the label ${JSON.stringify(label)} is not a number`);
  }
  if (target.classes.includes(String(label))) return { label: String(label) };
  throw new InvalidDataError(
    `${lineName(at)}: the label ${JSON.stringify(label)} is none of the classes ${target.classes.slice(0, 20).join(', ')}`,
  );
}
