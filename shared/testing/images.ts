/** Test support: images made of functions, and the base64 that clients would send of them. */
import { PNG } from 'pngjs';
import type { Pixels } from '../images/pixels.ts';

/** A grey image; `at` answers a byte for a column and a row. */
export function greyImage(
  width: number,
  height: number,
  at: (column: number, row: number) => number,
): Pixels {
  const pixels = Uint8Array.from({ length: width * height }, (_, pixel) =>
    at(pixel % width, Math.floor(pixel / width)),
  );
  return { width, height, channels: 1, pixels };
}

/** A PNG file of it, grey or colour as it is. */
export function toPng({ width, height, channels, pixels }: Pixels): Buffer {
  const png = new PNG({ width, height, colorType: channels === 1 ? 0 : 2, inputHasAlpha: true });
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < 4; channel++)
      png.data[pixel * 4 + channel] =
        channel === 3 ? 255 : pixels[pixel * channels + Math.min(channel, channels - 1)]!;
  return PNG.sync.write(png, { colorType: channels === 1 ? 0 : 2, inputHasAlpha: true });
}

export function toBase64(image: Pixels): string {
  return toPng(image).toString('base64');
}
