import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CredentialsError, createSigner, type Sign } from '../http/signer.ts';
import { keys, type SignedApi, startSignedApi } from '../http/sigv4.testing.ts';
import { createForward } from './forward.ts';
import { type ConsoleProxy, startProxy } from './proxy.ts';

let api: SignedApi;
let proxy: ConsoleProxy;
let told: string[];
let closing: (() => unknown)[];
beforeEach(async () => {
  told = [];
  closing = [];
  api = await startSignedApi();
  closing.push(api.close);
  proxy = await open(api.url);
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

async function open(url: URL, sign: Sign = createSigner({ region: 'eu-west-1', credentials: keys })) {
  const { forward, close } = createForward();
  const opened = await startProxy({ api: url, sign, forward, port: 0, tell: (line) => told.push(line) });
  closing.push(close, opened.close);
  return opened;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** Without what `fetch` puts in order: the path and every header as they are given. */
function ask(
  path: string,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: object; body?: string } = {},
  to: ConsoleProxy = proxy,
): Promise<Answer> {
  const { hostname, port, host } = new URL(to.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, path, method, headers: { host, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: text }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

describe('a request', () => {
  test.each([
    ['/console', '/dev/console'],
    ['/dev/console', '/dev/console'],
    // as alerts have it
    ['/console/models/price-2/reports/latest', '/dev/console/models/price-2/reports/latest'],
    ['/console/models/price-2/retrain?from=grafana', '/dev/console/models/price-2/retrain?from=grafana'],
    ['/dev/models/price-2.v1', '/dev/models/price-2.v1'],
    ['/models/a%20b', '/dev/models/a%20b'],
    ['/developers', '/dev/developers'],
    ['/logs?to=2&from=1+x', '/dev/logs?from=1%20x&to=2'],
    ['/', '/dev/'],
  ])('for %s reaches the API as %s, signed', async (asked, arrived) => {
    expect((await ask(asked)).status).toBe(200);
    expect(api.heard.map(({ url }) => url)).toEqual([arrived]);
  });

  test('keeps its body, type, Idempotency-Key and the cookies that are ours', async () => {
    const body = JSON.stringify({ reason: 'größer' });
    const answer = await ask('/models/m/retrain', {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'k1',
        cookie: 'other-app=secret; tidemark-visit=abc',
      },
    });
    expect(answer.status).toBe(200);
    expect(api.heard[0]).toMatchObject({
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k1', cookie: 'tidemark-visit=abc' },
    });
  });

  test('loses what belongs to the connection, and any signature or Origin of its own', async () => {
    const headers = {
      authorization: 'Bearer mine',
      'x-amz-security-token': 'mine',
      origin: proxy.url,
      te: 'trailers',
      connection: 'close, x-private',
      'x-private': '1',
    };
    expect((await ask('/models', { headers })).status).toBe(200);
    const sent = api.heard[0]!.headers;
    expect(sent.authorization).toMatch(/^AWS4-HMAC-SHA256 /);
    for (const name of ['x-amz-security-token', 'origin', 'te', 'x-private'])
      expect(sent).not.toHaveProperty(name);
  });

  test('of 4 MB passes, and of a byte more does not', async () => {
    const send = (bytes: number) =>
      ask('/models/m/predict', {
        method: 'POST',
        body: 'x'.repeat(bytes),
        headers: { 'content-type': 'application/json' },
      });
    expect((await send(4_194_304)).status).toBe(200);
    expect((await send(4_194_305)).status).toBe(413);
    expect(api.heard).toHaveLength(1);
  });

  test('is answered with all that the API says, but for the headers of its connection', async () => {
    api.answer = () => ({
      status: 404,
      body: 'größe',
      headers: {
        'content-type': 'text/html',
        'set-cookie': ['a=1', 'b=2'],
        connection: 'x-hop',
        'x-hop': '1',
      },
    });
    const answer = await ask('/console');
    expect(answer).toMatchObject({ status: 404, body: 'größe', headers: { 'set-cookie': ['a=1', 'b=2'] } });
    expect(answer.headers).not.toHaveProperty('x-hop');
    expect(answer.headers['content-length']).toBe('7');
  });
});

describe('nobody but this computer gets through', () => {
  test.each([
    ['a rebound name', { host: 'evil.example' }],
    ['a rebound name on our port', { host: 'evil.example:8800' }],
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }],
    ['a sandboxed page', { origin: 'null' }],
    ['an image in another site’s page', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }],
    ['a frame in another site’s page', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' }],
    ['a script of another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'empty' }],
  ])('%s is refused before anything is signed', async (_, headers) => {
    expect((await ask('/models', { headers })).status).toBe(403);
    expect(api.heard).toEqual([]);
  });

  test('a link from elsewhere opens a page, and our own pages and forms work', async () => {
    const cross = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' };
    expect((await ask('/console', { headers: cross })).status).toBe(200);
    expect(
      (await ask('/console', { method: 'POST', headers: { ...cross, 'content-length': '0' } })).status,
    ).toBe(403);
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
    const posted = (headers: object) => ask('/console/x', { method: 'POST', body: 'a=1', headers });
    expect((await posted({ ...form, origin: proxy.url })).status).toBe(200);
    expect((await posted(form)).status).toBe(415);
    expect((await posted({ ...form, 'content-type': 'text/plain', origin: proxy.url })).status).toBe(415);
  });

  test.each([
    '//evil.example/x',
    '/@evil.example/',
    '/\\evil.example',
    '/dev/../../x',
    '/%2e%2e/prod/models',
  ])('the path %s leads to no other host and out of no stage', async (path) => {
    const { status } = await ask(path);
    if (status === 200) expect(api.heard[0]?.url).toMatch(/^\/dev\//);
    else expect([400, 404]).toContain(status);
  });

  test('a whole address and a broken encoding are no paths, and other methods are not passed on', async () => {
    expect((await ask('http://evil.example/')).status).toBe(400);
    expect((await ask('/models/%zz')).status).toBe(400);
    for (const method of ['PUT', 'DELETE', 'OPTIONS'])
      expect((await ask('/models', { method })).status).toBe(405);
    expect(api.heard).toEqual([]);
  });

  test('it listens on 127.0.0.1 alone', () => {
    expect(new URL(proxy.url).hostname).toBe('127.0.0.1');
  });
});

describe('what goes wrong is told', () => {
  test('credentials that have gone', async () => {
    const expired = await open(api.url, async () => {
      throw new CredentialsError('there are no AWS credentials to sign with (the SSO session has expired)');
    });
    const { status, body } = await ask('/models', {}, expired);
    expect([status, JSON.parse(body).detail]).toEqual([
      503,
      expect.stringContaining('SSO session has expired'),
    ]);
    expect(told).toEqual([expect.stringContaining('SSO session has expired')]);
  });

  test('a signature that the API does not take', async () => {
    const other = await open(
      api.url,
      createSigner({ region: 'eu-west-1', credentials: { ...keys, secretAccessKey: 'x' } }),
    );
    const { status, body } = await ask('/models', {}, other);
    expect([status, JSON.parse(body).title]).toEqual([403, 'invalid signature']);
  });

  test('an API that does not answer, or ends in the middle', async () => {
    const gone = await startSignedApi();
    await gone.close();
    const { status, body } = await ask('/models', {}, await open(gone.url));
    expect([status, JSON.parse(body).detail]).toEqual([502, expect.stringContaining('ECONNREFUSED')]);
    const broken = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    closing.push(() => broken.close());
    const { port } = broken.address() as { port: number };
    const half = await ask('/models', {}, await open(new URL(`http://127.0.0.1:${port}/dev`)));
    expect(half.status).toBe(502);
  });

  test('a port in use is left to who has it', async () => {
    const { forward, close } = createForward();
    const taken = Number(new URL(proxy.url).port);
    const sign = createSigner({ region: 'eu-west-1', credentials: keys });
    const second = await startProxy({ api: api.url, sign, forward, port: taken, tell: () => undefined });
    closing.push(close, second.close);
    expect(Number(new URL(second.url).port)).toBeGreaterThan(taken);
  });

  test('it ends with a connection open', async () => {
    const { port } = new URL(proxy.url);
    const idle = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const ended = new Promise((resolve) => idle.once('close', resolve));
    await proxy.close();
    await ended;
  });
});
