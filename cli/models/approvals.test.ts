import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { printedBy } from './printed.testing.ts';

/** What a host answers here, and what it was asked. */
let answer: { status: number; body: object };
let asked: { method?: string | undefined; url?: string | undefined; body: unknown; key: unknown }[];
let server: Server;

beforeEach(async () => {
  asked = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const { method, url, headers } = request;
    asked.push({
      method,
      url,
      body: text === '' ? undefined : JSON.parse(text),
      key: headers['idempotency-key'],
    });
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const models = (...args: string[]) => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return printedBy([...args, '--url', url, '--actor', 'ann']);
};

const waiting = {
  id: 'churn-0123456789ab',
  model: 'churn',
  version: 'v2',
  champion: 'v1',
  reason: 'auto_promote is off',
  expires_at: '2026-11-24T12:00:00.000Z',
  metrics: { candidate: { rmse: 1.5, rows: 90 }, champion: { rmse: 3, rows: 90 } },
};

test('approvals shows each candidate beside the champion it was compared with', async () => {
  answer = { status: 200, body: { approvals: [waiting] } };
  expect(await models('approvals')).toEqual({
    code: 0,
    stdout: [
      'churn-0123456789ab: churn v2, until 2026-11-24T12:00:00.000Z (auto_promote is off)',
      '  candidate  v2  rmse 1.5, rows 90',
      '  champion   v1  rmse 3, rows 90',
      '',
    ].join('\n'),
    stderr: '',
  });
  expect(asked[0]?.url).toBe('/approvals');
  expect(JSON.parse((await models('approvals', 'churn', '--json')).stdout)).toEqual(answer.body);
  expect(asked[1]?.url).toBe('/approvals?model=churn');
});

test('approvals says when there are none', async () => {
  answer = { status: 200, body: { approvals: [] } };
  expect((await models('approvals')).stdout).toBe('nothing waits for approval\n');
});

test.each([
  ['approve', [], 'approved from the command line', 'v2 of churn is approved; its run promotes it\n'],
  ['approve', ['--reason', 'seen'], 'seen', 'v2 of churn is approved; its run promotes it\n'],
  ['reject', ['--reason', 'too slow'], 'too slow', 'v2 of churn is rejected\n'],
] as const)('%s %j sends who and why, under a key', async (decision, more, reason, stdout) => {
  answer = { status: 202, body: { model: 'churn', version: 'v2' } };
  expect(await models(decision, waiting.id, ...more)).toEqual({ code: 0, stdout, stderr: '' });
  expect(asked).toEqual([
    {
      method: 'POST',
      url: `/approvals/${waiting.id}`,
      body: { decision, actor: 'ann', reason },
      key: expect.stringMatching(/./),
    },
  ]);
});

test('reject without a reason asks nothing of the host: exit 2', async () => {
  const { code, stderr } = await models('reject', waiting.id);
  expect([code, stderr]).toEqual([2, expect.stringContaining('reject takes --reason TEXT')]);
  expect(asked).toEqual([]);
});

test('what the host refuses is told in its words: exit 1', async () => {
  answer = { status: 409, body: { detail: 'approval "x" was rejected by bob' } };
  expect(await models('approve', 'x')).toMatchObject({
    code: 1,
    stderr: 'tidemark models approve: approval "x" was rejected by bob\n',
  });
});
