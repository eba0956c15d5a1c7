/** The manifest that `tidemark train --images` wrote beside a model: what the model was trained on, if it is of this very file. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImageSpec } from '#shared/images/image-spec.ts';
import { sha256 } from '#shared/registry/artefacts.ts';
import { type Manifest, parseManifest } from '#shared/registry/model.ts';
import { imageFeature, type ModelSchema } from '#shared/schema/feature-schema.ts';

interface ImageManifest {
  /** Of the feature. */
  readonly name: string;
  readonly spec: ImageSpec;
  readonly target: ModelSchema['target'];
  /** Its file, for messages. */
  readonly from: string;
}

/** A file of that name that is no manifest of ours is somebody else's, and left alone. */
export function imageManifest(
  onnxFile: string,
  onnx: Uint8Array,
): { readonly manifest?: ImageManifest; readonly notes: readonly string[] } {
  const from = join(dirname(onnxFile), 'manifest.json');
  const found = read(from);
  if (!found) return { notes: [] };
  if (found.sha256 !== sha256(onnx)) return { notes: [`${from} is of another model file, and is not used`] };
  const photo = imageFeature(found.schema);
  if (!photo) return { notes: [] };
  return {
    manifest: { name: photo.name, spec: photo.image, target: found.schema.target, from },
    notes: [],
  };
}

function read(file: string): Manifest | undefined {
  try {
    return parseManifest(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
