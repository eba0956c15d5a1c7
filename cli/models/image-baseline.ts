/** From a folder of images to the rows a model is tried on: as many as may be sent, spread over their labels, each looked at first. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRows } from '#shared/capture/archive.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { decodeImageFile } from '#shared/images/decode-image.ts';
import type { ImageTable } from '#shared/images/image-table.ts';
import { MAX_BASELINE_BYTES, MAX_BASELINE_IMAGES, MIN_BASELINE_ROWS } from '#shared/registry/upload.ts';
import { spreadByLabel } from './spread-by-label.ts';

export interface ImageBaseline {
  /** Lines of `{"features": {"<image>": "<base64>"}, "label": …}`, packed. */
  readonly packed: Uint8Array;
  readonly images: number;
  readonly labelled: number;
  readonly notes: readonly string[];
}

interface Wanted {
  readonly folder: string;
  readonly files: ImageTable['files'];
  /** By file of the table; null where it is not known. */
  readonly labels: readonly (string | number | null)[];
  /** Of the feature that is the image. */
  readonly name: string;
}

/** With more broken files than this the folder is not what it was thought to be. */
const MAX_FAULT_SHARE = 0.05;
/** Packed, base64 is about as long as the file: its 64 letters need six bits each, and its text is packed to little more. */
const PACKED_SHARE = 1.03;
const BYTES_PER_LINE = 100;

/** Throws {@link InvalidDataError} when too few images can be used or sent, or more than 5 % are broken. */
export async function readImageBaseline(wanted: Wanted): Promise<ImageBaseline> {
  const { folder, files, labels } = wanted;
  if (files.length < MIN_BASELINE_ROWS)
    throw new InvalidDataError(
      `the labels name ${files.length} images; at least ${MIN_BASELINE_ROWS} are needed for a trial and a baseline`,
    );
  const candidates = files.map(({ file }, at) => ({
    at,
    label: String(labels[at]),
    bytes: PACKED_SHARE * sizeOf(join(folder, file)) + BYTES_PER_LINE,
  }));
  const chosen = spreadByLabel(candidates, { most: MAX_BASELINE_IMAGES, bytes: MAX_BASELINE_BYTES });
  if (chosen.length < MIN_BASELINE_ROWS)
    throw new InvalidDataError(
      `${chosen.length} of these images fit into the ${MAX_BASELINE_BYTES / 1e6} MB that are taken; at least ${MIN_BASELINE_ROWS} are needed: give smaller files, the model sees them resized`,
    );
  const { rows, faults } = readRows(
    wanted,
    chosen.map(({ at }) => at),
  );
  const packed = await encodeRows(rows);
  if (packed.length > MAX_BASELINE_BYTES)
    throw new InvalidDataError(
      `${rows.length} images have ${packed.length} bytes packed; at most ${MAX_BASELINE_BYTES} are taken: give fewer of them`,
    );
  return {
    packed,
    images: rows.length,
    labelled: rows.filter((row) => 'label' in row).length,
    notes: [
      ...(chosen.length < files.length
        ? [
            `${chosen.length} of ${files.length} images are sent, spread over the labels: at most ${MAX_BASELINE_IMAGES}, and ${MAX_BASELINE_BYTES / 1e6} MB, are taken`,
          ]
        : []),
      ...faults.map((fault) => `left out: ${fault}`),
    ],
  };
}

/** 0 for what is not there: it is missed when it is read. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readRows({ folder, files, labels, name }: Wanted, chosen: readonly number[]) {
  const rows: object[] = [];
  const faults: string[] = [];
  for (const at of chosen) {
    const { file } = files[at]!;
    const read = readImage(join(folder, file));
    if (typeof read === 'string') {
      faults.push(`${file}: ${read}`);
      continue;
    }
    const label = labels[at] ?? null;
    rows.push({ features: { [name]: read.toString('base64') }, ...(label === null ? {} : { label }) });
  }
  const some = faults.slice(0, 3).join('; ');
  if (faults.length > MAX_FAULT_SHARE * chosen.length)
    throw new InvalidDataError(
      `${faults.length} of ${chosen.length} images cannot be used; the first: ${some}`,
    );
  if (rows.length < MIN_BASELINE_ROWS)
    throw new InvalidDataError(
      `${rows.length} of ${chosen.length} images can be used; at least ${MIN_BASELINE_ROWS} are needed: ${some}`,
    );
  return { rows, faults };
}

/** The file as it is, or why it is no image. */
function readImage(path: string): Buffer | string {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  }
  const decoded = decodeImageFile(file);
  return decoded.ok ? file : decoded.reason;
}
