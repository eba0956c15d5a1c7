/** The API speaks snake_case; what the domain stores in camelCase is renamed at the edge. */
import type { Json } from '../json.ts';

/** Identifiers only: keys that are data (versions, classes, feature names) are not touched unless they look like one. */
const camelCase = /^[a-z]+([A-Z][a-z0-9]*)+$/;

/**
 * Renames keys, at any depth; values stay.
 *
 * @example snakeCaseKeys({ psiDebiased: 0.2 }) // => { psi_debiased: 0.2 }
 */
export function snakeCaseKeys(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((one) => snakeCaseKeys(one) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [renamed(key), snakeCaseKeys(inner)]),
  );
}

function renamed(key: string): string {
  return camelCase.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
}
