import { afterEach, expect, test } from 'vitest';
import { type HttpServer, startHttpServer } from './http-server.ts';

let server: HttpServer | undefined;
afterEach(() => server?.close());

test('an answer that cannot be sent is a 500 with the id of its request, and the next request is answered', async () => {
  const logged: unknown[] = [];
  let location = 'one line\nand another';
  server = await startHttpServer({
    port: 0,
    maxBodyBytes: 1000,
    log: (...line) => logged.push(line),
    uploads: { receive: async () => ({ statusCode: 200, body: '' }) },
    call: async () => ({ statusCode: 302, headers: { location }, body: '' }),
  });
  const ask = () => fetch(`${server!.url}/health`, { redirect: 'manual', signal: AbortSignal.timeout(3000) });
  const refused = await ask();
  expect(refused.status).toBe(500);
  expect(refused.headers.get('tidemark-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(logged).toMatchObject([['error', 'a request failed', { path: '/health' }]]);
  location = '/elsewhere';
  expect((await ask()).status).toBe(302);
});
