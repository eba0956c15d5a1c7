/** AWS Signature Version 4 for requests to an API of API Gateway: one way to sign for every command. */
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { createSignature, type Credentials as Keys, type Sign } from '#shared/aws/signature.ts';
import { UsageError } from '../usage.ts';

export type { Sign } from '#shared/aws/signature.ts';

/** There are no AWS credentials to sign with, or they cannot be had; the message is for a person. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

type Credentials = Keys | (() => Promise<Keys>);

export interface SignerOptions {
  readonly region: string;
  /** Of `~/.aws/config`; without one what the environment says. */
  readonly profile?: string;
  /** @default the chain of the AWS CLI: environment, profile, SSO, container, instance */
  readonly credentials?: Credentials;
}

/**
 * A signer for the service `execute-api`. Credentials are looked up at the first request and again before they expire.
 *
 * @example await createSigner({ region: 'eu-west-1' })({ method: 'GET', url, headers: {} }) // { host, authorization, … }
 */
export function createSigner({ region, profile, credentials }: SignerOptions): Sign {
  const own = credentials ?? defaultProvider(profile === undefined ? {} : { profile });
  return createSignature({ service: 'execute-api', region, credentials: told(own, profile) });
}

function told(credentials: Credentials, profile: string | undefined): Credentials {
  if (typeof credentials !== 'function') return credentials;
  return async () => {
    try {
      return await credentials();
    } catch (cause) {
      const which = profile === undefined ? '' : ` of profile "${profile}"`;
      throw new CredentialsError(
        `there are no AWS credentials${which} to sign with (${(cause as Error).message}); sign in, such as by "aws sso login", or set AWS_PROFILE`,
        { cause },
      );
    }
  };
}

/**
 * The same address, written so that no two readers take it differently: what is reserved is percent-encoded, `+` in a query is a
 * space and becomes `%20`, parameters are sorted, slashes single. AWS signs what is on the wire.
 *
 * @throws {URIError} where the path is no valid percent-encoding
 */
export function canonicalUrl(url: URL): URL {
  const path = url.pathname
    .replace(/\/{2,}/g, '/')
    .split('/')
    .map((part) => encoded(decodeURIComponent(part)))
    .join('/');
  const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort();
  const canonical = new URL(url.origin);
  canonical.pathname = path;
  canonical.search = query.join('&');
  return canonical;
}

/** RFC 3986: all but letters, digits and `-._~`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Region of an API's own address; undefined for any other host, which may be a domain name before one. */
export function regionOfApi({ hostname }: URL): string | undefined {
  return /^[a-z0-9]+(?:-vpce-[a-z0-9-]+)?\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(
    hostname,
  )?.[1];
}

/**
 * The signer a URL needs: one for an address of API Gateway, or where `--sign` asks for it; else none.
 *
 * @throws {UsageError} where nothing says the region
 */
export function signerFor(
  url: URL,
  { sign, region }: { readonly sign: boolean; readonly region?: string | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): Sign | undefined {
  const own = regionOfApi(url);
  if (own === undefined && !sign) return undefined;
  const named = own ?? region ?? regionIn(environment);
  if (named === undefined)
    throw new UsageError(
      `--sign needs the region of ${url.host}: give --region, or set AWS_REGION, such as eu-west-1`,
    );
  return createSigner({ region: named });
}

export function regionIn(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  return environment.AWS_REGION || environment.AWS_DEFAULT_REGION || undefined;
}
