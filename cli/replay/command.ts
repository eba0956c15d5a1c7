/** `tidemark replay`: what was given up on, handed back to a data directory or to a deployment, each exactly once. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { listModels } from '#shared/registry/registry.ts';
import { embeddedDeps } from '../../localstack/embedded/deps.ts';
import { lockDataDir } from '../../localstack/embedded/host-lock.ts';
import { openStore } from '../../localstack/embedded/store.ts';
import { parseWords, UsageError } from '../usage.ts';
import { type Found, lostRecords } from './lost-records.ts';
import { namedFaults } from './named-faults.ts';
import { type PutRecords, putRecords } from './put-records.ts';
import { stageWords } from './stage/options.ts';

export const replayHelp = `usage: tidemark replay FILE|FOLDER --data-dir DIR [options]
       tidemark replay --stage STAGE [--spool] [--stream] [--dead-letters] [options]

Hands back what was given up on, each exactly once: run it twice, or kill it and run it again, and nothing stands there
twice.

Into a data directory: predictions and labels. The host counts and archives them at its next start; it must not run
meanwhile. The files are left as they are. FILE, or every file under FOLDER, gzipped or not, may be

  a spool           spool.ndjson of a data directory, and spool.rejected.ndjson, what its host could not put
  an exported log   of a Lambda function, with lines {"tidemark_spool": …}, as text or as JSON of filter-log-events
  a filed batch     of stream records that capture kept failing on, as Lambda files it under aws/lambda/ in the bucket

  --data-dir DIR    the data directory they go to

Into a deployment on AWS, with your own credentials and region:

  --stage STAGE     dev or prod, as deployed: resources are found by the outputs of its stacks
  --spool           predictions the table refused, read from the functions' logs, put back into the table
  --stream          batches filed in the bucket, handed to capture again, and each marked under replayed/
  --dead-letters    events no function handled, from the queues: invoked or started again, deleted after success only
  --since WHEN      of --spool, where to begin: 90m, 24h, 7d or a time as 2026-01-31T12:00:00Z [24h]
  --until WHEN      of --spool, where to end [now]
  --region REGION   [AWS_REGION, or that of your profile]
  --endpoint-url U  an emulator on this computer, http://127.0.0.1:PORT; your credentials are not sent there

  --dry-run         only say what would be done
  --json            one JSON object instead of text

A record that has expired is not put back. One of a model that is not there, or that capture could not read, is named.

Exit 0: all of it is back; 1: some is not, or a host runs; 2: the words, the files or the deployment cannot be used.
`;

const words = {
  ...stageWords,
  'data-dir': { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Throws {@link UsageError}, or {@link DataDirInUseError} while a host runs on the directory. */
export async function runReplay(args: readonly string[]): Promise<number> {
  const { values, files: named } = parseWords(args, words);
  if (values.stage !== undefined) {
    const { runStageReplay } = await import('./stage/command.ts');
    return await runStageReplay(values, named);
  }
  refuseStageWords(values);
  const [source, ...rest] = named;
  if (source === undefined || rest.length > 0)
    throw new UsageError(`${named.length} files were named; one file or folder is expected`);
  const dataDir = checkDataDir(values['data-dir']);
  const files = filesOf(source);
  const lock = lockDataDir(dataDir);
  const store = openStore({ dir: dataDir });
  try {
    const deps = embeddedDeps({ dataDir, store, env: process.env });
    const models = new Set((await listModels(deps)).map((model) => model.name));
    const isDry = values['dry-run'];
    const replayed = await putRecords(recordsOf(files), {
      predictions: deps.predictions,
      models,
      now: Date.now,
      isDry,
    });
    process.stdout.write(values.json ? toJson(replayed, isDry) : toText(replayed, isDry));
    return replayed.refused.length + replayed.unreadable.length > 0 ? 1 : 0;
  } finally {
    await store.close();
    lock.release();
  }
}

/** Given without a stage, one of its words was meant for a deployment. */
function refuseStageWords(values: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(stageWords).find((word) => values[word] !== undefined && values[word] !== false);
  if (given !== undefined)
    throw new UsageError(`--${given} is for a deployment: --stage STAGE is needed too`);
}

/** A misspelt one must not become an empty store. */
function checkDataDir(given: string | undefined): string {
  if (given === undefined || given === '')
    throw new UsageError(
      '--data-dir DIR is needed: the data directory of a host; or --stage STAGE: a deployment on AWS',
    );
  if (!existsSync(join(given, 'store.lmdb')))
    throw new UsageError(`--data-dir ${given} is not a data directory: it has no store.lmdb`);
  return resolve(given);
}

/** CloudWatch's own, to see whether it may write. */
const notRecords = new Set(['aws-logs-write-test']);

function filesOf(source: string): string[] {
  const there = statSync(source, { throwIfNoEntry: false });
  if (!there) throw new UsageError(`${source}: there is no such file or folder`);
  if (!there.isDirectory()) return [source];
  if (existsSync(join(source, 'store.lmdb')))
    throw new UsageError(`${source} is a data directory: name its spool.ndjson or spool.rejected.ndjson`);
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !notRecords.has(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw new UsageError(`${source}: there is no file under it`);
  return files;
}

async function* recordsOf(files: readonly string[]): AsyncGenerator<Found> {
  for (const file of files) yield* lostRecords(file);
}

function toJson({ put, alreadyThere, other, refused, unreadable }: PutRecords, isDry: boolean): string {
  const faults = refused.map(({ where, reason }) => ({ where, reason }));
  return `${JSON.stringify({ dry_run: isDry, put, already_there: alreadyThere, other, refused: faults, unreadable })}\n`;
}

function toText({ put, alreadyThere, other, refused, unreadable }: PutRecords, isDry: boolean): string {
  const lines = [
    `${put} ${isDry ? 'would be put back' : 'put back'}, ${alreadyThere} already there, ${refused.length} refused, ${unreadable.length} unreadable`,
    ...(other > 0 ? [`${other} other lines or removals have nothing to put back`] : []),
    ...namedFaults('refused', refused),
    ...namedFaults('unreadable', unreadable),
  ];
  return `${lines.join('\n')}\n`;
}
