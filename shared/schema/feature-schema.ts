/** A model's feature schema: the single source for validation, typed columns, graph inputs and monitored features. */
import { createHash } from 'node:crypto';
import * as z from 'zod';

const featureSchema = z
  .strictObject({
    name: z.string().min(1).max(128),
    kind: z.enum(['numeric', 'categorical', 'datetime', 'id']),
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
    const fault = nameFault(schema);
    if (fault !== undefined) context.addIssue(fault);
  });

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
  for (const { name, feature } of modelColumns(schema)) {
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

/** The model's inputs, in order. Ids are never inputs; a date becomes hour, weekday and month (UTC). */
export function modelColumns(schema: ModelSchema): readonly ModelColumn[] {
  return schema.features.flatMap((feature): ModelColumn[] => {
    if (feature.kind === 'id') return [];
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

/** Changes whenever what a model may be sent changes; stored with every version and every prediction. */
export function schemaHash(schema: ModelSchema): string {
  const shape = schema.features.map(({ name, kind }) => [name, kind]);
  return createHash('sha256')
    .update(JSON.stringify([shape, schema.target]))
    .digest('hex')
    .slice(0, 16);
}
