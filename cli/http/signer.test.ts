import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../models/client.ts';
import { createSender } from '../traffic/sender.ts';
import { UsageError } from '../usage.ts';
import { CredentialsError, canonicalUrl, createSigner, regionOfApi, signerFor } from './signer.ts';
import { keys, type SignedApi, startSignedApi } from './sigv4.testing.ts';

let api: SignedApi;
beforeAll(async () => {
  api = await startSignedApi();
});
afterAll(() => api.close());

const sign = createSigner({ region: 'eu-west-1', credentials: keys });

async function send(target: string, method = 'GET', body?: string) {
  const url = canonicalUrl(new URL(target, api.url));
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const { host: _, ...headers } = await sign({
    method,
    url,
    headers: type,
    ...(body === undefined ? {} : { body }),
  });
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
}

describe('a signature holds', () => {
  test.each([
    ['the root of the stage', '/dev'],
    ['a trailing slash', '/dev/console/'],
    ['a model with dots and dashes', '/dev/models/price-2.v1/reports'],
    ['an encoded space and slash', '/dev/models/a%20b%2Fc'],
    ['reserved signs', "/dev/models/it's(a)*!:@&=+$,;"],
    ['letters beyond ASCII', '/dev/models/größe-価格'],
    ['parameters out of order', '/dev/logs?to=2026-11-21T08:00:00Z&from=2026-11-20&limit=5'],
    ['a parameter twice, its values out of order', '/dev/logs?id=b&id=a&id=a'],
    ['a parameter without a value', '/dev/logs?x&a='],
    ['a plus, which is a space, and an encoded plus', '/dev/logs?q=a+b%2Bc'],
    ['names that differ in case and prefix', '/dev/logs?b=1&B=2&b-a=3&ba=4'],
  ])('of %s', async (_, target) => {
    const response = await send(target);
    expect([response.status, await response.text()]).toEqual([200, '{}']);
  });

  test('of an empty body, a text and bytes that are no text', async () => {
    expect((await send('/dev/models/m/reload', 'POST')).status).toBe(200);
    expect((await send('/dev/models', 'POST', '{"größe": "価格"}')).status).toBe(200);
    expect(api.heard.at(-1)?.body).toBe('{"größe": "価格"}');
  });

  test('of temporary credentials, whose token is signed too', async () => {
    const temporary = createSigner({
      region: 'eu-west-1',
      credentials: { ...keys, sessionToken: 'tok/en==' },
    });
    const url = canonicalUrl(new URL('/dev/models', api.url));
    const { host: _, ...headers } = await temporary({ method: 'GET', url, headers: {} });
    expect(headers.authorization).toContain('x-amz-security-token');
    expect((await fetch(url, { headers })).status).toBe(200);
  });

  test('of nothing that was changed on the way, another region, or another key', async () => {
    const url = canonicalUrl(new URL('/dev/models?a=1', api.url));
    const { host: _, ...headers } = await sign({ method: 'GET', url, headers: {} });
    expect((await fetch(url, { headers })).status).toBe(200);
    expect((await fetch(new URL('/dev/models?a=2', api.url), { headers })).status).toBe(403);
    expect((await fetch(url, { headers, method: 'POST' })).status).toBe(403);
    for (const other of [
      createSigner({ region: 'eu-west-2', credentials: keys }),
      createSigner({ region: 'eu-west-1', credentials: { ...keys, secretAccessKey: 'another' } }),
    ]) {
      const { host: __, ...wrong } = await other({ method: 'GET', url, headers: {} });
      expect((await fetch(url, { headers: wrong })).status).toBe(403);
    }
  });
});

describe('the commands that call a host', () => {
  test('sign what models asks, posts and finds', async () => {
    const client = createClient(api.url.href, sign);
    api.answer = ({ method, url }) => ({ body: JSON.stringify({ method, url }) });
    expect(await client.get("/models/it's%20here")).toEqual({
      method: 'GET',
      url: '/dev/models/it%27s%20here',
    });
    expect(await client.post('/models', { name: 'größe' })).toEqual({ method: 'POST', url: '/dev/models' });
    await expect(createClient(api.url.href).get('/models')).rejects.toThrow('no signature');
  });

  test('sign what traffic sends', async () => {
    const options = { base: api.url, connections: 2, timeoutMs: 5000 };
    const sender = createSender({ ...options, sign });
    expect(await sender.post('/models/small/predict', '{"features":{}}')).toMatchObject({ status: 200 });
    sender.close();
    const unsigned = createSender(options);
    expect(await unsigned.post('/models/small/predict', '{}')).toMatchObject({ status: 403 });
    unsigned.close();
  });

  test('say that there are no credentials, and how to have some', async () => {
    const credentials = async () => {
      throw new Error('Could not load credentials from any providers');
    };
    const none = createSigner({ region: 'eu-west-1', profile: 'work', credentials });
    const request = none({ method: 'GET', url: api.url, headers: {} });
    await expect(request).rejects.toThrow(CredentialsError);
    await expect(request).rejects.toThrow('there are no AWS credentials of profile "work" to sign with');
    await expect(createClient(api.url.href, none).get('/models')).rejects.toMatchObject({
      name: 'HostError',
    });
    const sender = createSender({ base: api.url, connections: 1, timeoutMs: 5000, sign: none });
    expect(await sender.post('/models/small/predict', '{}')).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('there are no AWS credentials'),
    });
    sender.close();
  });
});

describe('who is signed for', () => {
  test('is an address of API Gateway, in the region that it names', () => {
    const region = (host: string) => regionOfApi(new URL(`https://${host}/dev`));
    expect(region('a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com')).toBe('eu-west-1');
    expect(region('a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn')).toBe('cn-north-1');
    expect(region('a1b2c3d4e5-vpce-0123.execute-api.us-east-1.amazonaws.com')).toBe('us-east-1');
    expect(region('execute-api.eu-west-1.amazonaws.com')).toBeUndefined();
    expect(region('a1.execute-api.eu-west-1.amazonaws.com.example.org')).toBeUndefined();
    expect(region('127.0.0.1:8000')).toBeUndefined();
  });

  test('is any other with --sign alone, which must know the region', () => {
    const own = new URL('https://models.example.com');
    const gateway = new URL('https://a1b2.execute-api.eu-west-1.amazonaws.com/dev');
    expect(signerFor(gateway, { sign: false }, {})).toBeTypeOf('function');
    expect(signerFor(own, { sign: false }, { AWS_REGION: 'eu-west-1' })).toBeUndefined();
    expect(signerFor(own, { sign: true }, { AWS_REGION: 'eu-west-1' })).toBeTypeOf('function');
    expect(signerFor(own, { sign: true, region: 'eu-west-1' }, {})).toBeTypeOf('function');
    expect(() => signerFor(own, { sign: true }, {})).toThrow(UsageError);
  });
});
