import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { greyImage } from '../testing/images.ts';
import { describeImage, descriptorNames } from './descriptors.ts';
import type { Pixels } from './pixels.ts';
import { resize } from './resize.ts';

const byteOf = ({ width, pixels }: Pixels, x: number, y: number) => pixels[y * width + x]!;
/** Clockwise by 90°. */
const turned = (image: Pixels) =>
  greyImage(image.height, image.width, (x, y) => byteOf(image, y, image.height - 1 - x));
const blurred = (image: Pixels) =>
  resize(resize(image, image.width / 4, image.height / 4), image.width, image.height);
const darkened = (image: Pixels, factor: number) =>
  greyImage(image.width, image.height, (x, y) => byteOf(image, x, y) * factor);

/** Stripes at 30°, brighter to the bottom. */
const stripes = greyImage(32, 32, (x, y) => 90 + 2 * y + 80 * Math.sin(x * 0.87 + y * 0.5));

describe('describeImage', () => {
  test('brightness and contrast are mean and deviation as shares of 255', () => {
    const half = greyImage(4, 4, (x) => (x < 2 ? 0 : 255));
    expect(describeImage(half, 1)).toMatchObject({
      width: 4,
      height: 4,
      aspect: 1,
      brightness: 0.5,
      contrast: 0.5,
    });
  });

  test('sharpness is 64 for a checkerboard, the sharpest of all, and falls when an image is blurred', () => {
    const board = greyImage(10, 10, (x, y) => ((x + y) % 2) * 255);
    // every Laplacian is ±4 · 255, of mean 0, against a variance of (255 / 2)²
    expect(describeImage(board, 1).sharpness).toBe(64);
    expect(describeImage(blurred(stripes), 1).sharpness).toBeLessThan(
      0.5 * (describeImage(stripes, 1).sharpness as number),
    );
  });

  test('darkness changes brightness and neither sharpness nor orientation', () => {
    const [before, after] = [describeImage(stripes, 1), describeImage(darkened(stripes, 0.4), 1)];
    expect(after.brightness).toBeCloseTo(0.4 * (before.brightness as number), 2);
    expect(after.sharpness).toBeCloseTo(before.sharpness as number, 1);
    expect(after.orientation_cos).toBeCloseTo(before.orientation_cos as number, 1);
  });

  test('orientation turns by twice the angle: vertical edges are at 1, horizontal at −1, diagonal ones at ±1 of the sine', () => {
    const at = (angle: number) => {
      const [x0, y0] = [Math.cos(angle), Math.sin(angle)];
      const { orientation_cos: cos, orientation_sin: sin } = describeImage(
        greyImage(64, 64, (x, y) => 128 + 100 * Math.sin(0.4 * (x * x0 + y * y0))),
        1,
      );
      return [cos, sin];
    };
    for (const degrees of [0, 30, 45, 90, 135]) {
      const angle = (degrees * Math.PI) / 180;
      const [cos, sin] = at(angle) as [number, number];
      expect(cos, `cosine at ${degrees}°`).toBeCloseTo(Math.cos(2 * angle), 1);
      expect(sin, `sine at ${degrees}°`).toBeCloseTo(Math.sin(2 * angle), 1);
    }
  });

  test('a quarter turn reverses orientation; half a turn keeps it and reverses the balance', () => {
    const [before, quarter, half] = [stripes, turned(stripes), turned(turned(stripes))].map((image) =>
      describeImage(image, 1),
    ) as [Described, Described, Described];
    expect(quarter.orientation_cos).toBeCloseTo(-before.orientation_cos!, 6);
    expect(quarter.orientation_sin).toBeCloseTo(-before.orientation_sin!, 6);
    expect(half.orientation_cos).toBeCloseTo(before.orientation_cos!, 6);
    expect(before.balance_y).toBeGreaterThan(0.05);
    expect(half.balance_y).toBeCloseTo(-before.balance_y!, 6);
    for (const name of ['brightness', 'contrast', 'sharpness'])
      expect(quarter[name]).toBeCloseTo(before[name]!, 6);
  });
  type Described = Readonly<Record<string, number | null>>;

  test('channels are told apart, for models of colour only', () => {
    const red = { width: 1, height: 2, channels: 3 as const, pixels: Uint8Array.of(255, 0, 51, 0, 0, 51) };
    expect(describeImage(red, 3)).toMatchObject({
      red_mean: 0.5,
      red_std: 0.5,
      green_mean: 0,
      blue_mean: 0.2,
      blue_std: 0,
    });
    expect(describeImage(red, 1)).not.toHaveProperty('red_mean');
    const grey = greyImage(2, 2, () => 51);
    expect(describeImage(grey, 3)).toMatchObject({ red_mean: 0.2, green_mean: 0.2, blue_mean: 0.2 });
  });

  test('what a flat, black or tiny image does not have is missing, not a number', () => {
    expect(
      describeImage(
        greyImage(5, 5, () => 0),
        1,
      ),
    ).toEqual({
      width: 5,
      height: 5,
      aspect: 1,
      brightness: 0,
      contrast: 0,
      sharpness: null,
      orientation_cos: null,
      orientation_sin: null,
      balance_x: null,
      balance_y: null,
    });
    expect(
      describeImage(
        greyImage(2, 2, (x) => 100 * x),
        1,
      ),
    ).toMatchObject({ sharpness: null });
  });

  test('every figure of every image is missing or within its range', () => {
    const ranges: Readonly<Record<string, readonly [number, number]>> = {
      brightness: [0, 1],
      contrast: [0, 0.5],
      sharpness: [0, 200],
      orientation_cos: [-1, 1],
      orientation_sin: [-1, 1],
      balance_x: [-1, 1],
      balance_y: [-1, 1],
      red_mean: [0, 1],
      blue_std: [0, 0.5],
    };
    const anyImage = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
      .chain(([width, height]) =>
        fc
          .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
          .map((pixels) => ({ width, height, channels: 3 as const, pixels })),
      );
    fc.assert(
      fc.property(anyImage, (image) => {
        const described = describeImage(image, 3);
        expect(Object.keys(described)).toEqual(descriptorNames(3));
        for (const [name, [low, high]] of Object.entries(ranges)) {
          const value = described[name];
          if (value === null) continue;
          expect(value, name).toBeGreaterThanOrEqual(low);
          expect(value, name).toBeLessThanOrEqual(high);
        }
      }),
    );
  });
});
