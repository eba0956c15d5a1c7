/** `tidemark replay`: records that were given up on, put back into a data directory, each exactly once. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SpoolRecord } from '#shared/deps.ts';
import { listModels } from '#shared/registry/registry.ts';
import { embeddedDeps } from '../../localstack/embedded/deps.ts';
import { lockDataDir } from '../../localstack/embedded/host-lock.ts';
import { openStore } from '../../localstack/embedded/store.ts';
import { parseWords, UsageError } from '../usage.ts';
import { lostRecords } from './lost-records.ts';
import { type PutBackDeps, putBack } from './put-back.ts';

export const replayHelp = `usage: tidemark replay FILE|FOLDER --data-dir DIR [options]

Puts predictions and labels that were given up on back into the data directory of a host, each exactly once: run it
twice, or kill it and run it again, and nothing stands there twice. The host counts and archives them at its next
start. It must not run meanwhile.

FILE, or every file under FOLDER, gzipped or not, may be

  a spool           spool.ndjson of a data directory, and spool.rejected.ndjson, what its host could not put
  an exported log   of a Lambda function, with lines {"tidemark_spool": …}, as text or as JSON of filter-log-events
  a filed batch     of stream records that capture kept failing on, as Lambda files it under aws/lambda/ in the bucket

  --data-dir DIR    the data directory they go to
  --dry-run         only say what would be done
  --json            one JSON object instead of text

Putting records back into a deployment on AWS is not there yet: only a data directory on this machine is written to.
A record that has expired, or is of a model that the directory does not have, is refused and named, and so is one that
capture could not read. The files are left as they are.

Exit 0: every record is back; 1: some are not, or a host runs; 2: the words or the files cannot be used.
`;

const words = {
  'data-dir': { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

interface Fault {
  readonly where: string;
  readonly reason: string;
}

interface Replayed {
  put: number;
  alreadyThere: number;
  /** Lines of a log that carry no record, removals of a stream. */
  other: number;
  readonly refused: Fault[];
  readonly unreadable: Fault[];
}

/** Throws {@link UsageError}, or {@link DataDirInUseError} while a host runs on the directory. */
export async function runReplay(args: readonly string[]): Promise<number> {
  const { values, files } = parseWords(args, words);
  const [source, ...rest] = files;
  if (source === undefined || rest.length > 0)
    throw new UsageError(`${files.length} files were named; one file or folder is expected`);
  const dataDir = checkDataDir(values['data-dir']);
  const named = filesOf(source);
  const lock = lockDataDir(dataDir);
  const store = openStore({ dir: dataDir });
  try {
    const deps = embeddedDeps({ dataDir, store, env: process.env });
    const models = new Set((await listModels(deps)).map((model) => model.name));
    const isDry = values['dry-run'];
    const replayed = await replayFiles(named, {
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

/** A misspelt one must not become an empty store. */
function checkDataDir(given: string | undefined): string {
  if (given === undefined || given === '')
    throw new UsageError(
      '--data-dir DIR is needed: the data directory of a host; putting records back on AWS is not there yet',
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

/** So many share a commit. */
const AT_ONCE = 100;

async function replayFiles(files: readonly string[], deps: PutBackDeps): Promise<Replayed> {
  const replayed: Replayed = { put: 0, alreadyThere: 0, other: 0, refused: [], unreadable: [] };
  const waiting = new Map<string, { readonly where: string; readonly record: SpoolRecord }>();
  const looked = new Set<string>();

  async function putWaiting(): Promise<void> {
    const lot = [...waiting.values()];
    waiting.clear();
    const outcomes = await Promise.all(lot.map(({ record }) => putBack(deps, record)));
    for (const [at, outcome] of outcomes.entries()) {
      const { where, record } = lot[at]!;
      if (outcome.kind === 'refused') replayed.refused.push({ where, reason: outcome.reason });
      else if (outcome.kind === 'already_there' || isRepeated(record)) replayed.alreadyThere += 1;
      else replayed.put += 1;
    }
  }

  /** What is only looked at is not there the second time either. */
  function isRepeated(record: SpoolRecord): boolean {
    if (!deps.isDry) return false;
    const key = JSON.stringify([record.pk, record.sk]);
    const isSeen = looked.has(key);
    looked.add(key);
    return isSeen;
  }

  for (const file of files)
    for await (const found of lostRecords(file)) {
      if (found.kind === 'other') replayed.other += 1;
      else if (found.kind === 'unreadable')
        replayed.unreadable.push({ where: found.where, reason: found.reason });
      else {
        const key = JSON.stringify([found.record.pk, found.record.sk]);
        // those of one key one after another, as they stand
        if (waiting.has(key) || waiting.size >= AT_ONCE) await putWaiting();
        waiting.set(key, found);
      }
    }
  await putWaiting();
  return replayed;
}

function toJson({ put, alreadyThere, other, refused, unreadable }: Replayed, isDry: boolean): string {
  return `${JSON.stringify({ dry_run: isDry, put, already_there: alreadyThere, other, refused, unreadable })}\n`;
}

const MOST_NAMED = 20;

function toText({ put, alreadyThere, other, refused, unreadable }: Replayed, isDry: boolean): string {
  const lines = [
    `${put} ${isDry ? 'would be put back' : 'put back'}, ${alreadyThere} already there, ${refused.length} refused, ${unreadable.length} unreadable`,
    ...(other > 0 ? [`${other} other lines or removals have nothing to put back`] : []),
    ...named('refused', refused),
    ...named('unreadable', unreadable),
  ];
  return `${lines.join('\n')}\n`;
}

function named(kind: string, faults: readonly Fault[]): string[] {
  const lines = faults.slice(0, MOST_NAMED).map(({ where, reason }) => `  ${kind}: ${where}: ${reason}`);
  const more = faults.length - MOST_NAMED;
  return more > 0 ? [...lines, `  and ${more} more ${kind}; --json names them all`] : lines;
}
