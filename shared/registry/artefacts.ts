/** The immutable files of a version: `model.onnx`, `manifest.json`, baseline, holdout and training rows. */
import { createHash } from 'node:crypto';
import type { Deps } from '../deps.ts';
import { objectKeys } from './keys.ts';
import { type Manifest, parseManifest } from './model.ts';

type Store = Pick<Deps, 'objects'>;

export class ArtefactError extends Error {
  override readonly name = 'ArtefactError';
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function readManifest(deps: Store, model: string, version: string): Promise<Manifest> {
  const bytes = await deps.objects.get(objectKeys.version(model, version, 'manifest.json'));
  if (!bytes) throw new ArtefactError(`version "${version}" of "${model}" has no manifest.json`);
  try {
    return parseManifest(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ArtefactError(`version "${version}" of "${model}": manifest.json cannot be read (${reason})`, {
      cause,
    });
  }
}

/** The model file, checked against the manifest before anybody loads it. */
export async function readOnnx(deps: Store, manifest: Manifest): Promise<Uint8Array> {
  const key = objectKeys.version(manifest.model, manifest.version, 'model.onnx');
  const bytes = await deps.objects.get(key);
  if (!bytes)
    throw new ArtefactError(`version "${manifest.version}" of "${manifest.model}" has no model.onnx`);
  const actual = sha256(bytes);
  if (actual !== manifest.sha256)
    throw new ArtefactError(`${key} has sha256 ${actual}; the manifest says ${manifest.sha256}`);
  return bytes;
}

/** Writes a version's files; the manifest last, so that a version with a manifest is whole. Idempotent. */
export async function writeArtefacts(
  deps: Store,
  manifest: Manifest,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  for (const [file, bytes] of Object.entries(files))
    await deps.objects.putIfAbsent(objectKeys.version(manifest.model, manifest.version, file), bytes);
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  await deps.objects.putIfAbsent(
    objectKeys.version(manifest.model, manifest.version, 'manifest.json'),
    Buffer.from(text),
  );
}
