// Words of `npm run cost`: parsed by Node's own parser, refused with the value and what is allowed.
import { parseArgs } from 'node:util';
import { assumed } from './assumptions.ts';
import type { Workload } from './workload.ts';

export const costHelp = `usage: npm run cost -- [options]

What a month of a stage costs, from its synthesised templates and the dated list prices in cdk/cost/prices.json (us-east-1).

  --predictions N        rows predicted a month (1000000); 0 for an idle deployment
  --models N             registered models (1)
  --stage NAME           dev or prod (dev)
  --architecture NAME    x86_64 or arm64 (the stage's)
  --front NAME           rest or http (the stage's)
  --rows-per-request N   rows of a request, 1 to 1000 (1)
  --labels SHARE         true labels per prediction, 0 to 1 (0.2)
  --retrains N           runs a month and model (1)
  --predict-ms N         billed milliseconds of a predict request of one row (${assumed.predictMs}, assumed)
  --free-tier            takes off the always-free monthly allowances
  --json                 everything as one object
  --help

Exit 0: printed; 1: the stage could not be synthesised; 2: the words cannot be used.
`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CostOptions {
  readonly work: Workload;
  readonly stage: 'dev' | 'prod';
  readonly architecture?: 'x86_64' | 'arm64';
  readonly front?: 'rest' | 'http';
  readonly isFreeTier: boolean;
  readonly isJson: boolean;
}

const words = {
  predictions: { type: 'string', default: '1000000' },
  models: { type: 'string', default: '1' },
  stage: { type: 'string', default: 'dev' },
  architecture: { type: 'string' },
  front: { type: 'string' },
  'rows-per-request': { type: 'string', default: '1' },
  labels: { type: 'string', default: '0.2' },
  retrains: { type: 'string', default: '1' },
  'predict-ms': { type: 'string', default: String(assumed.predictMs) },
  'free-tier': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/**
 * @returns undefined when help was asked for
 * @throws {UsageError} for a word that is not known or a value that is not allowed
 */
export function readCostOptions(args: readonly string[]): CostOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const architecture =
    values.architecture === undefined
      ? undefined
      : oneOf('architecture', values.architecture, ['x86_64', 'arm64']);
  const front = values.front === undefined ? undefined : oneOf('front', values.front, ['rest', 'http']);
  return {
    work: {
      predictions: number('predictions', values.predictions, { min: 0, max: 1e10, isWhole: true }),
      models: number('models', values.models, { min: 1, max: 10_000, isWhole: true }),
      rowsPerRequest: number('rows-per-request', values['rows-per-request'], {
        min: 1,
        max: 1000,
        isWhole: true,
      }),
      labelShare: number('labels', values.labels, { min: 0, max: 1 }),
      retrains: number('retrains', values.retrains, { min: 0, max: 1000 }),
      predictMs: number('predict-ms', values['predict-ms'], { min: 1, max: 29_000 }),
    },
    stage: oneOf('stage', values.stage, ['dev', 'prod']),
    ...(architecture === undefined ? {} : { architecture }),
    ...(front === undefined ? {} : { front }),
    isFreeTier: values['free-tier'],
    isJson: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: words, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly isWhole?: boolean;
}

function number(name: string, text: string, { min, max, isWhole = false }: Bounds): number {
  const value = Number(text);
  const isNumber = text.trim() !== '' && Number.isFinite(value) && (!isWhole || Number.isInteger(value));
  if (!isNumber || value < min || value > max)
    throw new UsageError(
      `--${name} is ${JSON.stringify(text)}: want ${isWhole ? 'a whole number' : 'a number'} from ${min} to ${max}`,
    );
  return value;
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined)
    throw new UsageError(`--${name} is ${JSON.stringify(value)}: want ${allowed.join(' or ')}`);
  return found;
}
