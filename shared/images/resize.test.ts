import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { greyImage } from '../testing/images.ts';
import { resize, toChannels, toGrey } from './resize.ts';

const source = greyImage(7, 5, (x, y) => (x * 37 + y * 91 + ((x * y) % 7) * 13) % 256);

describe('resize', () => {
  // Pillow 13.0.0: Image.fromarray(source, 'L').resize(size, Image.BILINEAR)
  test.each([
    [3, 2, [110, 135, 141, 133, 129, 134]],
    [4, 4, [44, 107, 135, 180, 153, 159, 105, 139, 118, 132, 165, 146, 127, 149, 85, 113]],
    [7, 2, [79, 129, 121, 167, 92, 137, 176, 87, 163, 152, 109, 124, 163, 105]],
    [
      10,
      8,
      [
        [0, 20, 46, 72, 98, 124, 150, 176, 202, 222],
        [40, 63, 93, 123, 153, 144, 101, 131, 161, 184],
        [97, 124, 157, 181, 216, 165, 40, 77, 112, 140],
        [154, 186, 184, 102, 134, 125, 73, 115, 156, 189],
        [130, 168, 170, 94, 114, 129, 133, 161, 164, 157],
        [27, 69, 117, 159, 155, 176, 220, 214, 137, 46],
        [68, 114, 160, 182, 118, 94, 117, 148, 123, 79],
        [108, 157, 197, 195, 86, 27, 30, 93, 114, 113],
      ].flat(),
    ],
  ])('to %i × %i gives the bytes that Pillow gives', (width, height, expected) => {
    expect([...resize(source, width, height).pixels]).toEqual(expected);
  });

  test('keeps the channels of a pixel together', () => {
    const pixels = Uint8Array.of(10, 200, 30, 255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 34, 56);
    const small = resize({ width: 5, height: 1, channels: 3, pixels }, 2, 1);
    expect([...small.pixels]).toEqual([108, 122, 21, 15, 69, 122]);
  });

  test('does not alias: a fine checkerboard becomes even grey, whatever the phase', () => {
    for (const phase of [0, 1]) {
      const board = greyImage(64, 64, (x, y) => ((x + y + phase) % 2) * 255);
      const inner = resize(board, 8, 8).pixels;
      for (const byte of inner) expect(Math.abs(byte - 127.5)).toBeLessThan(2);
    }
  });

  test('stays within the bytes of the source, and changes nothing at its own size', () => {
    const size = fc.integer({ min: 1, max: 12 });
    const anyImage = fc
      .tuple(size, size)
      .chain(([width, height]) =>
        fc
          .uint8Array({ minLength: width * height, maxLength: width * height })
          .map((pixels) => ({ width, height, channels: 1 as const, pixels })),
      );
    fc.assert(
      fc.property(anyImage, size, size, (image, width, height) => {
        const { pixels } = resize(image, width, height);
        expect(pixels).toHaveLength(width * height);
        expect(Math.min(...pixels)).toBeGreaterThanOrEqual(Math.min(...image.pixels));
        expect(Math.max(...pixels)).toBeLessThanOrEqual(Math.max(...image.pixels));
        expect(resize(image, image.width, image.height).pixels).toEqual(image.pixels);
      }),
    );
  });
});

describe('channels', () => {
  test('colour becomes the luma of Pillow’s mode L', () => {
    const pixels = Uint8Array.of(10, 200, 30, 255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 34, 56);
    // Pillow 13.0.0: .convert('L')
    expect([...toGrey({ width: 5, height: 1, channels: 3, pixels })]).toEqual([124, 76, 150, 29, 30]);
  });

  test('grey is repeated where colour is wanted', () => {
    const grey = { width: 2, height: 1, channels: 1 as const, pixels: Uint8Array.of(3, 9) };
    expect([...toChannels(grey, 3).pixels]).toEqual([3, 3, 3, 9, 9, 9]);
  });
});
