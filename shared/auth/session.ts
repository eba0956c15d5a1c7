/** Sessions of people who signed in: a signed token in a cookie, nothing stored; valid until it ends or the key changes. */
import { errors, jwtVerify, SignJWT } from 'jose';
import type { SessionContext } from '../api/caller.ts';
import { signInSecrets } from '../api/surface.ts';
import type { Deps } from '../deps.ts';

type KeyDeps = Pick<Deps, 'secret' | 'now'>;
export type SessionKey = () => Promise<Uint8Array>;

export const SESSION_SECONDS = 8 * 3600;

const KEEP_KEY_MS = 300_000;
const algorithm = 'HS256';
const issuer = 'tidemark';

/**
 * The deployment's key, read once and again every five minutes: so long at most does a key that was replaced go on.
 *
 * @throws Error where there is none, or one too short to be a key
 */
export function sessionKeyOf(deps: KeyDeps): SessionKey {
  let kept: { readonly key: Uint8Array; readonly until: number } | undefined;
  return async () => {
    if (kept && deps.now() < kept.until) return kept.key;
    const text = (await deps.secret(signInSecrets.sessionKey)) ?? '';
    if (text.length < 32)
      throw new Error(
        `the secret ${signInSecrets.sessionKey} has ${text.length} characters: want at least 32`,
      );
    kept = { key: new TextEncoder().encode(text), until: deps.now() + KEEP_KEY_MS };
    return kept.key;
  };
}

/** What a token is for; none passes for another. */
type Purpose = 'session' | 'sign-in';

/** @param environment the stage: a token of one is nothing in another */
const audience = (purpose: Purpose, environment: string) => `tidemark:${environment}:${purpose}`;

interface TokenOptions {
  readonly key: Uint8Array;
  readonly environment: string;
  /** Unix milliseconds. */
  readonly now: number;
}

export async function signToken(
  purpose: Purpose,
  claims: Readonly<Record<string, string>>,
  seconds: number,
  { key, environment, now }: TokenOptions,
): Promise<string> {
  const issuedAt = Math.floor(now / 1000);
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(audience(purpose, environment))
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + seconds)
    .sign(key);
}

/** The claims of a token of ours; undefined for any other, an expired or an altered one. */
export async function openToken(
  purpose: Purpose,
  token: string,
  { key, environment, now }: TokenOptions,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      issuer,
      audience: audience(purpose, environment),
      requiredClaims: ['exp', 'iat'],
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** A session's token. */
export function signSession(context: SessionContext, options: TokenOptions): Promise<string> {
  return signToken('session', { ...context }, SESSION_SECONDS, options);
}

/** Whose session a token is; undefined where it is nobody's. */
export async function openSession(token: string, options: TokenOptions): Promise<SessionContext | undefined> {
  const claims = await openToken('session', token, options);
  const { subject, email, role, session } = claims ?? {};
  if (typeof subject !== 'string' || typeof session !== 'string') return undefined;
  if (role !== 'operator' && role !== 'viewer') return undefined;
  return { subject, role, session, ...(typeof email === 'string' ? { email } : {}) };
}
