// The knob `auth.oidc`: which provider signs people in, and who of them may do what. Checked when the app is built.
import { recordOf, UnknownContextValueError } from './context-value.ts';

/** As the functions read it from their environment (`OIDC`). */
export interface OidcKnob {
  /** As the provider writes it in its tokens, `https://…`. */
  readonly issuer: string;
  /** Of the application registered there, with the redirect `https://API/STAGE/console/callback`. */
  readonly clientId: string;
  /** Who may look and act: a claim of the ID token, and what it must be or hold. */
  readonly operators: ClaimRule;
  /** Who may look. @default nobody else */
  readonly viewers?: ClaimRule;
  /** What is asked for beside `openid`. @default ['email'] */
  readonly scopes?: readonly string[];
}

interface ClaimRule {
  readonly claim: string;
  readonly values: readonly string[];
}

/**
 * The knob from the context: an object in `cdk.json`, or its JSON after `-c oidc=`.
 *
 * @throws {UnknownContextValueError} with the member, its value and what is allowed
 */
export function readOidc(value: unknown): OidcKnob | undefined {
  if (value === undefined) return undefined;
  const { issuer, clientId, operators, viewers, scopes, ...others } = recordOf('oidc', value);
  const [other] = Object.keys(others);
  if (other !== undefined)
    refuse(`oidc.${other}`, others[other], 'issuer, clientId, operators, viewers and scopes alone');
  if (typeof issuer !== 'string' || !/^https:\/\/[^\s?#]+$/.test(issuer))
    return refuse('oidc.issuer', issuer, 'https://…, as the provider writes it in its tokens');
  return {
    issuer,
    clientId: textOf('oidc.clientId', clientId),
    operators: ruleOf('oidc.operators', operators),
    ...(viewers === undefined ? {} : { viewers: ruleOf('oidc.viewers', viewers) }),
    ...(scopes === undefined ? {} : { scopes: textsOf('oidc.scopes', scopes) }),
  };
}

const ruleShape = '{"claim": "groups", "values": ["ml-ops"]}';

function ruleOf(key: string, value: unknown): ClaimRule {
  if (value === undefined) return refuse(key, value, ruleShape);
  const { claim, values, ...others } = recordOf(key, value);
  if (Object.keys(others).length > 0) refuse(key, value, ruleShape);
  return { claim: textOf(`${key}.claim`, claim), values: textsOf(`${key}.values`, values) };
}

function textsOf(key: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) return refuse(key, value, 'a list of texts, at least one');
  return value.map((one) => textOf(key, one));
}

function textOf(key: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') return refuse(key, value, 'a text');
  return value;
}

function refuse(key: string, value: unknown, allowed: string): never {
  throw new UnknownContextValueError(`unknown ${key} ${JSON.stringify(value)}: want ${allowed}`);
}
