/** The demo's words, checked. */
import { basename } from 'node:path';
import { readOptions, UsageError, wholeNumber } from '../usage.ts';

const driftKinds = ['shift', 'none', 'noise'] as const;
export type DriftKind = (typeof driftKinds)[number];

export interface DemoOptions {
  /** Absent: generated gem sales. */
  readonly file?: string;
  readonly target: string;
  readonly drift: DriftKind;
  /** In standard deviations of the feature and of the target. */
  readonly driftSize: number;
  readonly seed: number;
  readonly exclude: readonly string[];
  readonly time?: string;
  readonly json: boolean;
  readonly dataDir?: string;
}

export const demoHelp = `usage: tidemark demo [options]

Trains a model on your data, serves it over HTTP, lets the world change, and shows whether the change is noticed,
a better model is proven and promoted, and what would have been reported had nothing changed.

  --data FILE.csv     a CSV with a header; without it gem sales are generated
  --target COLUMN     what to predict: a number or a label (needed with --data)
  --drift KIND        shift: inputs and their relation to the target change (default)
                      none:  nothing changes; no alarm and no promotion must follow
                      noise: labels are shuffled; it must be caught and the candidate rejected
  --drift-size S      in standard deviations (1.5)
  --seed N            split, injected feature and order of traffic (1)
  --exclude COLUMN    leave a column out; may be repeated
  --time COLUMN       replay traffic in the order of this column instead of a seeded shuffle
  --data-dir DIR      an empty or new folder to keep everything in (.tidemark/demo-...)
  --json              one JSON object on stdout; progress goes to stderr

Exit 0: the demo's claims held; 1: they did not, and it says which; 2: the data or the words cannot be used.
`;

const words = {
  data: { type: 'string' },
  target: { type: 'string' },
  drift: { type: 'string', default: 'shift' },
  'drift-size': { type: 'string', default: '1.5' },
  seed: { type: 'string', default: '1' },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  time: { type: 'string' },
  'data-dir': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** Throws {@link UsageError}. */
export function readDemoOptions(args: readonly string[]): DemoOptions {
  const given = readOptions(args, words);
  const drift = driftKinds.find((kind) => kind === given.drift);
  if (!drift) throw new UsageError(`--drift ${given.drift} is not allowed: ${driftKinds.join(', ')} are`);
  const driftSize = Number(given['drift-size']);
  if (!(driftSize > 0 && driftSize <= 10))
    throw new UsageError(
      `--drift-size ${given['drift-size']} is not allowed: a number above 0, up to 10, is expected`,
    );
  if (given.data !== undefined && given.target === undefined)
    throw new UsageError(`--data ${basename(given.data)} needs --target COLUMN: what is to be predicted?`);
  if (given['data-dir'] === '') throw new UsageError('--data-dir needs the name of a folder');
  if (given.data === undefined && given.target !== undefined)
    throw new UsageError(`--target ${given.target} needs --data FILE.csv`);
  return {
    ...(given.data === undefined ? {} : { file: given.data }),
    target: given.target ?? 'price',
    drift,
    driftSize,
    seed: wholeNumber('seed', given.seed, 0, 4_294_967_295),
    exclude: given.exclude,
    ...(given.time === undefined ? {} : { time: given.time }),
    ...(given['data-dir'] === undefined ? {} : { dataDir: given['data-dir'] }),
    json: given.json,
  };
}
