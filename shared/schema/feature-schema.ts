/** A model's feature schema: the single source for validation, typed columns, graph inputs and monitored features. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { descriptorNames } from '../images/descriptors.ts';
import { type ImageSpec, imageSpecSchema } from '../images/image-spec.ts';

const featureSchema = z
  .strictObject({
    name: z.string().min(1).max(128),
    kind: z.enum(['numeric', 'categorical', 'datetime', 'id', 'image']),
    /** Whole numbers only were seen; informative. */
    integer: z.boolean().optional(),
    /** true / false were seen: JSON booleans are accepted. */
    boolean: z.boolean().optional(),
    /** Inferred bounds are soft: exceeding them is drift, not an error. */
    min: z.number().optional(),
    max: z.number().optional(),
    /** A person confirmed the bounds: exceeding them is a data incident. */
    physical: z.boolean().optional(),
    /** Of a date: the newest one seen, from which days are counted. */
    baseline: z.string().optional(),
    /** Seen categories; soft as well. */
    values: z.array(z.string()).optional(),
    /** Of an image: what the graph takes. */
    image: imageSpecSchema.optional(),
    /** About a person: replaced by a token before it is stored, watched for missing and unseen, and never given to a model. */
    pii: z.literal(true).optional(),
  })
  .readonly();

export const modelSchemaSchema = z
  .strictObject({
    features: z.array(featureSchema).min(1).max(2000),
    target: z.strictObject({
      name: z.string().min(1),
      /** Absent for regression. */
      classes: z.array(z.string()).min(2).optional(),
    }),
  })
  .superRefine((schema, context) => {
    const fault = imageFault(schema) ?? piiFault(schema) ?? nameFault(schema);
    if (fault !== undefined) context.addIssue(fault);
  });

/** Why the features cannot be served together because of an image, in words. */
function imageFault({ features }: ModelSchema): string | undefined {
  for (const { name, kind, image } of features) {
    if (kind !== 'image' && image)
      return `"${name}" is ${kind} and describes an image; its kind must be "image"`;
    if (kind !== 'image') continue;
    if (!image)
      return `"${name}" is an image; "image" must say what the graph takes: width, height, channels`;
    const other = features.find((one) => one.name !== name && one.kind !== 'id');
    if (other)
      return `"${name}" is an image and "${other.name}" another input; beside an image only ids are allowed`;
  }
  return undefined;
}

/** What a schema keeps of the values it has seen. */
const seenMembers = ['values', 'min', 'max', 'baseline', 'integer', 'boolean', 'physical'] as const;

/** Why a feature cannot be kept private, in words; undefined when all that are marked can. */
function piiFault({ features }: ModelSchema): string | undefined {
  for (const feature of features) {
    if (!feature.pii) continue;
    if (feature.kind === 'image')
      return `"${feature.name}" is an image: an image cannot be pii, since the model takes its pixels; leave store_inputs out and its file is not kept`;
    const told = seenMembers.find((member) => feature[member] !== undefined);
    if (told !== undefined)
      return `"${feature.name}" is pii: "${told}" would keep what its values are; leave it out`;
  }
  if (features.some(({ pii }) => pii) && !features.some(isInput))
    return 'every feature is pii or an id: no input is left for a model';
  return undefined;
}

/** The features that are replaced by tokens. */
export function piiFeatures({ features }: Pick<ModelSchema, 'features'>): readonly string[] {
  return features.filter(({ pii }) => pii).map(({ name }) => name);
}

/** What a model learns from and is explained by: neither ids nor what is about a person. */
export function isInput({ kind, pii }: Feature): boolean {
  return kind !== 'id' && !pii;
}

/** Names that would stand for something else in a row or a profile. */
const reservedNames: ReadonlySet<string> = new Set([
  '__proto__',
  '$prediction',
  '$confidence',
  '$label',
  '$loss',
]);

/** Why the feature names cannot be used together, in words; undefined when they can. */
export function nameFault(schema: ModelSchema): string | undefined {
  const reserved = schema.features.find((feature) => reservedNames.has(feature.name));
  if (reserved) return `"${reserved.name}" cannot be the name of a feature; rename or exclude the column`;
  const seen = new Map<string, string>();
  const tokens = piiFeatures(schema).map((name) => ({ name, feature: name }));
  for (const { name, feature } of [...monitoredColumns(schema), ...imageHashes(schema), ...tokens]) {
    const other = seen.get(name);
    if (other !== undefined)
      return `"${other}" and "${feature}" both give the model a column "${name}"; rename or exclude one`;
    seen.set(name, feature);
  }
  return undefined;
}

export type Feature = z.infer<typeof featureSchema>;
export interface ModelSchema {
  readonly features: readonly Feature[];
  readonly target: { readonly name: string; readonly classes?: readonly string[] | undefined };
}

/** One input of the model: a feature itself, or one part of a date. */
export interface ModelColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'categorical';
  readonly feature: string;
  readonly part?: 'hour' | 'weekday' | 'month';
}

const dateParts = ['hour', 'weekday', 'month'] as const;

/**
 * The model's inputs that are columns, in order. Ids and pii are never inputs; a date becomes hour, weekday and month (UTC); an image is a tensor
 * of its own and no column.
 */
export function modelColumns(schema: ModelSchema): readonly ModelColumn[] {
  return schema.features.flatMap((feature): ModelColumn[] => {
    if (!isInput(feature) || feature.kind === 'id' || feature.kind === 'image') return [];
    if (feature.kind === 'datetime')
      return dateParts.map((part) => ({
        name: `${feature.name}_${part}`,
        kind: 'numeric',
        feature: feature.name,
        part,
      }));
    return [{ name: feature.name, kind: feature.kind, feature: feature.name }];
  });
}

/**
 * What is profiled, in order: the model's columns, and of an image its descriptors and the first components of its embedding, as they
 * stand in a logged row.
 */
export function monitoredColumns(schema: ModelSchema): readonly ModelColumn[] {
  const photo = imageFeature(schema);
  if (!photo) return modelColumns(schema);
  return [...descriptorNames(photo.image.channels), ...embeddingNames(photo.image)].map((part) => {
    const name = imageColumn(photo.name, part);
    return { name, kind: 'numeric', feature: name };
  });
}

/** The members of a logged row that an image leaves, beside its file's hash. */
export function imageColumn(feature: string, part: string): string {
  return `${feature}_${part}`;
}

export function embeddingNames({ embedding = 0 }: ImageSpec): readonly string[] {
  return Array.from({ length: embedding }, (_, at) => `embedding_${at}`);
}

function imageHashes(schema: ModelSchema): readonly Pick<ModelColumn, 'name' | 'feature'>[] {
  const photo = imageFeature(schema);
  return photo ? [{ name: imageColumn(photo.name, 'sha256'), feature: photo.name }] : [];
}

/** The image a model takes, if it takes one; it is then the only input. */
export function imageFeature(
  schema: ModelSchema,
): { readonly name: string; readonly image: ImageSpec } | undefined {
  for (const { name, image } of schema.features) if (image) return { name, image };
  return undefined;
}

/** Changes whenever what a model may be sent changes; stored with every version and every prediction. */
export function schemaHash(schema: ModelSchema): string {
  const shape = schema.features.map(({ name, kind, pii }) => (pii ? [name, kind, 'pii'] : [name, kind]));
  return createHash('sha256')
    .update(JSON.stringify([shape, schema.target]))
    .digest('hex')
    .slice(0, 16);
}
