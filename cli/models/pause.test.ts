import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { printedBy } from './printed.testing.ts';

/** What a host answers here, and what it was asked. */
let answer: object;
let asked: { url?: string | undefined; body: unknown }[];
let server: Server;

beforeEach(async () => {
  asked = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({ url: request.url, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const models = (...args: string[]) => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return printedBy([...args, '--url', url, '--actor', 'ann']);
};

test.each([
  ['pause', true, true, 'churn is paused: batches are refused\n'],
  ['pause', true, false, 'churn is already paused: batches are refused\n'],
  ['resume', false, true, 'churn is not paused: batches are answered\n'],
])('%s tells who and why, and says what stands', async (action, paused, changed, stdout) => {
  answer = { model: 'churn', paused, changed };
  expect(await models(action, 'churn', '--reason', 'odd labels')).toEqual({ code: 0, stdout, stderr: '' });
  expect(asked).toEqual([{ url: `/models/churn/${action}`, body: { actor: 'ann', reason: 'odd labels' } }]);
});

test.each(['pause', 'resume'])('%s without a reason asks nothing of the host', async (action) => {
  const { code, stderr } = await models(action, 'churn');
  expect([code, asked]).toEqual([2, []]);
  expect(stderr).toContain(`${action} takes --reason TEXT`);
});
