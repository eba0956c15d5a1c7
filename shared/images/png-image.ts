/** PNG files: walked chunk by chunk first, so that a truncated file and a bomb are known before anything is inflated. */
import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { type FileDecoding, faultOf, type ImageFault, invalid } from './pixels.ts';

interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly colourType: number;
  readonly isInterlaced: boolean;
  /** The compressed pixels. */
  readonly data: readonly Buffer[];
  /** Where its last chunk ends; what some programs write behind it is not looked at. */
  readonly end: number;
}

/** Samples per pixel and the bits that one may have, by colour type (PNG specification, 11.2.2). */
const colourTypes: Readonly<
  Record<number, { readonly samples: number; readonly depths: readonly number[] }>
> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/**
 * @param file with a PNG's first eight bytes
 * @param checkSize is asked before decoding
 */
export function readPng(
  file: Buffer,
  checkSize: (width: number, height: number) => ImageFault | undefined,
): FileDecoding {
  const header = readHeader(file);
  if ('ok' in header) return header;
  const fault = checkSize(header.width, header.height) ?? inflationFault(header);
  if (fault) return fault;
  try {
    const { width, height, data } = PNG.sync.read(file.subarray(0, header.end));
    return withoutAlpha(data, width, height, header.colourType === 0 || header.colourType === 4);
  } catch (error) {
    return invalid(`a damaged PNG file: ${faultOf(error)}`);
  }
}

function readHeader(file: Buffer): PngHeader | ImageFault {
  const data: Buffer[] = [];
  let head: Omit<PngHeader, 'data' | 'end'> | undefined;
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + length);
    if (at + 12 + length > file.length) break;
    if (!head) {
      if (type !== 'IHDR' || length !== 13) return invalid('a damaged PNG file: its first chunk is not IHDR');
      head = {
        width: body.readUInt32BE(0),
        height: body.readUInt32BE(4),
        bitDepth: body[8]!,
        colourType: body[9]!,
        isInterlaced: body[12] !== 0,
      };
    }
    if (type === 'IDAT') data.push(body);
    if (type === 'IEND')
      return data.length > 0
        ? { ...head, data, end: at + 12 + length }
        : invalid('a damaged PNG file: it has no pixels');
    at += 12 + length;
  }
  return invalid(`a truncated PNG file: it ends after ${file.length} bytes, before its end chunk`);
}

/**
 * The decoder would take missing pixels for black ones, and inflate all of an interlaced file whatever its header says: so the data must
 * inflate to exactly as many bytes as the header announces, and no more is ever inflated.
 */
function inflationFault(header: PngHeader): ImageFault | undefined {
  const { width, height, bitDepth, colourType, data } = header;
  // 255 bits a sample would make room for a bomb
  if (!colourTypes[colourType]?.depths.includes(bitDepth))
    return invalid(`a damaged PNG file: colour type ${colourType} of ${bitDepth} bits`);
  const expected = rawBytes(header);
  const size = `${width} × ${height} pixels`;
  try {
    const { length } = inflateSync(Buffer.concat(data), { maxOutputLength: expected });
    if (length === expected) return undefined;
    return invalid(`a damaged PNG file: it has ${length} of the ${expected} bytes of ${size}`);
  } catch (error) {
    return invalid(`a damaged PNG file: its data are not ${size} (${faultOf(error)})`);
  }
}

/** Start and step of the columns and rows of each pass (PNG specification, 8.2). */
const adam7 = [
  [0, 8, 0, 8],
  [4, 8, 0, 8],
  [0, 4, 4, 8],
  [2, 4, 0, 4],
  [0, 2, 2, 4],
  [1, 2, 0, 2],
  [0, 1, 1, 2],
] as const;

/** Each row is rounded up to bytes and has a byte for its filter. */
function rawBytes({ width, height, bitDepth, colourType, isInterlaced }: PngHeader): number {
  const bits = (colourTypes[colourType]?.samples ?? 0) * bitDepth;
  const plain = (columns: number, rows: number) =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * bits) / 8));
  if (!isInterlaced) return plain(width, height);
  const count = (size: number, start: number, step: number) => Math.ceil(Math.max(0, size - start) / step);
  return adam7.reduce(
    (sum, [column, columnStep, row, rowStep]) =>
      sum + plain(count(width, column, columnStep), count(height, row, rowStep)),
    0,
  );
}

function withoutAlpha(rgba: Uint8Array, width: number, height: number, isGrey: boolean): FileDecoding {
  const count = width * height;
  const channels = isGrey ? 1 : 3;
  const pixels = new Uint8Array(count * channels);
  for (let pixel = 0; pixel < count; pixel++) {
    const from = pixel * 4;
    if (rgba[from + 3] !== 255)
      return invalid('transparent pixels: what is behind them is not known; send it on a background');
    for (let channel = 0; channel < channels; channel++)
      pixels[pixel * channels + channel] = rgba[from + channel]!;
  }
  return { ok: true, width, height, channels, pixels };
}
