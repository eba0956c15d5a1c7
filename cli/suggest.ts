/** `tidemark suggest DATA`: a constraints file from good data, for a person to review and `tidemark compare` to check. */
import { statSync } from 'node:fs';
import { anchorsInOwnUnits } from '#shared/comparison/units.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { buildAnchors } from '#shared/profile/anchors.ts';
import type { ConstraintsFile } from '#shared/quality/constraints-file.ts';
import { suggestConstraints } from '#shared/quality/suggest.ts';
import { openTable, type Table } from '#shared/tabular/table.ts';
import { plural } from '../observability/reports/format.ts';
import { anchorRows } from './compare/anchor-rows.ts';
import { countHere } from './compare/count.ts';
import { countable } from './compare/countable.ts';
import { writeOutput } from './output-file.ts';
import { parseWords, UsageError } from './usage.ts';

export const suggestHelp = `usage: tidemark suggest DATA [options]

Reads a file that is taken for good (.csv, .tsv, .ndjson, .jsonl, each also .gz, or .parquet, of any size) and writes
what each column may hold: ranges, whole numbers, the known values, the shares that may be missing or broken.

  --out FILE        the file to write (stdout)
  --force           overwrite it if it is there
  --exclude COLUMN  leave a column out; may be repeated

Review it before it is used: remove a column that does not matter, correct what the sample did not show, and set
"physical": true where a person knows that values beyond min and max cannot exist. Beyond those one value is a hard
finding; a suggested range is soft, since genuine drift may leave it. Then check new data with it:

  tidemark compare REFERENCE CURRENT --constraints FILE

Exit 0: written; 1: the file could not be written; 2: the data or the words cannot be used.
`;

const words = {
  out: { type: 'string' },
  force: { type: 'boolean', default: false },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
} as const;

interface SuggestOptions {
  readonly data: string;
  readonly out?: string;
  readonly force: boolean;
  readonly exclude: readonly string[];
}

/** Between two lines of progress. */
const TELL_MS = 4000;

/** Throws {@link UsageError}, or {@link InvalidDataError} for a file that cannot be used. */
export async function runSuggest(args: readonly string[]): Promise<number> {
  const options = readSuggestOptions(args);
  const table = await openTable(options.data);
  const file = await suggestFrom(table, options.exclude);
  const text = `${JSON.stringify(file, null, 2)}\n`;
  const { rows: skipped, first } = table.skipped;
  const notes = [...table.notes, ...(skipped > 0 ? [`${skipped} rows were skipped: ${first}`] : [])];
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (options.out === undefined) {
    process.stdout.write(text);
    return 0;
  }
  if (!write(options.out, text)) return 1;
  const columns = Object.keys(file.columns).length;
  process.stdout.write(
    `${plural(columns, 'column')} of ${plural(file.rows, 'row')} in ${options.out}; review it, then: tidemark compare REFERENCE CURRENT --constraints ${options.out}\n`,
  );
  return 0;
}

async function suggestFrom(table: Table, exclude: readonly string[]): Promise<ConstraintsFile> {
  const unknown = exclude.find((name) => !table.names.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `--exclude ${unknown}: ${table.file} has no such column; it has ${table.names.join(', ')}`,
    );
  const { kinds, notCompared } = await table.shape({ exclude });
  for (const { column, reason } of notCompared)
    process.stderr.write(`note: ${column} is left out: ${reason}\n`);
  if (kinds.size === 0)
    throw new InvalidDataError(`${table.file}: no column is left that can be constrained`);
  const sampled = await table.sample(anchorRows(kinds.size), kinds);
  const { columns, units, unresolved } = await countable(sampled.columns);
  for (const { column, reason } of unresolved)
    process.stderr.write(`note: ${column} is left out: ${reason}\n`);
  const countedOn = buildAnchors(columns.map((column) => ({ ...column, channel: 'feature' })));
  const anchors = anchorsInOwnUnits(countedOn, units);
  const plan = { kinds, anchors, countedOn, units, roles: {}, segments: [] };
  const { whole } = await countHere(table, plan, tellProgress());
  return suggestConstraints(whole);
}

function tellProgress(): (done: { readonly bytes: number; readonly ofBytes: number }) => void {
  let told = Date.now();
  return ({ bytes, ofBytes }) => {
    if (Date.now() - told < TELL_MS || ofBytes === 0) return;
    told = Date.now();
    process.stderr.write(`counting, ${Math.floor((100 * bytes) / ofBytes)} %\n`);
  };
}

function readSuggestOptions(args: readonly string[]): SuggestOptions {
  const { values, files } = parseWords(args, words);
  const [data, ...rest] = files;
  if (data === undefined || rest.length > 0)
    throw new UsageError(`${files.length} files were named; one is expected: DATA`);
  const { out, force, exclude } = values;
  if (out !== undefined) checkOut(out, data, force);
  return { data, force, exclude, ...(out === undefined ? {} : { out }) };
}

/** Said before a large file is read for nothing. */
function checkOut(out: string, data: string, force: boolean): void {
  if (out === '') throw new UsageError('--out needs the name of a file');
  const there = statSync(out, { throwIfNoEntry: false });
  if (!there) return;
  if (there.isDirectory()) throw new UsageError(`--out ${out} is a folder: the name of a file is expected`);
  const source = statSync(data, { throwIfNoEntry: false });
  if (source && there.dev === source.dev && there.ino === source.ino)
    throw new UsageError(`--out ${out} is the file that is read: it is never overwritten`);
  if (!force) throw new UsageError(`--out ${out} is there already, perhaps reviewed; --force overwrites it`);
}

/** False, and said, where the file system refuses. */
function write(out: string, text: string): boolean {
  try {
    writeOutput(out, text);
    return true;
  } catch (error) {
    process.stderr.write(`tidemark suggest: ${out} cannot be written: ${(error as Error).message}\n`);
    return false;
  }
}
