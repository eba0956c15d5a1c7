import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { functions } from '#shared/api/surface.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { createPublishHandler } from './handler.ts';

let stop: () => void = () => undefined;
afterEach(() => stop());

async function receiver() {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  stop = () => server.close();
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write` };
}

async function handlerOf(env: Readonly<Record<string, string>>) {
  const deps = memoryDeps(env);
  await deps.state.putIfAbsent(stateKeys.record('small'), smallRecord());
  return createPublishHandler(guardedDeps(deps, functions.publish.access));
}

test('without an address nothing is read, claimed or sent, and it is said why', async () => {
  const handler = createPublishHandler(guardedDeps(memoryDeps(), {}));
  expect(await handler()).toMatchObject({ published: 0, reason: 'REMOTE_WRITE_URL is not set' });
});

test('with the rights it declares it publishes what is registered, once a minute, unsigned', async () => {
  const { seen, url } = await receiver();
  const handler = await handlerOf({ REMOTE_WRITE_URL: url });
  const first = await handler();
  expect(first).toMatchObject({ rejected: 0, undelivered: 0 });
  expect(first.published).toBeGreaterThan(70);
  expect(await handler()).toMatchObject({ published: 0 });
  expect(seen.map((headers) => headers.authorization)).toEqual([undefined]);
});

test('with a region its requests are signed for Managed Prometheus', async () => {
  const { seen, url } = await receiver();
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });
  try {
    const handler = await handlerOf({ REMOTE_WRITE_URL: url, REMOTE_WRITE_REGION: 'eu-west-1' });
    expect((await handler()).published).toBeGreaterThan(70);
  } finally {
    process.env = before;
  }
  expect(seen[0]!.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/aps\/aws4_request/,
  );
});

test.each(['ftp://prometheus/write', 'prometheus', ''])('an address of %j is refused at the start', (url) => {
  expect(() => memoryDeps({ REMOTE_WRITE_URL: url })).toThrow('REMOTE_WRITE_URL=');
});
