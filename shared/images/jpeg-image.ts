/** JPEG files: their segments are walked first for size, components, scans and end; then the decoder may run. */
import { decode } from 'jpeg-js';
import { type FileDecoding, faultOf, type ImageFault, invalid } from './pixels.ts';

interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly components: number;
}

/** Each scan of a progressive file goes over every block: encoders write about ten, a hostile file hundreds of thousands. */
const maxScans = 100;
/** Pixels of all scans together: twenty scans of the largest image, two or three seconds of work. */
const maxScannedPixels = 20 * 2048 * 2048;
/** The decoder's own limit: coefficients, blocks and pixels of four million pixels take a third of it. */
const maxMemoryMb = 400;

/**
 * @param file with a JPEG's first three bytes
 * @param checkSize is asked before decoding
 */
export function readJpeg(
  file: Buffer,
  checkSize: (width: number, height: number) => ImageFault | undefined,
): FileDecoding {
  const header = readHeader(file);
  if ('ok' in header) return header;
  const { width, height, components } = header;
  const fault = checkSize(width, height) ?? componentFault(components);
  if (fault) return fault;
  try {
    const { data } = decode(file, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxMemoryUsageInMB: maxMemoryMb,
      maxResolutionInMP: Math.ceil((width * height) / 1e6) + 1,
    });
    if (components === 3) return { ok: true, width, height, channels: 3, pixels: data };
    return { ok: true, width, height, channels: 1, pixels: data.filter((_, at) => at % 3 === 0) };
  } catch (error) {
    return invalid(`a damaged JPEG file: ${faultOf(error)}`);
  }
}

function componentFault(components: number): ImageFault | undefined {
  if (components === 1 || components === 3) return undefined;
  return invalid(
    `a JPEG file of ${components} components${components === 4 ? ' (CMYK)' : ''}; grey (1) or colour (3) is expected`,
  );
}

function readHeader(file: Buffer): JpegHeader | ImageFault {
  let header: JpegHeader | undefined;
  let scans = 0;
  for (let at = nextMarker(file, 2); at >= 0; at = nextMarker(file, at)) {
    const marker = file[at + 1]!;
    if (marker === 0xd9) {
      if (!header || scans === 0) return invalid('a damaged JPEG file: it has no image data');
      const { width, height } = header;
      if (scans * width * height <= maxScannedPixels) return header;
      return invalid(
        `a JPEG file of ${scans} scans of ${width} × ${height} pixels; encoders write about ten`,
      );
    }
    if (at + 4 > file.length) break;
    const length = file.readUInt16BE(at + 2);
    if (at + 2 + length > file.length) break;
    if (isFrame(marker)) {
      if (header) return invalid('a damaged JPEG file: it has more than one frame');
      if (length < 8) return invalid('a damaged JPEG file: its frame header is too short');
      const [precision, height, width] = [file[at + 4], file.readUInt16BE(at + 5), file.readUInt16BE(at + 7)];
      if (marker > 0xc2 || precision !== 8)
        return invalid('a JPEG file of a rare kind; 8-bit baseline and progressive ones are read');
      header = { width, height, components: file[at + 9]! };
    }
    if (marker === 0xda && ++scans > maxScans)
      return invalid(`a JPEG file of more than ${maxScans} scans; encoders write about ten`);
    at += 2 + length;
  }
  return invalid(`a truncated JPEG file: it ends after ${file.length} bytes, before its end marker`);
}

/** C0 to CF start a frame, but for the tables C4 and CC and the reserved C8. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Of the next segment; passes compressed data, in which FF is followed by 0 or a restart, and fill bytes. */
function nextMarker(file: Buffer, from: number): number {
  for (let at = file.indexOf(0xff, from); at >= 0 && at + 1 < file.length; at = file.indexOf(0xff, at + 1)) {
    const marker = file[at + 1]!;
    const isInData = marker === 0 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    if (!isInData && marker !== 0xff) return at;
  }
  return -1;
}
