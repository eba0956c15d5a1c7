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
