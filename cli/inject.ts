/** `tidemark inject`: writes a CSV with a known, seeded drift, for trying a monitor on something whose answer is known. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InvalidDataError } from '#shared/errors.ts';
import { parseCsv, type TextTable } from '#shared/schema/csv.ts';
import { expectedInWords } from '../localstack/inject/expected.ts';
import type { Answered } from '../localstack/inject/injector.ts';
import { keptCsv } from '../localstack/inject/kept-csv.ts';
import { presets } from '../localstack/inject/presets.ts';
import {
  type InjectionRequest,
  InjectionSettingError,
  inject,
  injectorOf,
  injectors,
} from '../localstack/inject/registry.ts';
import { plural } from '../observability/reports/format.ts';
import { writeOutput } from './output-file.ts';
import { readOptions, UsageError, wholeNumber } from './usage.ts';

export const injectHelp = `usage: tidemark inject KIND --data IN.csv --out OUT.csv [options]
       tidemark inject --preset NAME --data IN.csv --out OUT.csv [--seed N]

Writes a copy of a file with a drift that is known. The same seed gives the same bytes; cells that were not changed
stay as they were, byte for byte.

kinds, and their modes (the first is the default)
${injectors.map(kindHelp).join('\n')}
presets
${presets.map(({ name, summary }) => `  ${name.padEnd(18)} ${summary}`).join('\n')}

  --data IN.csv       a CSV with a header
  --out OUT.csv       the file to write, which must be another one; - is stdout
  --preset NAME       instead of a kind
  --column C          change this column; may be repeated (one, by hash of the seed)
  --target T          the label column: never changed by hash; what label and concept change
  --time COLUMN       the time column (the first that holds dates)
  --mode M            see above
  --intensity X       see above
  --fraction F        share of the rows, from the start on, among which it happens (1)
  --from SHARE        share of the file after which it starts (0)
  --gradual           from nothing at the start to all of it at the last row
  --seed N            which rows, and which column unless it is named (1)
  --json              say what was done as one JSON object

What was done is said on stdout; on stderr where stdout is the file. With it what detectors must answer: declared for
the default intensity on all rows, as a fainter drift may rightly stay unseen.
Exit 0: written; 1: the file could not be written; 2: the data or the words cannot be used.
`;

function kindHelp({ kind, summary, modes }: (typeof injectors)[number]): string {
  const lines = modes.map(
    (mode) => `    ${mode.name.padEnd(10)} ${mode.summary} (${mode.intensity.default})`,
  );
  return `  ${kind.padEnd(12)} ${summary}\n${lines.join('\n')}`;
}

const words = {
  preset: { type: 'string' },
  data: { type: 'string' },
  out: { type: 'string' },
  column: { type: 'string', multiple: true },
  target: { type: 'string' },
  time: { type: 'string' },
  mode: { type: 'string' },
  intensity: { type: 'string' },
  fraction: { type: 'string' },
  from: { type: 'string' },
  gradual: { type: 'boolean' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
} as const;

type Change = (table: TextTable) => Answered;

interface InjectOptions {
  /** `covariate`, or a preset's name. */
  readonly name: string;
  readonly change: Change;
  readonly data: string;
  readonly out: string;
  readonly seed: number;
  readonly json: boolean;
}

/** Throws {@link UsageError}, or `InvalidDataError` for a file that cannot be used. */
export async function runInject(args: readonly string[]): Promise<number> {
  const options = readInjectOptions(args);
  await refuseSameFile(options.data, options.out);
  const text = await readText(options.data);
  const table = readTable(options.data, text);
  const injected = change(options, table);
  const file = keptCsv(text, injected.table, injected.renamed);
  const isPiped = options.out === '-';
  if (isPiped) process.stdout.write(file);
  else if (!wrote(options.out, file)) return 1;
  const said = options.json ? JSON.stringify(summary(options, table, injected)) : inWords(options, injected);
  process[isPiped ? 'stderr' : 'stdout'].write(`${said}\n`);
  return 0;
}

function readInjectOptions(args: readonly string[]): InjectOptions {
  const kind = args[0]?.startsWith('-') === false ? args[0] : undefined;
  const given = readOptions(kind === undefined ? args : args.slice(1), words);
  const seed = wholeNumber('seed', given.seed, 0, 4_294_967_295);
  const { data, out, preset } = given;
  if ((kind === undefined) === (preset === undefined))
    throw new UsageError(
      `${kind === undefined ? 'what is to be injected is not said' : `"${kind}" and --preset ${preset} are two`}: one kind (${injectors.map((one) => one.kind).join(', ')}) or --preset (${presets.map((one) => one.name).join(', ')}) is expected`,
    );
  const change = preset === undefined ? kindChange(kind!, given, seed) : presetChange(preset, given, seed);
  if (!data) throw new UsageError('--data FILE.csv is missing: which file is to be changed?');
  if (!out) throw new UsageError('--out FILE.csv is missing: - writes to stdout');
  return { name: kind ?? preset!, change, data, out, seed, json: given.json };
}

type Given = ReturnType<typeof readOptions<typeof words>>;

function kindChange(kind: string, given: Given, seed: number): Change {
  const { column: columns, target, time, mode } = given;
  const share = (name: 'intensity' | 'fraction' | 'from') => {
    const text = given[name];
    return text === undefined ? {} : { [name]: decimalNumber(name, text) };
  };
  const request: InjectionRequest = {
    seed,
    ...(columns === undefined ? {} : { columns }),
    ...(target === undefined ? {} : { target }),
    ...(time === undefined ? {} : { time }),
    ...(mode === undefined ? {} : { mode }),
    ...share('intensity'),
    ...share('fraction'),
    ...share('from'),
    ...(given.gradual ? { isGradual: true } : {}),
  };
  asUsage(() => injectorOf(kind));
  return (table) => asUsage(() => inject(kind, table, request));
}

function presetChange(name: string, given: Given, seed: number): Change {
  const preset = presets.find((one) => one.name === name);
  if (!preset)
    throw new UsageError(`--preset ${name} is not known: ${presets.map((one) => one.name).join(', ')} are`);
  const own: readonly string[] = ['preset', 'data', 'out', 'seed', 'json'];
  const foreign = Object.keys(given).find((word) => !own.includes(word));
  if (foreign !== undefined)
    throw new UsageError(`--${foreign} is not allowed with --preset, which says it all but the seed`);
  return (table) => preset.inject(table, seed);
}

function decimalNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new UsageError(`--${name} ${text} is not allowed: a number is expected`);
  return value;
}

function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof InjectionSettingError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** By identity, so that a link to the input is the input. */
async function refuseSameFile(data: string, out: string): Promise<void> {
  const [from, to] = await Promise.all([data, out].map((path) => stat(path).catch(() => undefined)));
  if (out !== '-' && from && to && from.dev === to.dev && from.ino === to.ino)
    throw new UsageError(`--out ${out} is the file of --data: the input is never overwritten`);
  if (out !== '-' && to?.isDirectory())
    throw new UsageError(`--out ${out} is a folder: the name of a file is expected`);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new InvalidDataError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function readTable(path: string, text: string): TextTable {
  return named(path, () => parseCsv(text));
}

function change({ change: apply, data }: InjectOptions, table: TextTable): Answered {
  return named(data, () => apply(table));
}

function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InvalidDataError)) throw error;
    throw new InvalidDataError(`${basename(path)}: ${error.message}`, { cause: error });
  }
}

/** False, and said, where the file system refuses. */
function wrote(path: string, text: string): boolean {
  try {
    writeOutput(path, text);
    return true;
  } catch (error) {
    process.stderr.write(`tidemark inject: ${path} cannot be written: ${(error as Error).message}\n`);
    return false;
  }
}

function summary({ name, data, out, seed }: InjectOptions, table: TextTable, injected: Answered) {
  const { columns, description, expects } = injected;
  const rows = { read: table.rows.length, written: injected.table.rows.length };
  return { injected: name, description, columns, expects, rows, seed, data, out };
}

function inWords({ name, seed, out }: InjectOptions, injected: Answered): string {
  const { table, description, expects } = injected;
  const where = out === '-' ? 'stdout' : out;
  return `${name}: ${description}\nexpected: ${expectedInWords(expects)}\nseed ${seed}; ${plural(table.rows.length, 'row')} in ${where}`;
}
