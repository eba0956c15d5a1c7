/** The words of `tidemark compare`, and its configuration file, checked. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { Convention } from '#shared/drift/tests/drift-test.ts';
import { type ConstraintsFile, constraintsFileSchema } from '#shared/quality/constraints-file.ts';
import type { Level } from '#shared/verdict/level.ts';
import { defaultDriftPolicy } from '#shared/verdict/policy.ts';
import { checkOutput } from '../output-file.ts';
import { parseWords, UsageError } from '../usage.ts';

/** The default first. */
const conventions = [
  'tidemark',
  'scipy',
  'evidently',
  'nannyml',
  'sentinelml',
  'decile',
] as const satisfies readonly Convention[];

const failLevels = ['shifted', 'warning', 'critical'] as const satisfies readonly Level[];

const corrections = ['bh', 'by', 'holm', 'bonferroni', 'none'] as const;

export interface CompareOptions {
  readonly reference: string;
  readonly current: string;
  readonly target?: string;
  readonly prediction?: string;
  readonly segments: readonly string[];
  /** Not compared: its repetitions are counted. */
  readonly id?: string;
  readonly exclude: readonly string[];
  readonly config: CompareConfig;
  /** Of the figures, not of the verdicts. */
  readonly convention: Convention;
  readonly constraints?: ConstraintsFile;
  readonly json: boolean;
  /** File to write. */
  readonly html?: string;
  readonly failOn?: (typeof failLevels)[number];
}

export const compareHelp = `usage: tidemark compare REFERENCE CURRENT [options]

Compares two files (.csv, .tsv, .ndjson, .jsonl, each also .gz, or .parquet) of any size: one test per column under a
false discovery rate, effect tiers, data quality, correlations, segments, and a diagnosis in words. Nothing leaves this
machine; no account, no server.

  --target COLUMN       the label: shown at most as shifted, as labels come late and selected
  --prediction COLUMN   what the model said; with --target its errors are compared too
  --segment COLUMN      the same verdicts per value of this column, corrected across all; may be repeated
  --id COLUMN           the rows' own id: not compared, its repetitions are counted (all ids are kept in memory)
  --exclude COLUMN      leave a column out; may be repeated
  --config FILE         JSON: alpha, alarm_alpha, psi_warning, psi_critical, minimal_effect, min_rows, correction
                        (${corrections.join(', ')}), design_effect, min_segment_rows,
                        importance {column: share}
  --convention NAME     of the figures, not the verdicts: ${conventions.join(', ')}
  --constraints FILE    also check the constraints that 'tidemark suggest' wrote and a person reviewed
  --html FILE           write one self-contained HTML report
  --json                one JSON object on stdout
  --fail-on LEVEL       exit 1 when the verdict is at least this: ${failLevels.join(', ')}

Exit 0: compared; 1: --fail-on holds; 2: the files or the words cannot be used.
`;

const configSchema = z.strictObject({
  alpha: z.number().gt(0).max(0.5).default(defaultDriftPolicy.alpha),
  alarm_alpha: z.number().gt(0).max(0.5).default(defaultDriftPolicy.alarmAlpha),
  psi_warning: z.number().gt(0).default(defaultDriftPolicy.psiWarning),
  psi_critical: z.number().gt(0).default(defaultDriftPolicy.psiCritical),
  minimal_effect: z.number().min(0).default(defaultDriftPolicy.minimalEffect),
  min_rows: z.number().int().min(10).default(defaultDriftPolicy.minRows),
  correction: z.enum(corrections).default(defaultDriftPolicy.correction),
  design_effect: z.number().min(1).default(1),
  min_segment_rows: z.number().int().min(10).default(100),
  importance: z.record(z.string(), z.number().min(0)).optional(),
});

export type CompareConfig = z.infer<typeof configSchema>;

const words = {
  target: { type: 'string' },
  prediction: { type: 'string' },
  segment: { type: 'string', multiple: true, default: [] as string[] },
  id: { type: 'string' },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  config: { type: 'string' },
  convention: { type: 'string', default: conventions[0] },
  constraints: { type: 'string' },
  html: { type: 'string' },
  json: { type: 'boolean', default: false },
  'fail-on': { type: 'string' },
} as const;

/** Throws {@link UsageError}. */
export function readCompareOptions(args: readonly string[]): CompareOptions {
  const { values: given, files } = parseWords(args, words);
  const [reference, current, ...rest] = files;
  if (reference === undefined || current === undefined || rest.length > 0)
    throw new UsageError(`${files.length} files were named; two are expected: REFERENCE and CURRENT`);
  const failOn = failLevels.find((level) => level === given['fail-on']);
  if (given['fail-on'] !== undefined && !failOn)
    throw new UsageError(`--fail-on ${given['fail-on']} is not allowed: ${failLevels.join(', ')} are`);
  const other = [given.target, given.prediction, ...given.segment].find((name) => name === given.id);
  if (other !== undefined) throw new UsageError(`--id ${other} has another role as well; an id has none`);
  const convention = conventions.find((name) => name === given.convention);
  if (!convention)
    throw new UsageError(`--convention ${given.convention} is not allowed: ${conventions.join(', ')} are`);
  if (given.html !== undefined)
    checkHtml(
      given.html,
      [reference, current, given.config, given.constraints].filter((file) => file !== undefined),
    );
  const config =
    given.config === undefined ? configSchema.parse({}) : readJson('config', given.config, configSchema);
  if (config.psi_critical < config.psi_warning)
    throw new UsageError(`psi_critical ${config.psi_critical} is below psi_warning ${config.psi_warning}`);
  return {
    reference,
    current,
    ...(given.target === undefined ? {} : { target: given.target }),
    ...(given.prediction === undefined ? {} : { prediction: given.prediction }),
    segments: [...new Set(given.segment)],
    ...(given.id === undefined ? {} : { id: given.id }),
    exclude: given.id === undefined ? given.exclude : [...given.exclude, given.id],
    config,
    convention,
    ...(given.constraints === undefined
      ? {}
      : { constraints: readJson('constraints', given.constraints, constraintsFileSchema) }),
    json: given.json,
    ...(given.html === undefined ? {} : { html: given.html }),
    ...(failOn === undefined ? {} : { failOn }),
  };
}

/** Said before large files are read for nothing. */
function checkHtml(html: string, read: readonly string[]): void {
  if (html === '') throw new UsageError('--html needs the name of a file');
  const there = orUsageError(html, () => statSync(html, { throwIfNoEntry: false }));
  if (there?.isDirectory())
    throw new UsageError(`--html ${html} is a folder: the name of a file is expected`);
  const isSame = (file: string) => {
    const other = statSync(file, { throwIfNoEntry: false });
    return resolve(file) === resolve(html) || (there && other?.dev === there.dev && other.ino === there.ino);
  };
  const same = read.find(isSame);
  if (same !== undefined) throw new UsageError(`--html ${html} would overwrite ${same}, which is read`);
  if (!statSync(dirname(resolve(html)), { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--html ${html}: there is no such folder`);
  orUsageError(html, () => checkOutput(html));
}

/** What the file system says against a report, as a {@link UsageError}. */
export function orUsageError<T>(html: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UsageError(`--html ${html} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

function readJson<Schema extends z.ZodType>(word: string, file: string, schema: Schema): z.infer<Schema> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`--${word} ${file} cannot be read as JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const { path = [], message = '' } = parsed.error.issues[0] ?? {};
  const bad = path.reduce<unknown>((inside, key) => (inside as Record<PropertyKey, unknown>)[key], content);
  const shown = typeof bad === 'number' || typeof bad === 'string' ? ` is ${JSON.stringify(bad)}` : '';
  throw new UsageError(
    `--${word} ${file}: ${path.join('.') || 'the file'}${shown}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
  );
}
