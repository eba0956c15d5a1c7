/** Test support: an OpenID provider on 127.0.0.1 that keeps to the specifications, until a test has it misbehave. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface FakeProvider {
  readonly issuer: string;
  /** What the person's token says beside what the protocol wants. */
  claims: JWTPayload;
  /** Changes the token's claims, or makes another token of them, before it is sent. */
  forge: (claims: JWTPayload, sign: SignToken) => Promise<string>;
  /** What `/.well-known/openid-configuration` calls the provider. */
  calledItself: string;
  /** Headers and form of the last exchange. */
  exchange?: { readonly authorization: string | undefined; readonly form: URLSearchParams };
  authMethods: readonly string[];
  /** As a browser that follows the link and whose user agrees: where it is sent back to. */
  agree(link: URL): URL;
  close(): Promise<void>;
}

type SignToken = (claims: JWTPayload, key?: 'own' | 'other') => Promise<string>;

interface Grant {
  readonly challenge: string;
  readonly nonce: string;
  readonly clientId: string;
  readonly redirectUri: string;
}

/** The provider's own, and one that is not. */
const keyPairs = Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);

export async function startProvider(clientId: string, nowMs: () => number): Promise<FakeProvider> {
  const [pair, other] = await keyPairs;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const grants = new Map<string, Grant>();
  const sign: SignToken = (claims, key = 'own') =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(key === 'own' ? pair.privateKey : other.privateKey);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (request.url === '/.well-known/openid-configuration')
      return answer(response, 200, {
        issuer: provider.calledItself,
        authorization_endpoint: `${issuer}/authorize?tenant=1`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        token_endpoint_auth_methods_supported: provider.authMethods,
      });
    if (request.url === '/keys') return answer(response, 200, { keys: [jwk] });
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    provider.exchange = { authorization: request.headers.authorization, form };
    const grant = grants.get(form.get('code') ?? '');
    // RFC 6749, section 4.1.2: a code is good once
    grants.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isGood =
      grant?.challenge === challenge &&
      grant.clientId === form.get('client_id') &&
      grant.redirectUri === form.get('redirect_uri') &&
      form.get('grant_type') === 'authorization_code';
    if (!isGood) return answer(response, 400, { error: 'invalid_grant' });
    const now = Math.floor(nowMs() / 1000);
    const claims = {
      iss: issuer,
      aud: clientId,
      nonce: grant.nonce,
      iat: now,
      exp: now + 300,
      ...provider.claims,
    };
    const idToken = await provider.forge(claims, sign);
    return answer(response, 200, { token_type: 'Bearer', access_token: 'x', id_token: idToken });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: FakeProvider = {
    issuer,
    claims: {},
    forge: (claims) => sign(claims),
    calledItself: issuer,
    authMethods: ['client_secret_basic', 'client_secret_post'],
    agree(link) {
      const asked = (name: string) => link.searchParams.get(name) ?? '';
      const code = randomUUID();
      grants.set(code, {
        challenge: asked('code_challenge_method') === 'S256' ? asked('code_challenge') : '',
        nonce: asked('nonce'),
        clientId: asked('client_id'),
        redirectUri: asked('redirect_uri'),
      });
      const back = new URL(asked('redirect_uri'));
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked('state'));
      return back;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
