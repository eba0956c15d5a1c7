/** The OpenID provider: where it is, a code for an ID token, and whether that token is what it should be. */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import * as z from 'zod';
import type { OidcSettings } from './oidc-settings.ts';

/** The sign-in cannot go on; the message is for the person. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  /** 400: what came back is not ours or not whole; 403: refused; 502: the provider does not do its part. */
  readonly status: 400 | 403 | 502;

  constructor(status: 400 | 403 | 502, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Signatures with a private key only: `none`, and a secret that this side knows too, prove nothing. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'];
const TIMEOUT_MS = 10_000;
const KEEP_MS = 3_600_000;
const TOLERANCE_SECONDS = 30;

const discoverySchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});

type Discovery = z.infer<typeof discoverySchema>;

export interface Provider {
  /** Where a browser is sent. */
  authorizationUrl(parameters: Readonly<Record<string, string>>): Promise<URL>;
  /** The ID token for a code. */
  exchange(request: CodeExchange): Promise<string>;
  /** The claims of an ID token that this provider signed for this application and this sign-in. */
  verify(idToken: string, nonce: string, now: number): Promise<JWTPayload>;
}

interface CodeExchange {
  readonly code: string;
  readonly verifier: string;
  readonly redirectUri: string;
  /** Of an application that has one. */
  readonly clientSecret: string | undefined;
}

/**
 * A provider by OpenID Connect Discovery 1.0. All methods throw {@link SignInError}.
 *
 * @param now Unix milliseconds; what the provider says of itself is kept for an hour
 */
export function createProvider({ issuer, clientId }: OidcSettings, now: () => number): Provider {
  let kept: { readonly found: Discovery; readonly jwks: Jwks; readonly until: number } | undefined;

  async function discovered(): Promise<{ readonly found: Discovery; readonly jwks: Jwks }> {
    if (kept && now() < kept.until) return kept;
    const found = await discover(issuer);
    const jwks = createRemoteJWKSet(new URL(found.jwks_uri), { timeoutDuration: TIMEOUT_MS });
    kept = { found, jwks, until: now() + KEEP_MS };
    return kept;
  }

  return {
    async authorizationUrl(parameters) {
      const url = new URL((await discovered()).found.authorization_endpoint);
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url;
    },
    async exchange(request) {
      return exchangeCode((await discovered()).found, clientId, request);
    },
    async verify(idToken, nonce, at) {
      const { jwks } = await discovered();
      const claims = await verified(idToken, jwks, { issuer, clientId, at });
      if (claims.nonce !== nonce) throw refused('it was not made for this sign-in (nonce)');
      // OpenID Connect Core 3.1.3.7: with other audiences it must say that it was made for this one
      if (Array.isArray(claims.aud) && claims.aud.length > 1 && claims.azp !== clientId)
        throw refused('it was made for another application (azp)');
      return claims;
    },
  };
}

type Jwks = ReturnType<typeof createRemoteJWKSet>;

async function discover(issuer: string): Promise<Discovery> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await ask(url, {});
  const parsed = discoverySchema.safeParse(answer.body);
  if (!answer.ok || !parsed.success)
    throw new SignInError(502, `the sign-in provider does not describe itself at ${url} (${answer.status})`);
  if (parsed.data.issuer !== issuer)
    throw new SignInError(502, `the sign-in provider calls itself ${parsed.data.issuer}, not ${issuer}`);
  return parsed.data;
}

async function exchangeCode(
  { token_endpoint: endpoint, token_endpoint_auth_methods_supported: methods }: Discovery,
  clientId: string,
  { code, verifier, redirectUri, clientSecret }: CodeExchange,
): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: verifier,
  });
  const headers: Record<string, string> = { accept: 'application/json' };
  // `client_secret_basic` is what a provider does that says nothing (Discovery 1.0, section 3)
  const isBasic = methods?.includes('client_secret_basic') ?? true;
  if (clientSecret !== undefined && isBasic) headers.authorization = basic(clientId, clientSecret);
  else if (clientSecret !== undefined) form.set('client_secret', clientSecret);
  const { ok, status, body } = await ask(endpoint, { method: 'POST', headers, body: form });
  const idToken = (body as { id_token?: unknown } | undefined)?.id_token;
  if (ok && typeof idToken === 'string') return idToken;
  const fault = (body as { error?: unknown } | undefined)?.error;
  const word = typeof fault === 'string' ? fault.slice(0, 100) : String(status);
  throw fault === 'invalid_grant'
    ? new SignInError(400, 'the sign-in provider does not take the code: it was used already, or is too old')
    : new SignInError(502, `the sign-in provider gave no ID token for the code (${word})`);
}

/** RFC 6749, section 2.3.1: both are form-encoded before they are joined. */
function basic(id: string, secret: string): string {
  const [a, b] = [id, secret].map((text) => new URLSearchParams([['', text]]).toString().slice(1));
  return `Basic ${Buffer.from(`${a}:${b}`).toString('base64')}`;
}

async function verified(
  idToken: string,
  jwks: Jwks,
  expected: { readonly issuer: string; readonly clientId: string; readonly at: number },
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(idToken, jwks, {
      algorithms,
      issuer: expected.issuer,
      audience: expected.clientId,
      requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(expected.at),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWKSTimeout)
      throw new SignInError(502, 'the sign-in provider does not show its keys', { cause: error });
    if (error instanceof errors.JOSEError) throw refused(error.message, error);
    throw new SignInError(502, 'the sign-in provider does not show its keys', { cause: error });
  }
}

function refused(why: string, cause?: unknown): SignInError {
  return new SignInError(403, `the ID token is not accepted: ${why}`, { cause });
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  /** Undefined where it is no JSON. */
  readonly body: unknown;
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { ...init, signal, redirect: 'error' });
    const body = await response.json().catch(() => undefined);
    return { ok: response.ok, status: response.status, body };
  } catch (cause) {
    throw new SignInError(502, `the sign-in provider does not answer at ${new URL(url).origin}`, { cause });
  }
}
