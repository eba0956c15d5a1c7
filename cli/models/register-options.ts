/** The words of `tidemark models register`. */
import type { ServingHints } from '#shared/registry/upload.ts';
import { UsageError, wholeNumber } from '../usage.ts';
import { type ImageSource, type ImageValues, imageWords, readImageOptions } from './image-options.ts';
import type { Task } from './target.ts';

const rowWords = {
  baseline: { type: 'string' },
  target: { type: 'string' },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  pii: { type: 'string', multiple: true, default: [] as string[] },
  task: { type: 'string' },
} as const;

export const registerWords = {
  onnx: { type: 'string' },
  ...rowWords,
  ...imageWords,
  classes: { type: 'string' },
  activation: { type: 'string' },
  scores: { type: 'string' },
  'label-output': { type: 'string' },
  version: { type: 'string' },
  wait: { type: 'string' },
} as const;

export interface RegisterValues extends ImageValues {
  readonly onnx?: string | undefined;
  readonly baseline?: string | undefined;
  readonly target?: string | undefined;
  readonly exclude: readonly string[];
  readonly pii: readonly string[];
  readonly task?: string | undefined;
  readonly classes?: string | undefined;
  readonly activation?: string | undefined;
  readonly scores?: string | undefined;
  readonly 'label-output'?: string | undefined;
  readonly version?: string | undefined;
  readonly wait?: string | undefined;
}

const MAX_WAIT_SECONDS = 86_400;

interface CommonOptions {
  readonly onnx: string;
  readonly classes: readonly string[] | undefined;
  readonly activation: ServingHints['activation'];
  readonly scores: string | undefined;
  readonly labelOutput: string | undefined;
  readonly version: string | undefined;
  readonly waitSeconds: number;
}

export interface RowOptions extends CommonOptions {
  readonly baseline: string;
  readonly target: string | undefined;
  readonly exclude: readonly string[];
  /** Columns about people: their values do not leave this computer. */
  readonly pii: readonly string[];
  readonly task: Task | undefined;
}

export interface ImageOptions extends CommonOptions {
  readonly images: ImageSource;
}

export type RegisterOptions = RowOptions | ImageOptions;

const tasks = ['classification', 'regression'] as const;
const activations = ['none', 'softmax', 'sigmoid'] as const;

/** Throws {@link UsageError}. */
export function readRegisterOptions(values: RegisterValues): RegisterOptions {
  const { onnx, baseline, images, classes, scores, version } = values;
  const isImages =
    images !== undefined || (baseline === undefined && givenOf(values, imageWords) !== undefined);
  if (onnx === undefined) throw new UsageError('register needs --onnx FILE');
  if (baseline === undefined && !isImages)
    throw new UsageError('register needs --baseline FILE, or --images DIR and --labels FILE');
  const stray = givenOf(values, isImages ? rowWords : imageWords);
  if (stray !== undefined)
    throw new UsageError(
      isImages ? `--${stray} is of tables, not of --images` : `--${stray} is of --images, not of tables`,
    );
  const names = classes?.split(',').map((name) => name.trim());
  if (names && (names.length < 2 || new Set(names).size < names.length || names.includes('')))
    throw new UsageError(`--classes ${classes} is not allowed: two or more different names are expected`);
  const common: CommonOptions = {
    onnx,
    classes: names,
    activation: oneOf('activation', values.activation, activations),
    scores,
    labelOutput: values['label-output'],
    version,
    waitSeconds: waitSeconds(values.wait),
  };
  return isImages
    ? { ...common, images: readImageOptions(values) }
    : { ...common, ...readRowOptions(values, baseline ?? '') };
}

function readRowOptions({ target, exclude, pii, task }: RegisterValues, baseline: string) {
  if (target !== undefined && exclude.includes(target))
    throw new UsageError(`--exclude ${target} is the target`);
  const twice = pii.find((name) => name === target || exclude.includes(name));
  if (twice !== undefined)
    throw new UsageError(`--pii ${twice} is ${twice === target ? 'the target' : 'excluded as well'}`);
  return { baseline, target, exclude, pii, task: oneOf('task', task, tasks) };
}

/** The first of the words that was given. */
export function givenOf(values: object, words: object): string | undefined {
  const given = new Map(Object.entries(values));
  return Object.keys(words).find((name) => {
    const value: unknown = given.get(name);
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
}

export function waitSeconds(text: string | undefined): number {
  return text === undefined ? 600 : wholeNumber('wait', text, 0, MAX_WAIT_SECONDS);
}

function oneOf<Name extends string>(
  option: string,
  given: string | undefined,
  allowed: readonly Name[],
): Name | undefined {
  const found = allowed.find((name) => name === given);
  if (given !== undefined && found === undefined)
    throw new UsageError(`--${option} ${given} is not allowed: ${allowed.join(', ')}`);
  return found;
}

/** What is declared of the graph. */
export function hintsOf(
  { activation, scores, labelOutput }: CommonOptions,
  embedding?: string | undefined,
): ServingHints {
  const outputs = {
    ...(scores === undefined ? {} : { scores }),
    ...(labelOutput === undefined ? {} : { label: labelOutput }),
    ...(embedding === undefined ? {} : { embedding }),
  };
  return {
    ...(activation === undefined ? {} : { activation }),
    ...(Object.keys(outputs).length > 0 ? { outputs } : {}),
  };
}
