/** Rows from outside a deployment, whose values never come in: whether a person's feature was there, and no more. */
import { type ModelSchema, piiFeatures } from '../schema/feature-schema.ts';
import type { FeatureRow, FeatureValue } from '../schema/rows.ts';
import { tokenPrefix } from './tokeniser.ts';

/** Stands for a value whose token nobody knows; no token has this form. */
export const unknownToken = `${tokenPrefix}unknown`;

/**
 * The first pii feature of an uploaded row that is sent with a value: only `true` (it was there) and `null` are taken, since whatever is
 * uploaded lies in the bucket.
 */
export function sentValue(schema: ModelSchema, features: unknown): string | undefined {
  if (typeof features !== 'object' || features === null) return undefined;
  const given = new Map<string, unknown>(Object.entries(features));
  return piiFeatures(schema).find((name) => {
    const value = given.get(name);
    return value !== true && value !== null && value !== undefined;
  });
}

/** @example presenceOf(schema, { phone: 'true', amount: 250 }) // { phone: 'tok_unknown', amount: 250 } */
export function presenceOf(schema: ModelSchema, row: FeatureRow): FeatureRow {
  const kept: Record<string, FeatureValue> = { ...row };
  for (const name of piiFeatures(schema))
    if (row[name] !== undefined) kept[name] = row[name] === null ? null : unknownToken;
  return kept;
}

/** Without what is about a person: for what neither needs nor keeps it. */
export function withoutPii(schema: ModelSchema, row: FeatureRow): FeatureRow {
  const hidden = new Set(piiFeatures(schema));
  return Object.fromEntries(Object.entries(row).filter(([name]) => !hidden.has(name)));
}
