/** What every manifest says of its version and model file, whoever made them. */
import type { ModelSchema } from '../schema/feature-schema.ts';
import { modelSchemaSchema, schemaHash } from '../schema/feature-schema.ts';
import { sha256 } from './artefacts.ts';
import type { Manifest } from './model.ts';

type ManifestHead = Pick<
  Manifest,
  'model' | 'version' | 'task' | 'created_at' | 'sha256' | 'bytes' | 'schema' | 'schema_hash'
>;

/**
 * @param createdAt ISO 8601, or Unix milliseconds
 * @param onnx the model file as it is served
 */
export function manifestHead(
  model: { readonly name: string; readonly task: Manifest['task']; readonly schema: ModelSchema },
  version: string,
  createdAt: string | number,
  onnx: Uint8Array,
): ManifestHead {
  return {
    model: model.name,
    version,
    task: model.task,
    created_at: new Date(createdAt).toISOString(),
    sha256: sha256(onnx),
    bytes: onnx.length,
    schema: modelSchemaSchema.parse(model.schema),
    schema_hash: schemaHash(model.schema),
  };
}
