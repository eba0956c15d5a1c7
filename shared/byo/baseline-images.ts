/** The images beside an uploaded model: decoded one by one as they are asked for, so that few are in memory at a time. */
import { InvalidDataError } from '../errors.ts';
import { imageInput, type PreparedImage, prepareImage } from '../images/image-answers.ts';
import { presenceOf } from '../privacy/presence.ts';
import { MAX_BASELINE_IMAGES, MIN_BASELINE_ROWS } from '../registry/upload.ts';
import type { AnsweredRow } from '../retrain/version-files.ts';
import { checkRow } from '../schema/check-row.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { escapePointer } from '../schema/rows.ts';
import { labelOf, lineName, parseLine, readLines, timeOf } from './baseline-lines.ts';

/** A row as it will be logged but for its embedding, and its image as the graph takes it. */
export interface BaselineImage {
  readonly row: AnsweredRow;
  readonly image: PreparedImage;
}

interface BaselineImages {
  readonly count: number;
  /** The images that can be used, in the order of the file. Throws {@link InvalidDataError} for any other fault of a line. */
  readonly images: () => Generator<BaselineImage>;
  /** Of the images that were read and could not be used: the line and the reason. */
  readonly faults: readonly string[];
}

/** With more broken files than this the baseline is not what it was thought to be. */
const MAX_FAULT_SHARE = 0.05;

/**
 * Reads lines of `{"features": {"<image>": "<base64>"}, "label": …, "at": …}`; `label` and `at` may be absent. An image that
 * cannot be decoded is left out and named in `faults`.
 *
 * @throws InvalidDataError when there are too few images or too many
 */
export async function readBaselineImages(schema: ModelSchema, bytes: Uint8Array): Promise<BaselineImages> {
  const lines = await readLines(bytes, MAX_BASELINE_IMAGES, 'images');
  const faults: string[] = [];
  function* images(): Generator<BaselineImage> {
    for (const [at, line] of lines.entries()) {
      const read = readImage(schema, line, at);
      if (typeof read === 'string') faults.push(read);
      else yield read;
    }
  }
  return { count: lines.length, images, faults };
}

/** Throws {@link InvalidDataError} when too many images, or all but too few, cannot be used. */
export function assertFewFaults({ count, faults }: Pick<BaselineImages, 'count' | 'faults'>): void {
  const some = faults.slice(0, 3).join('; ');
  if (faults.length > MAX_FAULT_SHARE * count)
    throw new InvalidDataError(`${faults.length} of ${count} images cannot be used; the first: ${some}`);
  if (count - faults.length < MIN_BASELINE_ROWS)
    throw new InvalidDataError(
      `${count - faults.length} of ${count} images can be used; at least ${MIN_BASELINE_ROWS} are needed: ${some}`,
    );
}

function readImage(schema: ModelSchema, line: string, at: number): BaselineImage | string {
  const parsed = parseLine(schema, line, at);
  const label = labelOf(schema, parsed.label, at);
  const checked = checkRow(schema, parsed.features, '/features');
  if (!checked.ok) {
    const [fault] = checked.faults;
    const reason = `${lineName(at)}: ${fault?.pointer}: ${fault?.detail}`;
    if (fault?.pointer !== `/features/${escapePointer(imageInput(schema).name)}`)
      throw new InvalidDataError(reason);
    return reason;
  }
  if (!checked.image) throw new TypeError('a row of an image model was checked without its image');
  const image = prepareImage(schema, checked.image);
  return {
    row: {
      at: timeOf(parsed.at, at),
      features: { ...presenceOf(schema, checked.row), ...image.features },
      ...label,
    },
    image,
  };
}
