/** What a graph expects of an image: read from the shape of its input, from a manifest, or said; never guessed. */
import { InvalidDataError } from '#shared/errors.ts';
import { type ImageSpec, imageSpecSchema } from '#shared/images/image-spec.ts';
import type { ModelDescription, ValueDescription } from '#shared/onnx/read-model.ts';
import { UsageError } from '../usage.ts';
import type { GivenImage } from './image-options.ts';

/** A description that is there already, and who says it. */
interface KnownSpec {
  readonly spec: ImageSpec;
  /** Such as `model "digits"`. */
  readonly from: string;
}

type Size = number | string;
type Layout = ImageSpec['layout'];

/** Of four dimensions, the first of them the rows. */
const axes = {
  NCHW: { channels: 1, height: 2, width: 3 },
  NHWC: { channels: 3, height: 1, width: 2 },
} as const;
const layouts: readonly Layout[] = ['NCHW', 'NHWC'];

/**
 * The spec of a graph that nothing else describes. Sizes that its input does not fix, and a layout that it leaves open, have to be
 * given; what is given must not contradict the input.
 *
 * @throws InvalidDataError when the input takes no images; UsageError naming what must be said, or both sides of a contradiction
 * @example imageSpecOf({ inputs: [{ name: 'x', type: 'float', shape: ['N', 3, 224, 224], isTensor: true }] }, {}).layout // 'NCHW'
 */
export function imageSpecOf(graph: Pick<ModelDescription, 'inputs'>, given: GivenImage): ImageSpec {
  const { input, shape } = imageInputOf(graph);
  const layout = layoutOf(input, shape, given.layout);
  const sized = (name: 'channels' | 'height' | 'width'): Size => shape[axes[layout][name]]!;
  const channels = channelsOf(input, sized('channels'), given.channels);
  const [width, height] = sizeOf(input, [sized('width'), sized('height')], given);
  if (Math.max(width, height) > 2048)
    throw new InvalidDataError(
      `input ${shown(input)} takes images of ${width}x${height}; sides of 1 to 2048 are served`,
    );
  const { scale, mean, std } = given;
  const parsed = imageSpecSchema.safeParse({ width, height, channels, layout, scale, mean, std });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`--${issue?.path.join('.')}: ${issue?.message}; input ${shown(input)}`);
}

/** Throws {@link UsageError} when what is given differs from what is known. */
export function assertAsKnown(given: GivenImage, { spec, from }: KnownSpec): void {
  const differing = differenceOf(given, spec);
  if (differing === undefined) return;
  const isSide = differing === 'width' || differing === 'height';
  const word = isSide
    ? `size ${given.width}x${given.height}`
    : `${differing} ${given[differing]?.toString()}`;
  const known = isSide ? `${spec.width}x${spec.height}` : (spec[differing]?.toString() ?? 'none');
  throw new UsageError(`--${word} contradicts ${from}, which has ${known}`);
}

/** The first member in which the one differs from the other. */
export function differenceOf(
  given: Partial<ImageSpec> | GivenImage,
  spec: ImageSpec,
): keyof GivenImage | undefined {
  const names = ['width', 'height', 'channels', 'layout', 'scale', 'mean', 'std'] as const;
  return names.find((name) => given[name] !== undefined && String(given[name]) !== String(spec[name]));
}

interface ImageInput {
  readonly input: ValueDescription;
  readonly shape: readonly Size[];
}

function imageInputOf({ inputs }: Pick<ModelDescription, 'inputs'>): ImageInput {
  const [input] = inputs;
  const shape = input?.shape;
  if (input === undefined || inputs.length > 1 || input.type !== 'float' || shape?.length !== 4)
    throw new InvalidDataError(
      `the graph has inputs ${inputs.map(shown).join(', ') || 'none'}: one for images is expected, float [N, C, H, W] or [N, H, W, C]`,
    );
  return { input, shape };
}

const isOpen = (size: Size | undefined): boolean => typeof size === 'string';
const isChannels = (size: Size | undefined): size is 1 | 3 => size === 1 || size === 3;

function layoutOf(input: ValueDescription, shape: readonly Size[], given: Layout | undefined): Layout {
  const sizeAt = (layout: Layout) => shape[axes[layout].channels];
  if (given !== undefined) {
    const size = sizeAt(given);
    if (isChannels(size) || isOpen(size)) return given;
    throw new UsageError(
      `--layout ${given} contradicts input ${shown(input)}, which has ${size} where ${given} has the channels; 1 or 3 are allowed`,
    );
  }
  const [layout, other] = layouts.filter((one) => isChannels(sizeAt(one)));
  if (layout !== undefined && other !== undefined)
    throw new UsageError(`input ${shown(input)} can be ${layouts.join(' and ')}: say which with --layout`);
  if (layout !== undefined) return layout;
  if (layouts.some((one) => isOpen(sizeAt(one))))
    throw new UsageError(
      `input ${shown(input)} does not say where its channels are: give --layout NCHW or NHWC, and --channels`,
    );
  throw new InvalidDataError(
    `input ${shown(input)} has ${sizeAt('NCHW')} channels as NCHW and ${sizeAt('NHWC')} as NHWC; 1 or 3 are served`,
  );
}

function channelsOf(input: ValueDescription, size: Size, given: 1 | 3 | undefined): 1 | 3 {
  if (isChannels(size)) {
    if (given === undefined || given === size) return size;
    throw new UsageError(`--channels ${given} contradicts input ${shown(input)}, which takes ${size}`);
  }
  if (given !== undefined) return given;
  throw new UsageError(
    `input ${shown(input)} does not say how many channels it takes: give --channels 1 or 3`,
  );
}

function sizeOf(
  input: ValueDescription,
  sizes: readonly [Size, Size],
  given: GivenImage,
): readonly [width: number, height: number] {
  const wanted = [given.width, given.height] as const;
  const [width, height] = sizes.map((size, at) => (typeof size === 'number' ? size : wanted[at]));
  if (width === undefined || height === undefined)
    throw new UsageError(
      `input ${shown(input)} does not say how large an image is: give --size WIDTHxHEIGHT, such as 224x224`,
    );
  const isOther = (one: number, at: 0 | 1) => wanted[at] !== undefined && wanted[at] !== one;
  if (isOther(width, 0) || isOther(height, 1))
    throw new UsageError(
      `--size ${given.width}x${given.height} contradicts input ${shown(input)}, which takes ${width}x${height}`,
    );
  return [width, height];
}

function shown({ name, type, shape }: ValueDescription): string {
  return `"${name}" (${type} [${shape?.join(', ') ?? '…'}])`;
}
