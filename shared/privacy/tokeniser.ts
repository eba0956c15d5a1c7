/** Between a checked row and anything that is stored, hashed or printed of it: what is about a person becomes a token. */
import { createHmac } from 'node:crypto';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../errors.ts';
import { type ModelSchema, piiFeatures } from '../schema/feature-schema.ts';
import type { FeatureRow, FeatureValue } from '../schema/rows.ts';

/** What every token begins with. */
export const tokenPrefix = 'tok_';
/** 128 bits: among 10⁹ different values of a feature two share a token with a chance of 1.5 × 10⁻²¹ (n² / 2¹²⁹). */
const tokenBytes = 16;
/** A shorter key could be guessed, and with it every telephone number. */
const minKeyLength = 32;

/** Changes when the form of a token does: the old ones then match none. */
const tokenForm = 'tidemark-pii-1';

export type Tokenise = (row: FeatureRow) => FeatureRow;

const asItIs: Tokenise = (row) => row;

/**
 * What makes the rows of one model fit to be kept. The key is asked for only where the schema has something to hide.
 *
 * @returns replaces each pii feature by its token; missing stays missing, absent stays absent, and all else stays
 * @throws ProblemError 503 where the deployment has no usable key: such a row can be neither stored nor answered
 * @example
 * const tokenise = await createTokeniser(deps, 'loans', schema);
 * tokenise({ phone: '+44 20 7946 0018', amount: 250 }) // { phone: 'tok_8KcB…', amount: 250 }
 */
export async function createTokeniser(
  deps: Pick<Deps, 'piiKey'>,
  model: string,
  schema: Pick<ModelSchema, 'features'>,
): Promise<Tokenise> {
  const names = piiFeatures(schema);
  if (names.length === 0) return asItIs;
  const key = await deps.piiKey();
  if (key === undefined || key.length < minKeyLength)
    throw new ProblemError(
      503,
      `"${names[0]}" of model "${model}" is pii, and this deployment has ${key === undefined ? 'no key' : `a key of fewer than ${minKeyLength} characters`} to tokenise it with`,
    );
  return (row) => {
    const kept: Record<string, FeatureValue> = { ...row };
    for (const name of names) {
      const value = row[name];
      if (value !== undefined) kept[name] = tokenOf(key, model, name, value);
    }
    return kept;
  };
}

/**
 * HMAC-SHA-256 of the value's text, apart for every model and feature: tokens of two of them cannot be joined. Texts are one when they are
 * canonically equivalent (Unicode NFC) and differ in nothing but white space around them; a number is the text JavaScript writes of it. Case
 * and punctuation count. Text of white space only is missing.
 */
function tokenOf(key: string, model: string, feature: string, value: FeatureValue): string | null {
  const text = value === null ? '' : String(value).normalize('NFC').trim();
  if (text === '') return null;
  const digest = createHmac('sha256', key)
    .update(JSON.stringify([tokenForm, model, feature, text]))
    .digest();
  return `${tokenPrefix}${digest.subarray(0, tokenBytes).toString('base64url')}`;
}
