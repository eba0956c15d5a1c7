/** `tidemark models register`: look at the files, say what was understood, upload, wait for the trial's answer. */
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidDataError } from '#shared/errors.ts';
import type { PresignedPut } from '#shared/ports/objects.ts';
import { sha256 } from '#shared/registry/artefacts.ts';
import { MAX_ONNX_BYTES, type ServingHints } from '#shared/registry/upload.ts';
import { UsageError } from '../usage.ts';
import { HostError } from './client.ts';
import { prepareImages } from './prepare-images.ts';
import { type Prepared, prepareRows } from './prepare-rows.ts';
import { type Context, figures, type ListedVersion, printJson, type ServedModel, say } from './print.ts';
import { type RegisterValues, readRegisterOptions, waitSeconds } from './register-options.ts';

const POLL_MS = 300;

/** Throws {@link UsageError}, {@link InvalidDataError} or OnnxModelError before anything is sent; HostError after. */
export async function register(
  context: Context,
  [name = '']: readonly string[],
  values: RegisterValues,
): Promise<number> {
  const options = readRegisterOptions(values);
  const known = await knownModel(context, name);
  const onnx = readOnnxFile(options.onnx);
  const { schema, task, baseline, hints, told } =
    'images' in options
      ? await prepareImages(context, options, onnx, known)
      : await prepareRows(context, options, onnx, known);
  if (!known) await createModel(context, { name, task, schema });
  const version = await upload(context, name, { onnx, baseline, hints, version: options.version });
  return await untilTried(context, name, version, { seconds: options.waitSeconds, told });
}

/** `complete NAME VERSION`: the files are there already. */
export async function completeUpload(
  context: Context,
  [name = '', version = '']: readonly string[],
  values: RegisterValues,
): Promise<number> {
  await complete(context, name, version);
  return await untilTried(context, name, version, { seconds: waitSeconds(values.wait), told: [] });
}

/** A model that has not served, nor has a version on its way, is described anew: its first try may have been wrong. */
async function knownModel({ client }: Context, name: string): Promise<ServedModel | undefined> {
  const path = `/models/${encodeURIComponent(name)}`;
  const found = await client.find<ServedModel>(path);
  if (!found || found.champion !== null) return found;
  const { versions } = await client.get<{ versions: ListedVersion[] }>(`${path}/versions`);
  return versions.some(({ status }) => status !== 'REJECTED') ? found : undefined;
}

function readOnnxFile(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > MAX_ONNX_BYTES)
      throw new InvalidDataError(`--onnx ${file} has ${size} bytes; at most ${MAX_ONNX_BYTES} are taken`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof InvalidDataError) throw error;
    throw new UsageError(`--onnx ${file} cannot be read: ${(error as Error).message}`);
  }
}

async function createModel(
  context: Context,
  model: { name: string } & Pick<Prepared, 'task' | 'schema'>,
): Promise<void> {
  const { client, actor, reason } = context;
  await client.post('/models', { ...model, actor, ...(reason === undefined ? {} : { reason }) });
  say(context, `${model.name} is registered`);
}

interface Announced {
  readonly version: string;
  readonly put: { readonly onnx: PresignedPut; readonly baseline: PresignedPut };
}

async function upload(
  context: Context,
  name: string,
  what: { onnx: Uint8Array; baseline: Uint8Array; hints: ServingHints; version: string | undefined },
): Promise<string> {
  const { client, actor, reason } = context;
  const { onnx, baseline, hints } = what;
  const announced = await client.post<Announced>(`/models/${encodeURIComponent(name)}/versions`, {
    actor,
    ...(reason === undefined ? {} : { reason }),
    ...(what.version === undefined ? {} : { version: what.version }),
    ...hints,
    files: {
      onnx: { sha256: sha256(onnx), bytes: onnx.length },
      baseline: { sha256: sha256(baseline), bytes: baseline.length, format: 'ndjson.gz' },
    },
  });
  const { version, put } = announced;
  say(context, `version ${version}: uploading ${onnx.length} + ${baseline.length} bytes`);
  await client.upload(put.onnx, onnx);
  await client.upload(put.baseline, baseline);
  await complete(context, name, version);
  return version;
}

async function complete({ client, actor }: Context, name: string, version: string): Promise<void> {
  await client.post(`${versionPath(name, version)}/complete`, { actor });
}

const versionPath = (name: string, version: string) =>
  `/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;

interface Waiting {
  readonly seconds: number;
  /** Notes that were printed before the upload. */
  readonly told: readonly string[];
}

async function untilTried(
  context: Context,
  name: string,
  version: string,
  { seconds, told }: Waiting,
): Promise<number> {
  say(context, 'the host tries it on the baseline');
  const end = Date.now() + 1000 * seconds;
  for (;;) {
    const found = await context.client.get<ListedVersion>(versionPath(name, version));
    if (found.status !== 'PENDING' && !(await isAboutToServe(context, name, found))) {
      for (const note of found.notes ?? []) if (!told.includes(note)) say(context, `note: ${note}`);
      return printTried(context, name, found);
    }
    if (Date.now() >= end)
      throw new HostError(
        `version ${version} is still PENDING after ${seconds} s; see "tidemark models versions ${name}", or ask again with "tidemark models complete ${name} ${version}"`,
      );
    await sleep(POLL_MS);
  }
}

/** The first READY version becomes the champion a moment after it is READY. */
async function isAboutToServe(
  { client }: Context,
  name: string,
  { status, champion }: Pick<ListedVersion, 'status' | 'champion'>,
): Promise<boolean> {
  if (status !== 'READY' || champion) return false;
  return (await client.get<ServedModel>(`/models/${encodeURIComponent(name)}`)).champion === null;
}

function printTried(context: Context, name: string, found: ListedVersion): number {
  const isReady = found.status === 'READY';
  if (context.isJson) printJson({ model: name, ...found });
  else if (!isReady) process.stderr.write(`version ${found.version} is REJECTED: ${found.reason}\n`);
  else {
    const losses = Object.keys(found.metrics).length > 0 ? ` (${figures(found.metrics)})` : '';
    process.stdout.write(
      `version ${found.version} is READY${losses}; ${found.champion ? 'it serves now' : `it serves after "tidemark models promote ${name} ${found.version}"`}\n`,
    );
  }
  return isReady ? 0 : 1;
}
