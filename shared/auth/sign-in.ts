/**
 * Signing in by OpenID Connect: authorization code with PKCE (RFC 7636, S256). What a sign-in under way must remember rides in a
 * signed cookie of the browser that began it.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { SessionContext } from '../api/caller.ts';
import { isEqual } from './form-token.ts';
import { type OidcSettings, roleOf } from './oidc-settings.ts';
import { type Provider, SignInError } from './provider.ts';
import { openToken, signToken } from './session.ts';

export const SIGN_IN_SECONDS = 600;

export interface SignInOptions {
  readonly settings: OidcSettings;
  readonly provider: Provider;
  readonly key: Uint8Array;
  readonly environment: string;
  /** Unix milliseconds. */
  readonly now: number;
  /** Of `/console/callback` as the browser sees it; registered with the provider. */
  readonly redirectUri: string;
}

const random = () => randomBytes(32).toString('base64url');

/**
 * Where the browser is sent, and the token of the cookie it takes along.
 *
 * @param returnTo a path of the console, checked by {@link checkedReturn}
 * @throws {SignInError} 502 when the provider does not answer
 */
export async function beginSignIn(
  returnTo: string,
  options: SignInOptions,
): Promise<{ readonly url: URL; readonly token: string }> {
  const [state, nonce, verifier] = [random(), random(), random()];
  const { settings, provider, redirectUri } = options;
  const url = await provider.authorizationUrl({
    response_type: 'code',
    client_id: settings.clientId,
    redirect_uri: redirectUri,
    scope: ['openid', ...settings.scopes].join(' '),
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const token = await signToken('sign-in', { state, nonce, verifier, returnTo }, SIGN_IN_SECONDS, options);
  return { url, token };
}

export interface Callback {
  /** The cookie that {@link beginSignIn} made. */
  readonly token: string | undefined;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly clientSecret: string | undefined;
}

/**
 * What the provider sent the browser back with, as a session.
 *
 * @throws {SignInError} 400 for a sign-in that this browser did not begin, or that has ended; 403 for a token that does not hold, or a
 * person nobody has let in; 502 for a provider that fails
 */
export async function finishSignIn(
  { token, query, clientSecret }: Callback,
  options: SignInOptions,
): Promise<{ readonly session: SessionContext; readonly returnTo: string }> {
  const { settings, provider, now, redirectUri } = options;
  const begun = token === undefined ? undefined : await openToken('sign-in', token, options);
  if (!begun)
    throw new SignInError(400, 'this browser has no sign-in under way, or it took longer than ten minutes');
  const { state, nonce, verifier, returnTo } = begun as Readonly<Record<string, string>>;
  if (query.state === undefined || !isEqual(query.state, state ?? ''))
    throw new SignInError(400, 'the answer belongs to another sign-in (state)');
  // RFC 9207: an answer of another provider that this browser was sent to
  if (query.iss !== undefined && query.iss !== settings.issuer)
    throw new SignInError(400, 'the answer comes from another provider (iss)');
  if (query.error !== undefined)
    throw new SignInError(403, `the sign-in provider refused: ${query.error.slice(0, 100)}`);
  if (!query.code) throw new SignInError(400, 'the answer has no code');
  const idToken = await provider.exchange({
    code: query.code,
    verifier: verifier ?? '',
    redirectUri,
    clientSecret,
  });
  const claims = await provider.verify(idToken, nonce ?? '', now);
  const role = roleOf(settings, claims);
  const subject = claims.sub ?? '';
  if (role === undefined)
    throw new SignInError(
      403,
      `the account ${subject} may not use this deployment: no rule of auth.oidc names it`,
    );
  const email = claims.email_verified === true && typeof claims.email === 'string' ? claims.email : undefined;
  return {
    session: { subject, role, session: random(), ...(email === undefined ? {} : { email }) },
    returnTo: returnTo ?? '',
  };
}

/**
 * A path to go back to after signing in: one of the console, of this site.
 *
 * @param base what stands before `/console`: `/dev`, or nothing
 * @throws {SignInError} 400 for any other, so that no link sends people elsewhere by way of this site
 */
export function checkedReturn(path: string | undefined, base: string): string {
  const home = `${base}/console`;
  if (path === undefined) return home;
  const site = 'https://this.invalid';
  const url = path.startsWith('/') && URL.canParse(path, site) ? new URL(path, site) : undefined;
  const isOurs = url?.origin === site && (url.pathname === home || url.pathname.startsWith(`${home}/`));
  if (!isOurs || /[\\\p{Cc}]/u.test(path))
    throw new SignInError(
      400,
      `return_to ${JSON.stringify(path.slice(0, 200))} is not a page of the console; ${home} is`,
    );
  return url.pathname + url.search;
}
