/** An image as clients send it, base64 of a PNG or JPEG file → pixels, or the reason why not. Nothing is decoded unmeasured. */
import { createHash } from 'node:crypto';
import { readJpeg } from './jpeg-image.ts';
import { type FileDecoding, type ImageFault, invalid, type Pixels, tooLarge } from './pixels.ts';
import { readPng } from './png-image.ts';

export interface DecodedImage extends Pixels {
  /** The file as it was sent. */
  readonly file: Uint8Array;
  /** Of the file, hex. */
  readonly sha256: string;
}

export interface ImageLimits {
  /** Of the file. */
  readonly maxBytes: number;
  /** Width × height. */
  readonly maxPixels: number;
  /** Asked once for each image before it is decoded: whether a request may have so many pixels more. */
  readonly takePixels?: (pixels: number) => boolean;
}

/** A phone's full frame is 12 million pixels; no graph is given more than 4 million. */
export const defaultImageLimits: ImageLimits = { maxBytes: 8 * 1024 * 1024, maxPixels: 2048 * 2048 };

export type ImageDecoding = { readonly ok: true; readonly image: DecodedImage } | ImageFault;

/**
 * Decodes one image. The format is told by the first bytes, whatever a `data:` prefix says; size is read from the header and held
 * against the limits before any pixel is decoded. Grey and palette images and 16-bit ones become 8-bit grey or RGB; a JPEG's EXIF
 * orientation is not applied, as most training pipelines do not.
 *
 * @param text base64, padded or not, with or without a `data:image/…;base64,` prefix
 * @param limits of the file and of its pixels
 * @returns the pixels; `too_large` for an image over a limit; `invalid` for text that is no base64, a file that is neither PNG nor
 *   JPEG, is damaged or truncated, has transparent pixels or is in CMYK
 * @example decodeImage('aGVsbG8=') // { ok: false, code: 'invalid', reason: 'neither a PNG nor a JPEG file: it starts with 68 65 6c 6c 6f' }
 */
export function decodeImage(text: string, limits: ImageLimits = defaultImageLimits): ImageDecoding {
  const encoded = text.replace(/^data:[^,]{0,100};base64,/i, '');
  const bytes = Math.floor((encoded.length * 3) / 4);
  if (bytes > limits.maxBytes + 2)
    return tooLarge(`the file has about ${bytes} bytes; at most ${limits.maxBytes} are allowed`);
  const fault = base64Fault(encoded);
  if (fault !== undefined) return invalid(fault);
  return decodeImageFile(Buffer.from(encoded, 'base64'), limits);
}

/** As {@link decodeImage}, from the bytes of a file. */
export function decodeImageFile(file: Uint8Array, limits: ImageLimits = defaultImageLimits): ImageDecoding {
  if (file.length > limits.maxBytes)
    return tooLarge(`the file has ${file.length} bytes; at most ${limits.maxBytes} are allowed`);
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const read = readerOf(buffer);
  if (!read) return invalid(unknownFormat(buffer));
  const decoded = read(buffer, (width, height) => sizeFault(width, height, limits));
  if (!decoded.ok) return decoded;
  const { width, height, channels, pixels } = decoded;
  const sha256 = createHash('sha256').update(buffer).digest('hex');
  return { ok: true, image: { width, height, channels, pixels, file: buffer, sha256 } };
}

function base64Fault(encoded: string): string | undefined {
  if (encoded === '') return 'empty; base64 of a PNG or JPEG file is expected';
  const body = encoded.replace(/={1,2}$/, '');
  const strange = /[^A-Za-z0-9+/]/.exec(body);
  if (strange) return `not base64: ${JSON.stringify(strange[0])} at character ${strange.index}`;
  const isCut = body.length % 4 === 1 || (body !== encoded && encoded.length % 4 !== 0);
  return isCut ? `not base64: ${encoded.length} characters cannot be whole bytes` : undefined;
}

type Reader = (
  file: Buffer,
  checkSize: (width: number, height: number) => ImageFault | undefined,
) => FileDecoding;

const formats: readonly { readonly magic: readonly number[]; readonly read: Reader }[] = [
  { magic: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], read: readPng },
  { magic: [0xff, 0xd8, 0xff], read: readJpeg },
];

function readerOf(file: Buffer): Reader | undefined {
  return formats.find(({ magic }) => magic.every((byte, at) => file[at] === byte))?.read;
}

function unknownFormat(file: Buffer): string {
  if (file.length === 0) return 'an empty file; a PNG or JPEG is expected';
  const start = [...file.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `neither a PNG nor a JPEG file: it starts with ${start}`;
}

function sizeFault(
  width: number,
  height: number,
  { maxPixels, takePixels }: ImageLimits,
): ImageFault | undefined {
  if (width === 0 || height === 0) return invalid(`${width} × ${height} pixels: both must be above 0`);
  const pixels = width * height;
  const size = `${width} × ${height} is ${pixels} pixels`;
  if (pixels > maxPixels) return tooLarge(`${size}; at most ${maxPixels} are allowed`);
  if (takePixels?.(pixels) === false)
    return tooLarge(`${size}; with the images before it that is too many for one request, so send fewer`);
  return undefined;
}
