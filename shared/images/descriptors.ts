/** What monitoring sees of an image: a few figures of its original pixels, each blind to what the others tell. */
import type { Pixels } from './pixels.ts';
import { toGrey } from './resize.ts';

const always = [
  'width',
  'height',
  'aspect',
  'brightness',
  'contrast',
  'sharpness',
  'orientation_cos',
  'orientation_sin',
  'balance_x',
  'balance_y',
] as const;
const ofColour = ['red_mean', 'red_std', 'green_mean', 'green_std', 'blue_mean', 'blue_std'] as const;

type Descriptor = (typeof always)[number] | (typeof ofColour)[number];

/** Of a model that takes so many channels, in the order of its columns. */
export function descriptorNames(channels: 1 | 3): readonly Descriptor[] {
  return channels === 1 ? always : [...always, ...ofColour];
}

/**
 * The descriptors of one image; I is luma / 255 (BT.601), of a pixel.
 *
 * - `width`, `height` in pixels; `aspect` is width / height.
 * - `brightness`, mean of I, 0 … 1; `contrast`, standard deviation of I, 0 … 0.5.
 * - `sharpness`, the variance of the Laplacian (4 neighbours, inner pixels; Pech-Pacheco et al. 2000) divided by the variance of I:
 *   0 … about 70, below 1 when blurred. The division makes it blind to light: a darker image is not a blurrier one.
 * - `orientation_cos`, `orientation_sin`: the structure tensor's (Jxx − Jyy, 2 Jxy) / (Jxx + Jyy), both −1 … 1, that is coherence ×
 *   (cos 2θ, sin 2θ) of the dominant gradient direction θ (Bigün and Granlund 1987). Turning an image by φ turns this vector by 2φ; unlike
 *   the angle itself it has no jump, and is near 0 where no direction prevails.
 * - `balance_x`, `balance_y`: where the light's centre of mass is, −1 (left, top) … 1 (right, bottom); tells an image from one upside
 *   down, which the orientation cannot.
 * - `red_mean` … `blue_std`: of the channel / 255; for models of colour.
 *
 * @returns six decimals each; null where it is undefined: sharpness and orientation of a flat image or one under 3 pixels, balance of
 *   a black one
 * @example describeImage(allBlack, 1).brightness // 0
 */
export function describeImage(image: Pixels, channels: 1 | 3): Readonly<Record<string, number | null>> {
  const grey = toGrey(image);
  const { width, height } = image;
  const { mean, variance } = momentsOf(grey, 0, 1);
  const found: Record<Descriptor, number> = {
    width,
    height,
    aspect: width / height,
    brightness: mean,
    contrast: Math.sqrt(variance),
    ...edgesOf(grey, width, height, variance),
    ...balanceOf(grey, width, height),
    ...colourOf(image),
  };
  return Object.fromEntries(descriptorNames(channels).map((name) => [name, rounded(found[name])]));
}

function rounded(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : null;
}

/** Of bytes `stride` apart, as shares of 255; whole-number sums, so nothing is lost. */
function momentsOf(bytes: Uint8Array, from: number, stride: number): { mean: number; variance: number } {
  let sum = 0;
  let squares = 0;
  for (let at = from; at < bytes.length; at += stride) {
    const byte = bytes[at]!;
    sum += byte;
    squares += byte * byte;
  }
  const count = bytes.length / stride;
  return { mean: sum / count / 255, variance: (count * squares - sum * sum) / (count * 255) ** 2 };
}

function colourOf({ pixels, channels }: Pixels): Record<(typeof ofColour)[number], number> {
  const [red, green, blue] = [0, 1, 2].map((channel) =>
    momentsOf(pixels, channels === 3 ? channel : 0, channels),
  ) as [Moments, Moments, Moments];
  return {
    red_mean: red.mean,
    red_std: Math.sqrt(red.variance),
    green_mean: green.mean,
    green_std: Math.sqrt(green.variance),
    blue_mean: blue.mean,
    blue_std: Math.sqrt(blue.variance),
  };
}
type Moments = ReturnType<typeof momentsOf>;

/** Laplacian and central differences of the inner pixels, in one pass. */
function edgesOf(grey: Uint8Array, width: number, height: number, variance: number) {
  let sum = 0;
  let squares = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let row = 1; row < height - 1; row++)
    for (let at = row * width + 1; at < (row + 1) * width - 1; at++) {
      const dx = grey[at + 1]! - grey[at - 1]!;
      const dy = grey[at + width]! - grey[at - width]!;
      const laplacian = grey[at + 1]! + grey[at - 1]! + grey[at + width]! + grey[at - width]! - 4 * grey[at]!;
      sum += laplacian;
      squares += laplacian * laplacian;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
  const inner = Math.max(0, width - 2) * Math.max(0, height - 2);
  return {
    sharpness: (inner * squares - sum * sum) / (inner * 255) ** 2 / variance,
    orientation_cos: (xx - yy) / (xx + yy),
    orientation_sin: (2 * xy) / (xx + yy),
  };
}

function balanceOf(grey: Uint8Array, width: number, height: number) {
  let light = 0;
  let x = 0;
  let y = 0;
  for (let row = 0; row < height; row++) {
    let ofRow = 0;
    for (let column = 0; column < width; column++) {
      const byte = grey[row * width + column]!;
      ofRow += byte;
      x += byte * (column + 0.5);
    }
    light += ofRow;
    y += ofRow * (row + 0.5);
  }
  return { balance_x: (2 * x) / light / width - 1, balance_y: (2 * y) / light / height - 1 };
}
