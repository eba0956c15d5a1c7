import { SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callerOf } from '#shared/api/caller.ts';
import type { HttpEvent, HttpResult } from '#shared/api/http.ts';
import { secureCookie, sessionCookie, signInCookie } from '#shared/auth/cookies.ts';
import { formTokenField, formTokenFor } from '#shared/auth/form-token.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { createAuthorizeHandler } from '../authorize/handler.ts';
import { createConsoleHandler } from './handler.ts';
import { type FakeProvider, startProvider } from './oidc-provider.testing.ts';

const host = 'a1b2c3.execute-api.eu-west-1.amazonaws.com';
const clientId = 'tidemark-client';
const key = 'k'.repeat(64);
const ann = {
  sub: '248289761001',
  email: 'ann@example.com',
  email_verified: true,
  groups: ['staff', 'ml-ops'],
};

let provider: FakeProvider;
let clock: { ms: number };
beforeEach(async () => {
  clock = { ms: 0 };
  provider = await startProvider(clientId, () => clock.ms);
  provider.claims = ann;
});
afterEach(() => provider.close());

function deploymentWith(more: object = {}, env: Record<string, string> = {}): MemoryDeps {
  const OIDC = {
    issuer: provider.issuer,
    clientId,
    operators: { claim: 'groups', values: ['ml-ops'] },
    viewers: { claim: 'groups', values: ['staff'] },
    ...more,
  };
  const deps = memoryDeps({
    ENVIRONMENT: 'dev',
    OIDC: JSON.stringify(OIDC),
    'SECRET_session-key': key,
    ...env,
  });
  clock = deps.clock;
  return deps;
}

/** A browser: it keeps cookies, follows nothing, and goes by way of the authorizer to the pages. */
function browserAt(deps: MemoryDeps) {
  const cookies = new Map<string, string>();
  const pages = createConsoleHandler(deps);
  const authorize = createAuthorizeHandler(deps);

  async function go(path: string, more: Partial<HttpEvent> = {}): Promise<HttpResult> {
    const url = new URL(path, `https://${host}`);
    const resource = url.pathname.replace(/^\/dev/, '').replace(/models\/\w+/, 'models/{model}');
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { Cookie: cookie }), ...more.headers };
    const isOpen = /\/(login|callback|logout)$/.test(resource);
    const methodArn = `arn:aws:execute-api:eu-west-1:1:a1b2c3/dev/GET${resource}`;
    const session = isOpen ? undefined : await authorize({ methodArn, headers });
    const answer = await pages({
      httpMethod: 'GET',
      resource,
      path: resource,
      body: null,
      isBase64Encoded: false,
      pathParameters: null,
      queryStringParameters: Object.fromEntries(url.searchParams),
      ...more,
      headers,
      requestContext: { path: url.pathname, domainName: host, authorizer: session?.context ?? null },
    });
    const set = [
      ...(answer.multiValueHeaders?.['set-cookie'] ?? []),
      ...(answer.headers?.['set-cookie'] === undefined ? [] : [answer.headers['set-cookie']]),
    ].map(String);
    for (const one of set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(one) ?? [];
      if (one.includes('Max-Age=0')) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  }
  const locationOf = ({ headers }: HttpResult) => new URL(String(headers?.location), `https://${host}`);
  return {
    cookies,
    go,
    locationOf,
    /** Up to where the provider sends it back. */
    async begin(path = '/dev/console/login'): Promise<URL> {
      return provider.agree(locationOf(await go(path)));
    },
    async signIn(): Promise<HttpResult> {
      return go((await this.begin()).href);
    },
  };
}

const textOf = ({ statusCode, body }: HttpResult): [number, string] => [
  statusCode,
  body.replace(/<style>[\s\S]*?<\/style>/, '').replace(/<[^>]+>/g, ' '),
];

describe('signing in', () => {
  test('leads over the provider back to the page that was wanted, with a session that opens the pages', async () => {
    const browser = browserAt(deploymentWith());
    const login = await browser.go('/dev/console/login?return_to=/dev/console/models/small');
    expect(login.statusCode).toBe(302);
    const link = browser.locationOf(login);
    expect(link.origin).toBe(provider.issuer);
    expect(Object.fromEntries(link.searchParams)).toMatchObject({
      tenant: '1',
      response_type: 'code',
      client_id: clientId,
      redirect_uri: `https://${host}/dev/console/callback`,
      scope: 'openid email',
      code_challenge_method: 'S256',
    });
    const back = await browser.go(provider.agree(link).href);
    expect([back.statusCode, back.headers?.location]).toEqual([302, '/dev/console/models/small']);
    expect([...browser.cookies.keys()]).toEqual([sessionCookie]);
    const page = await browser.go('/dev/console');
    expect(textOf(page)).toEqual([200, expect.stringContaining('ann@example.com (248289761001)')]);
  });

  test('keeps session and sign-in in cookies that no script reads, no other site sends along, and TLS alone carries', async () => {
    const browser = browserAt(deploymentWith());
    const login = await browser.go('/dev/console/login');
    const back = await browser.go(provider.agree(browser.locationOf(login)).href);
    const set = [login, back].flatMap(({ multiValueHeaders }) => multiValueHeaders?.['set-cookie'] ?? []);
    expect(set).toHaveLength(3);
    for (const one of set)
      expect(one).toMatch(/^__Host-.*; Path=\/; Max-Age=\d+; HttpOnly; Secure; SameSite=Lax$/);
    expect(secureCookie('a', 'b', 28_800)).toContain('Max-Age=28800');
  });

  test('proves itself by PKCE alone, or also by the secret of the application in the way the provider takes', async () => {
    expect((await browserAt(deploymentWith()).signIn()).statusCode).toBe(302);
    expect(provider.exchange?.authorization).toBeUndefined();
    const withSecret = () => browserAt(deploymentWith({}, { 'SECRET_oidc-client-secret': 'a b&c:d' }));
    expect((await withSecret().signIn()).statusCode).toBe(302);
    expect(provider.exchange?.authorization).toBe(`Basic ${btoa(`${clientId}:a+b%26c%3Ad`)}`);
    provider.authMethods = ['client_secret_post'];
    expect((await withSecret().signIn()).statusCode).toBe(302);
    expect(provider.exchange?.form.get('client_secret')).toBe('a b&c:d');
  });

  test('asks for the scopes that are set', async () => {
    const browser = browserAt(deploymentWith({ scopes: ['profile', 'groups'] }));
    const link = browser.locationOf(await browser.go('/dev/console/login'));
    expect(link.searchParams.get('scope')).toBe('openid profile groups');
  });
});

describe('a role', () => {
  const rolesOf = async (claims: object, more: object = {}) => {
    provider.claims = { sub: 's', ...claims };
    const browser = browserAt(deploymentWith(more));
    const [status, text] = textOf(await browser.signIn());
    if (status !== 302) return text.trim().replace(/\s+/g, ' ');
    return textOf(await browser.go('/dev/console'))[1].includes('may look') ? 'viewer' : 'operator';
  };

  test('comes from the claim the stage names, and who has none stays outside', async () => {
    expect(await rolesOf({ groups: ['ml-ops'] })).toBe('operator');
    expect(await rolesOf({ groups: 'ml-ops' })).toBe('operator');
    expect(await rolesOf({ groups: ['staff'] })).toBe('viewer');
    expect(await rolesOf({ groups: ['ml-ops-x'] })).toContain('the account s may not use this deployment');
    expect(await rolesOf({})).toContain('no rule of auth.oidc names it');
    expect(await rolesOf({ groups: ['staff'] }, { viewers: undefined })).toContain(
      'may not use this deployment',
    );
  });

  test('by address needs one that the provider has verified', async () => {
    const operators = { claim: 'email', values: ['ann@example.com'] };
    const email = 'ann@example.com';
    expect(await rolesOf({ email, email_verified: true }, { operators })).toBe('operator');
    for (const email_verified of [false, undefined, 'true'])
      expect(await rolesOf({ email, email_verified }, { operators })).toContain('may not use');
  });

  test('of a viewer opens GET alone, of an operator every method, under /console and nowhere else', async () => {
    const resourcesFor = async (groups: string[]) => {
      provider.claims = { sub: 's', groups };
      const deps = deploymentWith();
      const browser = browserAt(deps);
      await browser.signIn();
      const { policyDocument, context, principalId } = await createAuthorizeHandler(deps)({
        methodArn: 'arn:aws:execute-api:eu-west-1:1:a1b2c3/dev/GET/console/models/m',
        headers: { cookie: `x=1; ${sessionCookie}=${browser.cookies.get(sessionCookie)}` },
      });
      expect(principalId).toBe('s');
      expect(callerOf({ requestContext: { authorizer: context } } as HttpEvent)).toMatchObject({ name: 's' });
      return (policyDocument.Statement[0] as { Resource: string[] }).Resource;
    };
    const stage = 'arn:aws:execute-api:eu-west-1:1:a1b2c3/dev';
    expect(await resourcesFor(['staff'])).toEqual([`${stage}/GET/console`, `${stage}/GET/console/*`]);
    expect(await resourcesFor(['ml-ops'])).toEqual([`${stage}/*/console`, `${stage}/*/console/*`]);
  });
});

describe('refused, with the reason, and without a session', () => {
  const refusedCallback = async (
    change: (back: URL, cookies: Map<string, string>) => void,
    deps = deploymentWith(),
  ) => {
    const browser = browserAt(deps);
    const back = await browser.begin();
    change(back, browser.cookies);
    const answer = textOf(await browser.go(back.href));
    expect(browser.cookies.has(sessionCookie)).toBe(false);
    return answer;
  };

  test('is an answer that this browser did not ask for', async () => {
    const notOurs = [400, expect.stringContaining('another sign-in (state)')];
    expect(await refusedCallback((back) => back.searchParams.set('state', 'x'))).toEqual(notOurs);
    expect(await refusedCallback((back) => back.searchParams.delete('state'))).toEqual(notOurs);
    const none = [400, expect.stringContaining('no sign-in under way')];
    expect(await refusedCallback((_, cookies) => cookies.clear())).toEqual(none);
    expect(await refusedCallback((_, cookies) => cookies.set(signInCookie, 'a.b.c'))).toEqual(none);
    expect(await refusedCallback((back) => back.searchParams.set('iss', 'https://evil.example'))).toEqual([
      400,
      expect.stringContaining('another provider (iss)'),
    ]);
  });

  test('is another person’s sign-in, whose link was sent to this browser', async () => {
    const deps = deploymentWith();
    const theirs = await browserAt(deps).begin();
    const browser = browserAt(deps);
    await browser.begin();
    expect(textOf(await browser.go(theirs.href))[0]).toBe(400);
    expect(browser.cookies.has(sessionCookie)).toBe(false);
  });

  test('is a sign-in of more than ten minutes; of ten it is good', async () => {
    const deps = deploymentWith();
    const slow = (ms: number) => {
      const browser = browserAt(deps);
      return browser.begin().then((back) => {
        clock.ms += ms;
        return browser.go(back.href);
      });
    };
    expect((await slow(599_000)).statusCode).toBe(302);
    expect(textOf(await slow(600_000))).toEqual([400, expect.stringContaining('longer than ten minutes')]);
  });

  test('is a code that was used, even by a browser that kept its cookie', async () => {
    const browser = browserAt(deploymentWith());
    const back = await browser.begin();
    const kept = browser.cookies.get(signInCookie)!;
    expect((await browser.go(back.href)).statusCode).toBe(302);
    browser.cookies.clear();
    browser.cookies.set(signInCookie, kept);
    expect(textOf(await browser.go(back.href))).toEqual([400, expect.stringContaining('used already')]);
    expect(browser.cookies.has(sessionCookie)).toBe(false);
  });

  test('is a code without its sign-in’s verifier, a missing code, and a refusal of the provider', async () => {
    const deps = deploymentWith();
    const stolen = (await browserAt(deps).begin()).searchParams.get('code')!;
    expect((await refusedCallback((back) => back.searchParams.set('code', stolen), deps))[0]).toBe(400);
    expect(await refusedCallback((back) => back.searchParams.delete('code'))).toEqual([
      400,
      expect.stringContaining('has no code'),
    ]);
    expect(await refusedCallback((back) => back.searchParams.set('error', '<b>access_denied'))).toEqual([
      403,
      expect.stringContaining('refused: &lt;b&gt;access_denied'),
    ]);
  });

  const now = () => Math.floor(clock.ms / 1000);
  const forgeries: readonly [string, FakeProvider['forge'], RegExp][] = [
    ['of another sign-in', (claims, sign) => sign({ ...claims, nonce: 'x' }), /nonce/],
    ['without a nonce', ({ nonce: _, ...claims }, sign) => sign(claims), /nonce/],
    ['for another application', (claims, sign) => sign({ ...claims, aud: 'other' }), /aud/],
    [
      'for others too, made for one of them',
      (claims, sign) => sign({ ...claims, aud: [clientId, 'o'], azp: 'o' }),
      /azp/,
    ],
    ['of another issuer', (claims, sign) => sign({ ...claims, iss: 'https://evil.example' }), /iss/],
    ['that has expired', (claims, sign) => sign({ ...claims, exp: now() - 31 }), /exp&quot; claim timestamp/],
    ['that never expires', ({ exp: _, ...claims }, sign) => sign(claims), /exp/],
    ['of nobody', ({ sub: _, ...claims }, sign) => sign(claims), /sub/],
    ['signed with another key', (claims, sign) => sign(claims, 'other'), /signature verification failed/],
    ['that is not signed', async (claims) => new UnsecuredJWT(claims).encode(), /alg/],
    [
      'signed with what the client knows too',
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(key)),
      /alg/,
    ],
    ['that is none', async () => 'x', /Compact JWS|JWT/],
  ];
  test.each(forgeries)('is an ID token %s', async (_, forge, reason) => {
    provider.forge = forge;
    const [status, text] = await refusedCallback(() => undefined);
    expect([status, text]).toEqual([403, expect.stringMatching(/ID token is not accepted/)]);
    expect(text).toMatch(reason);
  });

  test('an ID token of clocks that differ by half a minute, or for others too and made for us, is good', async () => {
    provider.forge = (claims, sign) => sign({ ...claims, exp: now() - 29 });
    expect((await browserAt(deploymentWith()).signIn()).statusCode).toBe(302);
    provider.forge = (claims, sign) => sign({ ...claims, aud: [clientId, 'o'], azp: clientId });
    expect((await browserAt(deploymentWith()).signIn()).statusCode).toBe(302);
  });

  test('is a provider that calls itself otherwise, or does not answer', async () => {
    provider.calledItself = 'https://evil.example';
    expect(textOf(await browserAt(deploymentWith()).go('/dev/console/login'))).toEqual([
      502,
      expect.stringContaining('calls itself https://evil.example'),
    ]);
    const deps = deploymentWith();
    await provider.close();
    expect(textOf(await browserAt(deps).go('/dev/console/login'))).toEqual([
      502,
      expect.stringContaining('does not answer'),
    ]);
  });

  test.each([
    'https://evil.example/dev/console',
    '//evil.example/dev/console',
    '/\\evil.example/dev/console',
    '/dev/console/../../evil',
    '/dev/console\\..\\x',
    '/dev/consolex',
    '/prod/console',
    '/dev/models',
    'javascript:alert(1)',
    'console',
    '/dev/console\r\nx: y',
    '',
  ])('is a way back to %j, which is no page of this console', async (path) => {
    const to = `/dev/console/login?return_to=${encodeURIComponent(path)}`;
    const browser = browserAt(deploymentWith());
    expect(textOf(await browser.go(to))).toEqual([
      400,
      expect.stringContaining('is not a page of the console'),
    ]);
    expect(browser.cookies.size).toBe(0);
  });
});

describe('a session', () => {
  test('ends after eight hours and not before', async () => {
    const browser = browserAt(deploymentWith());
    await browser.signIn();
    clock.ms += 8 * 3_600_000 - 1000;
    expect((await browser.go('/dev/console')).statusCode).toBe(200);
    clock.ms += 1000;
    await expect(browser.go('/dev/console')).rejects.toThrow(/^Unauthorized$/);
  });

  test('is nothing when it is altered, another stage’s, a sign-in’s, or of a key that was replaced', async () => {
    const deps = deploymentWith();
    const browser = browserAt(deps);
    await browser.begin();
    const signIn = browser.cookies.get(signInCookie)!;
    await browser.signIn();
    const session = browser.cookies.get(sessionCookie)!;
    const [head, body = '', tail] = session.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const raised = Buffer.from(JSON.stringify({ ...claims, subject: 'eve' })).toString('base64url');
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
    const at = (one: MemoryDeps, value: string) =>
      createAuthorizeHandler(one)({
        methodArn: 'arn:aws:execute-api:r:1:a/dev/GET/console',
        headers: { Cookie: `${sessionCookie}=${value}` },
      });
    expect((await at(deps, session)).principalId).toContain('ann');
    for (const forged of [`${head}.${raised}.${tail}`, `${unsigned}.${body}.`, signIn, '', 'x'])
      await expect(at(deps, forged)).rejects.toThrow(/^Unauthorized$/);
    for (const env of [{ ENVIRONMENT: 'prod' }, { 'SECRET_session-key': 'l'.repeat(64) }]) {
      const other = deploymentWith({}, env);
      other.clock.ms = deps.clock.ms;
      await expect(at(other, session)).rejects.toThrow(/^Unauthorized$/);
    }
  });

  test('cannot be had with a key too short to be one, and that is a fault of ours, not of the visitor', async () => {
    const short = deploymentWith({}, { 'SECRET_session-key': 'k'.repeat(31) });
    await expect(browserAt(short).go('/dev/console/login')).rejects.toThrow('want at least 32');
    const enough = deploymentWith({}, { 'SECRET_session-key': 'k'.repeat(32) });
    expect((await browserAt(enough).go('/dev/console/login')).statusCode).toBe(302);
  });

  test('is ended by the page’s own form, not by another site’s', async () => {
    const browser = browserAt(deploymentWith());
    await browser.signIn();
    const page = await browser.go('/dev/console');
    const token = new RegExp(`name="${formTokenField}" value="([^"]+)"`).exec(page.body)?.[1] ?? '';
    const logout = (origin: string | undefined, body: string) =>
      browser.go('/dev/console/logout', {
        httpMethod: 'POST',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(origin === undefined ? {} : { origin }),
        },
      });
    const form = `${formTokenField}=${token}`;
    for (const [origin, body] of [
      ['https://evil.example', form],
      [undefined, form],
      ['null', form],
      [`https://${host}`, ''],
      [`https://${host}`, `${formTokenField}=x`],
    ] as const) {
      expect((await logout(origin, body)).statusCode).toBe(403);
      expect(browser.cookies.has(sessionCookie)).toBe(true);
    }
    expect(textOf(await logout(`https://${host}`, form))).toEqual([
      200,
      expect.stringContaining('signed out'),
    ]);
    expect(browser.cookies.has(sessionCookie)).toBe(false);
    expect((await logout(undefined, '')).statusCode).toBe(200);
  });

  test('has form tokens of its own: another session’s is not taken', async () => {
    const eventOf = (session: string) =>
      ({ headers: {}, requestContext: { authorizer: { subject: 's', session } } }) as unknown as HttpEvent;
    expect(formTokenFor(eventOf('a')).token).toBe(formTokenFor(eventOf('a')).token);
    expect(formTokenFor(eventOf('a')).token).not.toBe(formTokenFor(eventOf('b')).token);
    expect(formTokenFor(eventOf('a')).cookie).toBeUndefined();
  });
});

test('without auth.oidc the way in says that there is none, and what is instead', async () => {
  const browser = browserAt(memoryDeps());
  expect(textOf(await browser.go('/dev/console/login'))).toEqual([
    403,
    expect.stringContaining('&quot;tidemark console&quot; is the way in'),
  ]);
});
