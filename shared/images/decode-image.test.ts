import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { encode } from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { greyImage, toBase64, toPng } from '../testing/images.ts';
import { decodeImage, decodeImageFile } from './decode-image.ts';

const limits = { maxBytes: 100_000, maxPixels: 10_000 };
const ramp = greyImage(16, 8, (column, row) => column * 16 + row);

function chunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

interface PngParts {
  readonly width?: number;
  readonly height?: number;
  readonly bitDepth?: number;
  readonly colourType?: number;
  readonly interlace?: number;
  readonly raw: Uint8Array;
  readonly before?: readonly Buffer[];
}

/** A PNG put together by hand, so that it may be wrong. */
function png(parts: PngParts): Buffer {
  const { width = 2, height = 1, bitDepth = 8, colourType = 0, interlace = 0, raw, before = [] } = parts;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([bitDepth, colourType, 0, 0, interlace], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    ...before,
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', new Uint8Array()),
  ]);
}

const pixelsOf = (file: Uint8Array) => {
  const decoded = decodeImageFile(file, limits);
  return decoded.ok ? { channels: decoded.image.channels, pixels: [...decoded.image.pixels] } : decoded;
};
const reasonOf = (file: Uint8Array, within = limits) => {
  const decoded = decodeImageFile(file, within);
  return decoded.ok ? 'decoded' : `${decoded.code}: ${decoded.reason}`;
};

const colour = { width: 8, height: 8, data: new Uint8Array(256).fill(120) };
const jpeg = encode(colour, 90).data;
// Pillow 13.0.0, Image.new(mode, (8, 8), …).save(…, 'JPEG'): progressive RGB, grey and CMYK
const progressive = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wgARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAH/xAAUAQEAAAAAAAAAAAAAAAAAAAAD/9oADAMBAAIQAxAAAAGAX//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAQUCf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Bf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Bf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEABj8Cf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8hf//aAAwDAQACAAMAAAAQ9//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Qf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Qf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8Qf//Z',
  'base64',
);
const greyJpeg = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AO7//2Q==',
  'base64',
);
const cmyk = Buffer.from(
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwBQNzxGPDJQRkFGWlVQX3jIgnhubnj1r7mRyP///////////////////////////////////////////////////8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABQAAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/AGFlEv/Z',
  'base64',
);

describe('PNG and JPEG files', () => {
  test('come back as the pixels that went in, with the hash of the file', () => {
    expect(decodeImage(toBase64(ramp), limits)).toMatchObject({
      ok: true,
      image: { ...ramp, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  test('may be followed by what a program left behind them', () => {
    const file = png({ raw: Uint8Array.of(0, 7, 9) });
    expect(pixelsOf(Buffer.concat([file, Buffer.from('made by a telephone')]))).toEqual(pixelsOf(file));
    expect(pixelsOf(file)).toMatchObject({ channels: 1, pixels: [7, 9] });
  });

  test('of every colour type become 8-bit grey or RGB', () => {
    const palette = chunk('PLTE', Uint8Array.of(255, 0, 0, 0, 255, 0));
    expect(pixelsOf(png({ raw: Uint8Array.of(0, 7, 9) }))).toEqual({ channels: 1, pixels: [7, 9] });
    expect(pixelsOf(png({ bitDepth: 1, raw: Uint8Array.of(0, 0b0100_0000) }))).toEqual({
      channels: 1,
      pixels: [0, 255],
    });
    expect(pixelsOf(png({ bitDepth: 16, raw: Uint8Array.of(0, 0x80, 0x80, 0xff, 0xff) }))).toEqual({
      channels: 1,
      pixels: [128, 255],
    });
    expect(pixelsOf(png({ colourType: 2, raw: Uint8Array.of(0, 1, 2, 3, 4, 5, 6) }))).toEqual({
      channels: 3,
      pixels: [1, 2, 3, 4, 5, 6],
    });
    expect(pixelsOf(png({ colourType: 3, before: [palette], raw: Uint8Array.of(0, 1, 0) }))).toEqual({
      channels: 3,
      pixels: [0, 255, 0, 255, 0, 0],
    });
    expect(pixelsOf(png({ colourType: 4, raw: Uint8Array.of(0, 5, 255, 6, 255) }))).toEqual({
      channels: 1,
      pixels: [5, 6],
    });
  });

  test('of the JPEG kinds that cameras and web sites write are read: baseline, progressive, grey', () => {
    expect(pixelsOf(jpeg)).toMatchObject({ channels: 3, pixels: [...new Array(192).fill(120)] });
    // Pillow reads (198, 102, 52) of its own file
    expect(pixelsOf(progressive)).toMatchObject({ channels: 3 });
    expect((pixelsOf(progressive) as { pixels: number[] }).pixels.slice(0, 3)).toEqual([
      expect.closeTo(198, -1),
      expect.closeTo(102, -1),
      expect.closeTo(52, -1),
    ]);
    expect(pixelsOf(greyJpeg)).toEqual({ channels: 1, pixels: new Array(64).fill(77) });
  });

  test('are told apart by their bytes, not by the prefix of a data URL', () => {
    const text = toBase64(ramp);
    expect(decodeImage(`data:image/jpeg;base64,${text}`, limits)).toEqual(decodeImage(text, limits));
  });
});

describe('what is no image', () => {
  test.each([
    ['', 'empty'],
    ['aGVs bG8=', 'not base64: " " at character 4'],
    ['aGVsbG8_', 'not base64: "_" at character 7'],
    ['aGVsb', 'not base64: 5 characters cannot be whole bytes'],
    ['aGVsbG8==', 'not base64: 9 characters cannot be whole bytes'],
    ['aGVsbG8=', 'neither a PNG nor a JPEG file: it starts with 68 65 6c 6c 6f'],
    ['R0lGODlhAQABAAAAACw=', 'neither a PNG nor a JPEG file: it starts with 47 49 46 38 39 61 01 00'],
  ])('%j is refused: %s', (text, reason) => {
    expect(decodeImage(text, limits)).toMatchObject({
      ok: false,
      code: 'invalid',
      reason: expect.stringContaining(reason),
    });
  });

  test('a file cut short anywhere is refused, and never decoded half', () => {
    const file = toPng(ramp);
    for (const whole of [file, jpeg, progressive])
      for (let length = 8; length < whole.length; length++)
        expect(reasonOf(whole.subarray(0, length)), `${length} of ${whole.length} bytes`).toMatch(
          /^invalid: (a truncated|a damaged|an empty|neither)/,
        );
  });

  test.each([
    [
      'too few pixels',
      png({ height: 2, raw: Uint8Array.of(0, 7, 9) }),
      'it has 3 of the 6 bytes of 2 × 2 pixels',
    ],
    ['too many pixels', png({ raw: Uint8Array.of(0, 7, 9, 0) }), 'its data are not 2 × 1 pixels'],
    ['an unknown filter', png({ raw: Uint8Array.of(9, 7, 9) }), 'a damaged PNG file'],
    ['a colour type that is none', png({ colourType: 5, raw: Uint8Array.of(0) }), 'colour type 5'],
    [
      'tables that stand for nothing',
      Buffer.from(jpeg.toString('hex').replace('ffda000c03', 'ffda000c09'), 'hex'),
      'a damaged JPEG file: its tables and its data do not fit together',
    ],
    [
      'so many bits a sample that a bomb would fit',
      png({ bitDepth: 255, colourType: 6, raw: new Uint8Array(1000) }),
      'colour type 6 of 255 bits',
    ],
    ['no palette', png({ colourType: 3, raw: Uint8Array.of(0, 1, 0) }), 'a damaged PNG file'],
    ['no width', png({ width: 0, raw: Uint8Array.of(0) }), '0 × 1 pixels: both must be above 0'],
    [
      'see-through pixels',
      png({ colourType: 4, raw: Uint8Array.of(0, 5, 255, 6, 254) }),
      'transparent pixels',
    ],
    ['CMYK', cmyk, 'a JPEG file of 4 components (CMYK)'],
  ])('%s: refused by name', (_, file, reason) => {
    expect(reasonOf(file)).toContain(reason);
    expect(reasonOf(file)).toMatch(/^invalid: /);
  });

  test('any change of a byte gives an image or a reason, never an exception', () => {
    const small = toPng(greyImage(4, 4, (column, row) => 16 * column + row));
    const anyDamage = fc.tuple(
      fc.constantFrom<Uint8Array>(small, jpeg, progressive, greyJpeg),
      fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { minLength: 1, maxLength: 3 }),
    );
    fc.assert(
      fc.property(anyDamage, ([file, changes]) => {
        const damaged = Uint8Array.from(file);
        for (const [at, byte] of changes) damaged[8 + (at % (damaged.length - 8))] = byte;
        const decoded = decodeImageFile(damaged, limits);
        if (decoded.ok)
          expect(decoded.image.pixels).toHaveLength(
            decoded.image.width * decoded.image.height * decoded.image.channels,
          );
        else expect(decoded.reason.length).toBeGreaterThan(10);
      }),
      { numRuns: 500 },
    );
  });
});

describe('limits', () => {
  const cap = (maxPixels: number) => ({ ...limits, maxPixels });

  test('a pixel over the cap is refused and one at it is not', () => {
    expect(reasonOf(toPng(ramp), cap(128))).toBe('decoded');
    expect(reasonOf(toPng(ramp), cap(127))).toBe('too_large: 16 × 8 is 128 pixels; at most 127 are allowed');
    expect(reasonOf(jpeg, cap(64))).toBe('decoded');
    expect(reasonOf(jpeg, cap(63))).toBe('too_large: 8 × 8 is 64 pixels; at most 63 are allowed');
  });

  test('size is read from the header: a bomb of 10 gigapixels costs nothing', () => {
    const bomb = png({ width: 100_000, height: 100_000, raw: new Uint8Array(10_000) });
    const started = performance.now();
    expect(reasonOf(bomb)).toMatch(/^too_large: 100000 × 100000 is 10000000000 pixels/);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('a small header over much data is refused too, also where the decoder would inflate all of it', () => {
    const interlaced = png({ width: 2, height: 2, interlace: 1, raw: new Uint8Array(50_000_000) });
    expect(reasonOf(interlaced)).toMatch(/^invalid: a damaged PNG file: its data are not 2 × 2 pixels/);
    const valid = png({ width: 2, height: 2, interlace: 1, raw: Uint8Array.of(0, 1, 0, 2, 0, 3, 4) });
    expect(pixelsOf(valid)).toEqual({ channels: 1, pixels: [1, 2, 3, 4] });
  });

  test('a JPEG of a hundred scans is read and one of more is not: each goes over all blocks again', () => {
    const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
    const [before, one] = [jpeg.subarray(0, scan), jpeg.subarray(scan, -2)];
    const scans = (count: number) =>
      Buffer.concat([before, ...new Array(count).fill(one), jpeg.subarray(-2)]);
    expect(reasonOf(scans(100))).toBe('decoded');
    expect(reasonOf(scans(101))).toBe(
      'invalid: a JPEG file of more than 100 scans; encoders write about ten',
    );
  });

  test('and the larger the image, the fewer scans: twenty of the largest', () => {
    const file = Buffer.from(jpeg);
    // height and width stand five bytes into the frame's segment
    file.set([8, 0, 8, 0], file.indexOf(Buffer.from([0xff, 0xc0])) + 5);
    const scan = file.indexOf(Buffer.from([0xff, 0xda]));
    const scans = (count: number) =>
      Buffer.concat([
        file.subarray(0, scan),
        ...new Array(count).fill(file.subarray(scan, -2)),
        file.subarray(-2),
      ]);
    expect(reasonOf(scans(20))).toMatch(/^too_large: 2048 × 2048/);
    expect(reasonOf(scans(21))).toMatch(/^invalid: a JPEG file of 21 scans of 2048 × 2048 pixels/);
  });

  test('bytes count before anything else does', () => {
    const text = toBase64(ramp);
    const bytes = Buffer.from(text, 'base64').length;
    expect(decodeImage(text, { ...limits, maxBytes: bytes }).ok).toBe(true);
    expect(decodeImage(text, { ...limits, maxBytes: bytes - 1 })).toMatchObject({ code: 'too_large' });
    expect(decodeImage('#'.repeat(1_000_000), limits)).toMatchObject({ code: 'too_large' });
  });

  test('a request is asked for the pixels of each image, and may say no', () => {
    const asked: number[] = [];
    const takePixels = (pixels: number) => asked.push(pixels) < 2;
    expect(decodeImageFile(toPng(ramp), { ...limits, takePixels }).ok).toBe(true);
    expect(decodeImageFile(toPng(ramp), { ...limits, takePixels })).toMatchObject({
      code: 'too_large',
      reason: expect.stringContaining('too many for one request'),
    });
    expect(asked).toEqual([128, 128]);
  });
});
