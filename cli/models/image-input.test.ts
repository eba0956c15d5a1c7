import { describe, expect, test } from 'vitest';
import { readEmbedding } from './image-embedding.ts';
import { imageSpecOf } from './image-input.ts';
import { type GivenImage, readImageOptions } from './image-options.ts';

type Shape = readonly (number | string)[];

const graph = (shape: Shape) => ({ inputs: [{ name: 'x', type: 'float', shape, isTensor: true }] });

describe('imageSpecOf', () => {
  test.each<[Shape, GivenImage, object]>([
    [['N', 3, 224, 320], {}, { layout: 'NCHW', channels: 3, height: 224, width: 320 }],
    [[1, 1, 8, 8], {}, { layout: 'NCHW', channels: 1 }],
    [['N', 224, 320, 3], {}, { layout: 'NHWC', channels: 3, height: 224, width: 320 }],
    [['N', 3, 'H', 'W'], { width: 64, height: 48 }, { layout: 'NCHW', height: 48, width: 64 }],
    [['N', 'H', 'W', 1], { width: 64, height: 48 }, { layout: 'NHWC', height: 48, width: 64, channels: 1 }],
    [['N', 'H', 'W', 'C'], { width: 6, height: 4, channels: 3, layout: 'NHWC' }, { height: 4, channels: 3 }],
    [['N', 3, 28, 3], { layout: 'NHWC' }, { layout: 'NHWC', height: 3, width: 28, channels: 3 }],
    [['N', 1, 2048, 1024], {}, { height: 2048 }],
  ])('reads %j with %j', (shape, given, expected) => {
    expect(imageSpecOf(graph(shape), given)).toMatchObject(expected);
  });

  test.each<[Shape, GivenImage, RegExp]>([
    [['N', 1, 2049, 1024], {}, /images of 1024x2049; sides of 1 to 2048 are served/],
    [['N', 'C', 'H', 'W'], { layout: 'NCHW' }, /does not say how many channels it takes/],
    [['N', 3, 8, 'W'], {}, /does not say how large an image is/],
    [['N', 3, 8, 'W'], { width: 8, height: 9 }, /--size 8x9 contradicts .*, which takes 8x8/],
    [['N', 8, 8, 3], { layout: 'NCHW' }, /--layout NCHW contradicts .*, which has 8 where NCHW has/],
  ])('of %j with %j is said to be at fault', (shape, given, message) => {
    expect(() => imageSpecOf(graph(shape), given)).toThrow(message);
  });
});

describe('readImageOptions', () => {
  const read = (more: object) => readImageOptions({ images: 'd', labels: 'f', ...more }).image;

  test('takes a scale as a number or a fraction, and keeps what is not given out', () => {
    expect(read({ scale: '1/255', mean: '0.5,-1e-3,.2' })).toEqual({
      scale: 1 / 255,
      mean: [0.5, -0.001, 0.2],
    });
    expect(read({ scale: '0.00392', size: '2048x1' })).toEqual({ scale: 0.00392, width: 2048, height: 1 });
  });

  test.each([
    { scale: '0' },
    { scale: '1/2/3' },
    { scale: '0x10' },
    { size: '2049x1' },
    { size: '0x8' },
    { size: '224' },
    { channels: '4' },
    { layout: 'nchw' },
    { mean: '' },
    { std: '-1' },
  ])('refuses %j', (words) => {
    const [[word, value]] = Object.entries(words) as [[string, string]];
    expect(() => read(words)).toThrow(`--${word} ${value} is not allowed`);
  });
});

describe('readEmbedding', () => {
  const output = (name: string, shape: Shape) => ({ name, type: 'float', shape, isTensor: true });
  const outputs = [output('features:0', [1, 512]), output('narrow', ['N', 3]), output('open', ['N', 'D'])];

  test.each<[string, number | undefined, object]>([
    ['features:0', undefined, { output: 'features:0', components: 8 }],
    ['features:0:32', undefined, { output: 'features:0', components: 32 }],
    ['narrow', undefined, { output: 'narrow', components: 3 }],
    ['open', undefined, { output: 'open', components: 8 }],
    ['open', 5, { output: 'open', components: 5 }],
  ])('takes %s of a model that monitors %s components', (text, known, expected) => {
    expect(readEmbedding(text, { outputs }, known)).toEqual(expected);
  });

  test.each<[string, number | undefined, string]>([
    ['features:0:33', undefined, '1 to 32 components'],
    ['open:0', undefined, '1 to 32 components'],
    ['narrow:4', undefined, 'has 3 values per image'],
    ['open:4', 5, 'which monitors 5 components'],
    ['features', undefined, 'no output "features", but "features:0", "narrow", "open"'],
  ])('refuses %s of a model that monitors %s components', (text, known, message) => {
    expect(() => readEmbedding(text, { outputs }, known)).toThrow(message);
  });
});
