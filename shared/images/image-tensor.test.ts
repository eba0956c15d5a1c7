import { describe, expect, test } from 'vitest';
import { imageSpecSchema } from './image-spec.ts';
import { imageTensor } from './image-tensor.ts';

const pixels = Uint8Array.of(0, 51, 102, 153, 204, 255);
const image = { width: 2, height: 1, channels: 3 as const, pixels };
const spec = (fields: object) => imageSpecSchema.parse({ width: 2, height: 1, channels: 3, ...fields });
const rounded = (values: Float32Array) => [...values].map((value) => Number(value.toFixed(4)));

describe('imageTensor', () => {
  test('lays channels out one after another, or pixel by pixel', () => {
    const first = imageTensor(spec({}), [image]);
    expect(first.rowShape).toEqual([3, 1, 2]);
    expect(rounded(first.values)).toEqual([0, 0.6, 0.2, 0.8, 0.4, 1]);
    const last = imageTensor(spec({ layout: 'NHWC' }), [image]);
    expect(last.rowShape).toEqual([1, 2, 3]);
    expect(rounded(last.values)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  test('scales, then takes the mean off, then divides by the deviation, each by channel', () => {
    const { values } = imageTensor(spec({ scale: 1, mean: [0, 51, 100], std: [1, 2, 0.5] }), [image]);
    expect(rounded(values)).toEqual([0, 153, 0, 76.5, 4, 310]);
  });

  test('holds images of any size and kind as rows of one shape', () => {
    const grey = { width: 4, height: 2, channels: 1 as const, pixels: new Uint8Array(8).fill(255) };
    const { values } = imageTensor(spec({}), [grey, image]);
    expect(values).toHaveLength(12);
    expect(rounded(values.subarray(0, 6))).toEqual(new Array(6).fill(1));
    expect(rounded(values.subarray(6))).toEqual([0, 0.6, 0.2, 0.8, 0.4, 1]);
  });
});

describe('imageSpecSchema', () => {
  test.each([
    [{ channels: 2 }, /channels/],
    [{ mean: [0.5] }, /1 values for 3 channels/],
    [{ std: [1, 0, 1] }, /std/],
    [{ width: 0 }, /width/],
    [{ width: 2049 }, /width/],
    [{ layout: 'HWC' }, /layout/],
  ])('refuses %j', (fields, message) => {
    expect(() => spec(fields)).toThrow(message);
  });

  test('scales bytes to 0 … 1 and keeps no image unless told otherwise', () => {
    expect(spec({})).toMatchObject({ layout: 'NCHW', scale: 1 / 255, store_inputs: false });
  });
});
