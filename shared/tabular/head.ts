/** The first bytes of a file, as many as its first records need. */
import { InvalidDataError } from '../errors.ts';
import { openBytes } from './byte-source.ts';

const headBytes = 64 << 10;
const maxHeadBytes = 16 << 20;

export interface Head {
  readonly bytes: Uint8Array;
  /** Whether this is all there is. */
  readonly isAll: boolean;
}

/** @param isEnough whether the bytes read so far will do; asked until they do or the file ends */
export async function readHead(
  file: string,
  isGzipped: boolean,
  isEnough: (bytes: Uint8Array) => boolean,
): Promise<Head> {
  const source = await openBytes(file, isGzipped);
  try {
    let bytes = new Uint8Array(headBytes);
    let filled = 0;
    for (;;) {
      const count = await source.read(bytes, filled, bytes.length - filled);
      filled += count;
      if (count === 0) return { bytes: bytes.subarray(0, filled), isAll: true };
      if (filled < bytes.length) continue;
      if (isEnough(bytes)) return { bytes, isAll: false };
      if (filled >= maxHeadBytes)
        throw new InvalidDataError(
          `${file}: not a table: the first line is longer than ${maxHeadBytes >> 20} MB`,
        );
      const larger = new Uint8Array(2 * bytes.length);
      larger.set(bytes);
      bytes = larger;
    }
  } finally {
    await source.close();
  }
}

/** Throws when the bytes are not text in an encoding of which UTF-8 or Latin-1 makes sense. */
export function checkText(file: string, bytes: Uint8Array): void {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) throw new InvalidDataError(`${file}: the text is UTF-16; save it as UTF-8`);
  if (bytes.includes(0))
    throw new InvalidDataError(`${file}: not a text file: it has zero bytes; UTF-8 text is expected`);
}

/** Bytes of a byte order mark in front. */
export function markBytes(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}
