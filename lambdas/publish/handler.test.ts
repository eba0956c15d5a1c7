import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { functions } from '#shared/api/surface.ts';
import { readPublisherState } from '#shared/metrics/publisher-state.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { createPublishHandler } from './handler.ts';

let stop: () => void = () => undefined;
let status = 204;
afterEach(() => {
  stop();
  status = 204;
});

async function receiver() {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume().on('end', () => response.writeHead(status).end());
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
  for (const event of [undefined, { 'detail-type': 'WindowJudged' }])
    expect(await handler(event)).toMatchObject({ published: 0, reason: 'REMOTE_WRITE_URL is not set' });
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

test('what the receiver did not take is measured, and nothing is when it took all', async () => {
  const { url } = await receiver();
  const deps = memoryDeps({ REMOTE_WRITE_URL: url });
  await deps.state.putIfAbsent(stateKeys.record('small'), smallRecord());
  const handler = createPublishHandler(deps);
  await handler();
  expect(deps.measured).toEqual([]);
  status = 403;
  deps.clock.ms += 60_000;
  const { undelivered } = await handler();
  expect(undelivered).toBeGreaterThan(0);
  expect(deps.measured).toEqual([{ name: 'UndeliveredSeries', value: undelivered }]);
});

test('a window that was judged is published at once; a second one in the minute waits until its caller wants no more waiting', async () => {
  const { seen, url } = await receiver();
  const handler = await handlerOf({ REMOTE_WRITE_URL: url });
  const judged = { 'detail-type': 'WindowJudged', detail: { model: 'small', report: 'r' } };
  expect((await handler(judged)).published).toBeGreaterThan(70);
  const stopping = new AbortController();
  const waiting = handler(judged, { signal: stopping.signal });
  expect(await Promise.race([waiting, new Promise((done) => setTimeout(done, 200, 'waiting'))])).toBe(
    'waiting',
  );
  expect(await handler(judged)).toMatchObject({ published: 0, reason: expect.stringContaining('waits') });
  stopping.abort();
  expect(await waiting).toMatchObject({ published: 0, reason: expect.stringContaining('published already') });
  expect(seen).toHaveLength(1);
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

const userAndPassword = (url: string) => url.replace('//', '//ann:p%40ss@');

test.each([
  ['a token', { 'SECRET_remote-write-bearer-token': 'the-token' }, (url: string) => url, 'Bearer the-token'],
  ['a pair', { 'SECRET_remote-write-basic-auth': 'ann:p@ss' }, (url: string) => url, 'Basic YW5uOnBAc3M='],
  ['an address with a password', {}, userAndPassword, 'Basic YW5uOnBAc3M='],
])(
  'a receiver that asks who sends is told by %s, with the rights it declares',
  async (_, secrets, to, told) => {
    const { seen, url } = await receiver();
    const handler = await handlerOf({ ...secrets, REMOTE_WRITE_URL: to(url) });
    expect((await handler()).published).toBeGreaterThan(70);
    expect(seen.map(({ authorization }) => authorization)).toEqual([told]);
  },
);

test('a token that is exchanged while it runs is noticed: one minute is lost, counted and told, the next has everything', async () => {
  let valid = 'old';
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === `Bearer ${valid}`;
    request.resume().on('end', () => response.writeHead(isKnown ? 204 : 403).end('ExpiredToken'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  stop = () => server.close();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const deps = memoryDeps({ REMOTE_WRITE_URL: url });
  await deps.state.putIfAbsent(stateKeys.record('small'), smallRecord());
  const secret = async (name: string) => (name.endsWith('bearer-token') ? valid : undefined);
  const handler = createPublishHandler({ ...deps, secret });
  const all = (await handler()).published;
  valid = 'new';
  deps.clock.ms += 4 * 60_000;
  expect(await handler()).toMatchObject({
    published: 0,
    reason: 'the receiver refuses it with 403: ExpiredToken',
  });
  expect(deps.logged.at(-1)?.level).not.toBe('error');
  expect(
    deps.logged.some(({ level, detail }) => level === 'warn' && JSON.stringify(detail).includes('403')),
  ).toBe(true);
  deps.clock.ms += 60_000;
  expect(await handler()).toMatchObject({ undelivered: 0, rejected: 0 });
  deps.clock.ms += 4 * 60_000;
  expect((await handler()).published).toBeLessThanOrEqual(all);
  expect(await readPublisherState(deps)).toMatchObject({ failures: 1 });
});

test('AWS credentials that expire while it runs: one minute is lost and told, the next is signed with those of then', async () => {
  const seen: string[] = [];
  let expired = '';
  const server = createServer((request, response) => {
    const key = /Credential=(\w+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    seen.push(key);
    const status = key === expired ? 403 : 204;
    request.resume().on('end', () => response.writeHead(status).end('ExpiredTokenException'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  stop = () => server.close();
  const before = { ...process.env };
  const become = (key: string) =>
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: `secret of ${key}` });
  try {
    become('AKIDFIRST');
    const deps = memoryDeps({
      REMOTE_WRITE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      REMOTE_WRITE_REGION: 'eu-west-1',
    });
    await deps.state.putIfAbsent(stateKeys.record('small'), smallRecord());
    const handler = createPublishHandler(deps);
    expect((await handler()).published).toBeGreaterThan(70);
    expired = 'AKIDFIRST';
    become('AKIDSECOND');
    deps.clock.ms += 60_000;
    expect(await handler()).toMatchObject({ published: 0, reason: expect.stringContaining('ExpiredToken') });
    deps.clock.ms += 60_000;
    expect(await handler()).toMatchObject({ undelivered: 0, rejected: 0 });
    expect(seen).toEqual(['AKIDFIRST', 'AKIDFIRST', 'AKIDSECOND']);
    expect(JSON.stringify(deps.logged)).not.toContain('secret of');
  } finally {
    process.env = before;
  }
});

test('a password and a signature at once are refused at the start, without the password', async () => {
  const env = { REMOTE_WRITE_URL: 'https://ann:hunter2@example.com/', REMOTE_WRITE_REGION: 'eu-west-1' };
  const error = await handlerOf(env).catch((error: Error) => error.message);
  expect(error).toContain('wants a signature');
  expect(error).not.toContain('hunter2');
});

test.each(['ftp://ann:hunter2@prometheus/write', 'ann:hunter2@prometheus', 'https://ann:hunter2@/write'])(
  'a malformed address with a password is shown without it: %s',
  (url) => {
    expect(() => memoryDeps({ REMOTE_WRITE_URL: url })).toThrow(/^(?!.*hunter2).*REMOTE_WRITE_URL=.*\*\*\*@/);
  },
);

test.each(['ftp://prometheus/write', 'prometheus', ''])('an address of %j is refused at the start', (url) => {
  expect(() => memoryDeps({ REMOTE_WRITE_URL: url })).toThrow('REMOTE_WRITE_URL=');
});
