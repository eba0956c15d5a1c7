/** The words of `tidemark models register --images`: what the graph expects of an image, where it does not say it itself. */
import { UsageError } from '../usage.ts';

export const imageWords = {
  images: { type: 'string' },
  labels: { type: 'string' },
  size: { type: 'string' },
  channels: { type: 'string' },
  layout: { type: 'string' },
  scale: { type: 'string' },
  mean: { type: 'string' },
  std: { type: 'string' },
  embedding: { type: 'string' },
  'store-inputs': { type: 'boolean' },
} as const;

export interface ImageValues {
  readonly images?: string | undefined;
  readonly labels?: string | undefined;
  readonly size?: string | undefined;
  readonly channels?: string | undefined;
  readonly layout?: string | undefined;
  readonly scale?: string | undefined;
  readonly mean?: string | undefined;
  readonly std?: string | undefined;
  readonly embedding?: string | undefined;
  readonly 'store-inputs'?: boolean | undefined;
}

/** Members that were not given are absent. */
export interface GivenImage {
  readonly width?: number;
  readonly height?: number;
  readonly channels?: 1 | 3;
  readonly layout?: 'NCHW' | 'NHWC';
  readonly scale?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

export interface ImageSource {
  readonly folder: string;
  /** File with the table of labels. */
  readonly labels: string;
  readonly image: GivenImage;
  /** An output's name, perhaps with `:COMPONENTS`. */
  readonly embedding: string | undefined;
  readonly storeInputs: boolean;
}

/** Throws {@link UsageError}. */
export function readImageOptions(values: ImageValues): ImageSource {
  const { images, labels, channels, layout, scale, mean, std, embedding } = values;
  if (images === undefined || images === '') throw new UsageError('--images needs the folder of the images');
  if (labels === undefined)
    throw new UsageError('--labels is needed: a CSV file with the columns file and label');
  if (channels !== undefined && channels !== '1' && channels !== '3')
    throw new UsageError(`--channels ${channels} is not allowed: 1 (grey) and 3 (colour) are`);
  if (layout !== undefined && layout !== 'NCHW' && layout !== 'NHWC')
    throw new UsageError(`--layout ${layout} is not allowed: NCHW, NHWC`);
  return {
    folder: images,
    labels,
    image: {
      ...(values.size === undefined ? {} : sizeFrom(values.size)),
      ...(channels === undefined ? {} : { channels: channels === '1' ? 1 : 3 }),
      ...(layout === undefined ? {} : { layout }),
      ...(scale === undefined ? {} : { scale: scaleFrom(scale) }),
      ...(mean === undefined ? {} : { mean: numbersFrom('mean', mean) }),
      ...(std === undefined ? {} : { std: deviationsFrom(std) }),
    },
    embedding,
    storeInputs: values['store-inputs'] ?? false,
  };
}

function sizeFrom(text: string): { readonly width: number; readonly height: number } {
  const match = /^(\d{1,4})x(\d{1,4})$/.exec(text);
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  if (!(width >= 1 && width <= 2048 && height >= 1 && height <= 2048))
    throw new UsageError(`--size ${text} is not allowed: WIDTHxHEIGHT, each 1 to 2048, such as 224x224`);
  return { width, height };
}

/** `1/255` is what most people mean. */
function scaleFrom(text: string): number {
  const [over = '', under = '1', ...more] = text.split('/');
  const scale = numberFrom(over) / numberFrom(under);
  if (more.length > 0 || !(scale > 0 && scale < Number.POSITIVE_INFINITY))
    throw new UsageError(`--scale ${text} is not allowed: a number above 0, such as 0.00392 or 1/255`);
  return scale;
}

function deviationsFrom(text: string): readonly number[] {
  const numbers = numbersFrom('std', text);
  if (numbers.some((number) => number <= 0))
    throw new UsageError(`--std ${text} is not allowed: every number must be above 0`);
  return numbers;
}

function numbersFrom(name: string, text: string): readonly number[] {
  const numbers = text.split(',').map(numberFrom);
  if (numbers.some(Number.isNaN))
    throw new UsageError(`--${name} ${text} is not allowed: one number per channel, such as 0.5,0.5,0.5`);
  return numbers;
}

/** NaN for what is no finite number in plain digits. */
function numberFrom(text: string): number {
  return /^\s*-?(\d+\.?\d*|\.\d+)(e-?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
}
