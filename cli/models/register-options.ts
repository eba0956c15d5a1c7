/** The words of `tidemark models register`. */
import type { ServingHints } from '#shared/registry/upload.ts';
import { UsageError, wholeNumber } from '../usage.ts';
import type { Task } from './target.ts';

export const registerWords = {
  onnx: { type: 'string' },
  baseline: { type: 'string' },
  target: { type: 'string' },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  task: { type: 'string' },
  classes: { type: 'string' },
  activation: { type: 'string' },
  scores: { type: 'string' },
  'label-output': { type: 'string' },
  version: { type: 'string' },
  wait: { type: 'string' },
} as const;

export interface RegisterValues {
  readonly onnx?: string | undefined;
  readonly baseline?: string | undefined;
  readonly target?: string | undefined;
  readonly exclude: readonly string[];
  readonly task?: string | undefined;
  readonly classes?: string | undefined;
  readonly activation?: string | undefined;
  readonly scores?: string | undefined;
  readonly 'label-output'?: string | undefined;
  readonly version?: string | undefined;
  readonly wait?: string | undefined;
}

const MAX_WAIT_SECONDS = 86_400;

export interface RegisterOptions {
  readonly onnx: string;
  readonly baseline: string;
  readonly target: string | undefined;
  readonly exclude: readonly string[];
  readonly task: Task | undefined;
  readonly classes: readonly string[] | undefined;
  readonly activation: ServingHints['activation'];
  readonly scores: string | undefined;
  readonly labelOutput: string | undefined;
  readonly version: string | undefined;
  readonly waitSeconds: number;
}

const tasks = ['classification', 'regression'] as const;
const activations = ['none', 'softmax', 'sigmoid'] as const;

/** Throws {@link UsageError}. */
export function readRegisterOptions(values: RegisterValues): RegisterOptions {
  const { onnx, baseline, target, exclude, classes, scores, version } = values;
  if (onnx === undefined || baseline === undefined)
    throw new UsageError(`register needs --${onnx === undefined ? 'onnx' : 'baseline'} FILE`);
  if (target !== undefined && exclude.includes(target))
    throw new UsageError(`--exclude ${target} is the target`);
  const names = classes?.split(',').map((name) => name.trim());
  if (names && (names.length < 2 || new Set(names).size < names.length || names.includes('')))
    throw new UsageError(`--classes ${classes} is not allowed: two or more different names are expected`);
  return {
    onnx,
    baseline,
    target,
    exclude,
    task: oneOf('task', values.task, tasks),
    classes: names,
    activation: oneOf('activation', values.activation, activations),
    scores,
    labelOutput: values['label-output'],
    version,
    waitSeconds: waitSeconds(values.wait),
  };
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
export function hintsOf({ activation, scores, labelOutput }: RegisterOptions): ServingHints {
  const outputs = {
    ...(scores === undefined ? {} : { scores }),
    ...(labelOutput === undefined ? {} : { label: labelOutput }),
  };
  return {
    ...(activation === undefined ? {} : { activation }),
    ...(Object.keys(outputs).length > 0 ? { outputs } : {}),
  };
}
