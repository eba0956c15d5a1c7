import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type SendOptions, send } from './send.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end(`said ${code}`);

/** A receiver that gives these answers in turn, the last one for ever; and a clock that waiting moves. */
async function receiver(...answers: readonly Answer[]) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    request.resume().on('end', () => answers[Math.min(seen.length, answers.length) - 1]!(request, response));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  let clock = 0;
  const waits: number[] = [];
  const options: SendOptions = {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`),
    now: () => clock,
    wait: async (ms) => {
      waits.push(ms);
      clock += ms;
    },
  };
  return { seen, waits, options };
}

const body = Buffer.from('snappy');
const minute = 60_000;

test('a request says what it is, in the words of remote write 1.0', async () => {
  const { seen, options } = await receiver(status(204));
  expect(await send(body, minute, options)).toEqual({ kind: 'accepted' });
  expect(seen[0]).toMatchObject({ method: 'POST', url: '/api/v1/write' });
  expect(seen[0]!.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
    'user-agent': 'tidemark',
  });
});

test.each([400, 401, 403, 404, 413, 301])('%i is never tried again', async (code) => {
  const { seen, options } = await receiver(status(code), status(204));
  const sent = await send(body, minute, options);
  expect(sent).toEqual({ kind: 'refused', status: code, message: `said ${code}` });
  expect(seen).toHaveLength(1);
});

test.each([429, 500, 503])('%i is tried again, a little later each time', async (code) => {
  const { seen, waits, options } = await receiver(status(code), status(code), status(204));
  expect(await send(body, minute, options)).toEqual({ kind: 'accepted' });
  expect(seen).toHaveLength(3);
  expect(waits).toEqual([250, 500]);
});

test('a Retry-After is obeyed, in seconds or as a date, and for no longer than ten seconds', async () => {
  const date = new Date(7000).toUTCString();
  const { waits, options } = await receiver(
    status(429, { 'retry-after': '3' }),
    status(503, { 'retry-after': date }),
    status(503, { 'retry-after': '3600' }),
    status(204),
  );
  expect(await send(body, minute, options)).toEqual({ kind: 'accepted' });
  expect(waits).toEqual([3000, 4000, 10_000]);
});

test('after four tries it is undelivered, with what was said last', async () => {
  const { seen, options } = await receiver(status(503));
  const reason = 'the receiver answers 503: said 503';
  expect(await send(body, minute, options)).toEqual({ kind: 'undelivered', reason });
  expect(seen).toHaveLength(4);
});

test('nothing is begun after its time: a wait that would end then is not begun either', async () => {
  const { seen, options } = await receiver(status(503, { 'retry-after': '5' }));
  expect(await send(body, 5000, options)).toMatchObject({ kind: 'undelivered' });
  expect(seen).toHaveLength(1);
  expect(await send(body, 0, options)).toEqual({ kind: 'undelivered', reason: 'the time for it was over' });
  expect(seen).toHaveLength(1);
});

test('a receiver that hangs is given up on, and one that is not there is said not to be', async () => {
  const { options } = await receiver(() => undefined);
  expect(await send(body, 50, options)).toMatchObject({ kind: 'undelivered' });
  await close();
  close = async () => undefined;
  const sent = await send(body, minute, options);
  expect(sent).toEqual({ kind: 'undelivered', reason: expect.stringContaining('ECONNREFUSED') });
});

test('credentials that cannot be had are undelivered with the reason, and nothing is sent unsigned', async () => {
  const { seen, options } = await receiver(status(204));
  const sign = async () => {
    throw new Error('the token has expired');
  };
  expect(await send(body, minute, { ...options, sign })).toEqual({
    kind: 'undelivered',
    reason: 'the token has expired',
  });
  expect(seen).toEqual([]);
});

test('a signature is made anew for each try', async () => {
  const { seen, options } = await receiver(status(503), status(204));
  let signed = 0;
  const sign: SendOptions['sign'] = async ({ headers }) => ({
    ...headers,
    host: 'x',
    authorization: `a${++signed}`,
  });
  await send(body, minute, { ...options, sign });
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['a1', 'a2']);
  expect(seen[0]!.headers.host).not.toBe('x');
});

test.each([200, 202, 204])('%i is taken, whatever is said with it', async (code) => {
  const { options } = await receiver(status(code));
  expect(await send(body, minute, options)).toEqual({ kind: 'accepted' });
});

test('a redirect is not followed: what says who sends goes to no other host', async () => {
  const { seen, options } = await receiver((request, response) => {
    if (request.url === '/stolen') return response.writeHead(204).end();
    return response.writeHead(307, { location: '/stolen' }).end();
  });
  expect(await send(body, minute, options)).toMatchObject({ kind: 'refused', status: 307 });
  expect(seen.map(({ url }) => url)).toEqual(['/api/v1/write']);
});

test.each<[string, Answer, RegExp]>([
  [
    'closes the connection',
    (_, response) => {
      response.writeHead(200, { 'content-length': '9' }).write('x');
      setTimeout(() => response.destroy(), 5);
    },
    /^aborted$/,
  ],
  [
    'never ends its answer',
    (_, response) => {
      response.writeHead(200).write('x');
    },
    /^no answer within \d+ ms$/,
  ],
  ['never begins it', () => undefined, /^no answer within \d+ ms$/],
])('one that %s is undelivered, in time and with the reason', async (_, answer, reason) => {
  const { options } = await receiver(answer);
  const began = performance.now();
  const sent = await send(body, Date.now() + 400, { ...options, now: Date.now });
  expect(sent).toEqual({ kind: 'undelivered', reason: expect.stringMatching(reason) });
  expect(performance.now() - began).toBeLessThan(2000);
});

test('a Retry-After of 31 years, one that is over and nonsense wait no longer than a publication may, nor not at all', async () => {
  const { waits, options } = await receiver(
    ...['1000000000', new Date(0).toUTCString(), 'soon'].map((after) =>
      status(429, { 'retry-after': after }),
    ),
    status(204),
  );
  expect(await send(body, minute, options)).toEqual({ kind: 'accepted' });
  expect(waits).toEqual([10_000, 500, 1000]);
});

test('a name that leads nowhere and a port without TLS are undelivered with the reason', async () => {
  const { options } = await receiver(status(204));
  const to = (address: string) => send(body, minute, { ...options, url: new URL(address) });
  expect(await to('http://no-such-host.invalid/')).toEqual({
    kind: 'undelivered',
    reason: expect.stringMatching(/no-such-host\.invalid/),
  });
  expect(await to(options.url.href.replace('http:', 'https:'))).toEqual({
    kind: 'undelivered',
    reason: expect.stringMatching(/SSL|EPROTO/),
  });
});

test('several addresses tried in vain, of which Node says nothing but a code, are not an empty reason', async () => {
  const { options } = await receiver(status(204));
  const sign = async () => {
    throw Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
  };
  expect(await send(body, minute, { ...options, sign })).toEqual({
    kind: 'undelivered',
    reason: 'ECONNREFUSED',
  });
});

test('credentials that never come are given up on in time, and nothing is sent', async () => {
  const { seen, options } = await receiver(status(204));
  const sign = () => new Promise<never>(() => undefined);
  expect(await send(body, 60, { ...options, sign })).toMatchObject({ kind: 'undelivered' });
  expect(seen).toEqual([]);
});

test.each([
  [401, 1],
  [403, 1],
  [400, 0],
  [503, 0],
])('%i: what is kept of credentials is forgotten %i times', async (code, times) => {
  const { options } = await receiver(status(code), status(204));
  let forgotten = 0;
  const forget = () => {
    forgotten += 1;
  };
  await send(body, minute, { ...options, forget });
  expect(forgotten).toBe(times);
});

test.each(['Basic', 'Bearer'])(
  'a receiver that repeats a %s header is not repeated, wherever it is cut',
  async (scheme) => {
    const secret = 's3cret'.repeat(40);
    for (const filler of ['', 'x'.repeat(290), '\n']) {
      const { options } = await receiver((request, response) =>
        response.writeHead(403).end(`${filler}no ${request.headers.authorization}, ${secret}`),
      );
      const sign: SendOptions['sign'] = async ({ headers }) => ({
        ...headers,
        authorization: `${scheme} ${secret}`,
      });
      const sent = await send(body, minute, { ...options, sign });
      expect(sent).toMatchObject({ kind: 'refused', status: 403 });
      expect(JSON.stringify(sent)).not.toContain('s3c');
      await close();
    }
    close = async () => undefined;
  },
);
