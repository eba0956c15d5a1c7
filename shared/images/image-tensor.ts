/** Decoded images → the float tensor a graph takes: channels, size, normalisation and order of axes as its schema says. */

import type { ImageSpec } from './image-spec.ts';
import type { Pixels } from './pixels.ts';
import { resize, toChannels } from './resize.ts';

/** A tensor of rows, the dimensions of one row apart. */
export interface ImageTensor {
  readonly values: Float32Array;
  readonly rowShape: readonly number[];
}

export function rowShapeOf({ width, height, channels, layout }: ImageSpec): readonly number[] {
  return layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
}

/**
 * Every value is (byte × scale − mean) / std of its channel; grey is made before resizing, bytes before floats.
 *
 * @example imageTensor({ width: 1, height: 1, channels: 1, layout: 'NCHW', scale: 1 / 255, store_inputs: false },
 *   [{ width: 1, height: 1, channels: 1, pixels: Uint8Array.of(51) }]) // { values: [0.2], rowShape: [1, 1, 1] }
 */
export function imageTensor(spec: ImageSpec, images: readonly Pixels[]): ImageTensor {
  const { width, height, channels, layout } = spec;
  const perRow = width * height * channels;
  const values = new Float32Array(images.length * perRow);
  const byByte = tablesOf(spec);
  images.forEach((image, row) => {
    const { pixels } = resize(toChannels(image, channels), width, height);
    for (let at = 0; at < perRow; at++) {
      const channel = at % channels;
      const to = layout === 'NHWC' ? at : channel * width * height + (at - channel) / channels;
      values[row * perRow + to] = byByte[channel]![pixels[at]!]!;
    }
  });
  return { values, rowShape: rowShapeOf(spec) };
}

/** The value of each byte, by channel. */
function tablesOf({ channels, scale, mean, std }: ImageSpec): readonly Float32Array[] {
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from(
      { length: 256 },
      (_, byte) => (byte * scale - (mean?.[channel] ?? 0)) / (std?.[channel] ?? 1),
    ),
  );
}
