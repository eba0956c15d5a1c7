/** Pixels to the size and channels a graph takes, with the same figures as Pillow's, in which most image models are trained. */
import type { Pixels } from './pixels.ts';

/** Weights are whole multiples of 2⁻²², which makes every sum exact and each tie round as in Pillow. */
const weightBits = 22;

/** The source pixels behind one target pixel, and how much each counts. */
interface Tap {
  readonly start: number;
  readonly weights: Int32Array;
}

/**
 * Resizes by a triangle filter: bilinear when growing, and when shrinking as wide as the target's pixels are in the source, so that
 * every source pixel counts and fine patterns do not alias. Rows first, then columns, each rounded to bytes, as
 * `Image.resize(size, Image.BILINEAR)` of Pillow does; the aspect is not kept.
 *
 * @param image 1 or 3 channels
 * @param width target, pixels, ≥ 1
 * @param height target, pixels, ≥ 1
 * @example resize({ width: 2, height: 1, channels: 1, pixels: Uint8Array.of(0, 100) }, 1, 1).pixels // Uint8Array [50]
 */
export function resize(image: Pixels, width: number, height: number): Pixels {
  const across = image.width === width ? image : resizeRows(image, width);
  return across.height === height ? across : resizeColumns(across, height);
}

function resizeRows(image: Pixels, width: number): Pixels {
  const { height, channels } = image;
  const pixels = new Uint8Array(width * height * channels);
  const taps = tapsOf(image.width, width);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const from = (row * image.width + taps[column]!.start) * channels;
      mix(
        image.pixels,
        from,
        channels,
        taps[column]!.weights,
        pixels,
        (row * width + column) * channels,
        channels,
      );
    }
  return { width, height, channels, pixels };
}

function resizeColumns(image: Pixels, height: number): Pixels {
  const { width, channels } = image;
  const pixels = new Uint8Array(width * height * channels);
  const stride = width * channels;
  tapsOf(image.height, height).forEach(({ start, weights }, row) => {
    mix(image.pixels, start * stride, stride, weights, pixels, row * stride, stride);
  });
  return { width, height, channels, pixels };
}

/** `count` neighbouring bytes, each the weighted mean of bytes `stride` apart. */
function mix(
  source: Uint8Array,
  from: number,
  stride: number,
  weights: Int32Array,
  target: Uint8Array,
  to: number,
  count: number,
): void {
  for (let at = 0; at < count; at++) {
    let sum = 1 << (weightBits - 1);
    for (let tap = 0; tap < weights.length; tap++) sum += weights[tap]! * source[from + at + tap * stride]!;
    target[to + at] = sum >> weightBits;
  }
}

function tapsOf(source: number, target: number): Tap[] {
  const scale = source / target;
  const support = Math.max(scale, 1);
  return Array.from({ length: target }, (_, at) => {
    const centre = (at + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - support + 0.5));
    const end = Math.min(source, Math.floor(centre + support + 0.5));
    const weights = new Float64Array(end - start);
    let total = 0;
    for (let tap = 0; tap < weights.length; tap++) {
      const weight = Math.max(0, 1 - Math.abs((start + tap - centre + 0.5) / support));
      weights[tap] = weight;
      total += weight;
    }
    const unit = 2 ** weightBits / total;
    return { start, weights: Int32Array.from(weights, (weight) => Math.floor(weight * unit + 0.5)) };
  });
}

/** Luma of ITU-R BT.601 in whole numbers, as Pillow's mode "L": (19595 R + 38470 G + 7471 B) / 65536, rounded. */
export function toGrey({ width, height, channels, pixels }: Pixels): Uint8Array {
  if (channels === 1) return pixels;
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at++)
    grey[at] =
      (19595 * pixels[at * 3]! + 38470 * pixels[at * 3 + 1]! + 7471 * pixels[at * 3 + 2]! + 0x8000) >> 16;
  return grey;
}

/** Grey repeated on three channels, or colour as luma, where the model's channels differ from the image's. */
export function toChannels(image: Pixels, channels: 1 | 3): Pixels {
  if (image.channels === channels) return image;
  const { width, height } = image;
  if (channels === 1) return { width, height, channels, pixels: toGrey(image) };
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < pixels.length; at++) pixels[at] = image.pixels[Math.floor(at / 3)]!;
  return { width, height, channels, pixels };
}
