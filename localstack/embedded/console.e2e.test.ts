import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerSmall, smallRecord } from '../../cli/small-model.testing.ts';
import { type Host, startHost } from './host.ts';

let dataDir: string;
let host: Host;
let version: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-console-'));
  version = await registerSmall(dataDir, smallRecord('prices'));
  host = await startHost({ dataDir, port: 0, minuteMs: 3_600_000, env: { LOG_LEVEL: 'error' } });
});
afterAll(async () => {
  await host.close();
  await rm(dataDir, { recursive: true, maxRetries: 5 });
});

function ask(path: string, headers: object, method = 'GET', body = ''): Promise<[number, string]> {
  const { hostname, port, host: name } = new URL(host.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, path, method, headers: { host: name, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve([response.statusCode ?? 0, text]));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

describe('the console of the embedded host', () => {
  test('is a page at /console and /console/ that leads on by links alone', async () => {
    for (const path of ['/console', '/console/']) {
      const first = await fetch(host.url + path);
      expect([first.status, first.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(first.headers.get('content-security-policy')).toContain("default-src 'none'");
      const [, link = ''] = /href="([^"]+models\/prices)"/.exec(await first.text()) ?? [];
      const second = await fetch(new URL(link, host.url));
      expect(await second.text()).toContain(`${version} serves since`);
    }
  });

  test('answers an unknown model by a page, and a program by a problem', async () => {
    const page = await fetch(`${host.url}/console/models/none`, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    expect((await fetch(`${host.url}/console/models/none`)).headers.get('content-type')).toBe(
      'application/problem+json',
    );
  });

  test('has nobody to sign in, and says so', async () => {
    const [status, body] = await ask('/console/login', {});
    expect([status, body]).toEqual([403, expect.stringContaining('auth.oidc is not set')]);
  });

  test('is not shown to pages of other sites', async () => {
    expect((await ask('/console', { host: 'evil.example' }))[0]).toBe(403);
    expect((await ask('/console', { origin: 'https://evil.example' }))[0]).toBe(403);
  });

  test('takes forms of its own pages past the door, and no others', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '3' };
    const post = (headers: object) => ask('/console/logout', { ...form, ...headers }, 'POST', 'a=1');
    expect(await post({ origin: host.url })).toEqual([403, expect.stringContaining('auth.oidc is not set')]);
    expect((await post({}))[0]).toBe(415);
    expect((await post({ origin: 'https://evil.example' }))[0]).toBe(403);
    expect((await post({ origin: host.url, 'content-type': 'text/plain' }))[0]).toBe(415);
  });
});
