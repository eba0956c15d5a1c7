import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { formTokenField } from '#shared/auth/form-token.ts';
import { type AlertRecord, addAlert, findAlert } from '#shared/registry/alert-log.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { createConsoleHandler } from './handler.ts';

const nasty = `<script>alert(1)</script>"'&`;
const id = `${startMs}-6f3c0a52b1de77aa`;
const alert: AlertRecord = {
  id,
  fingerprint: '6f3c0a52b1de77aa',
  source: 'alertmanager',
  status: 'firing',
  severity: 'critical',
  labels: { alertname: 'PsiCritical', model: 'small' },
  annotations: {
    summary: `${nasty} moved`,
    first_steps: '1. Look.\n2. Decide.\n',
    runbook_url: 'https://wiki.example.com/psi',
    report_url: 'javascript:alert(1)',
  },
  startsAt: startMs,
  firstSeen: startMs,
  lastSeen: startMs,
  respondBy: startMs + 900_000,
  toldAt: startMs,
  deliveries: {},
};

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps();
  await addAlert(deps, alert);
});

const domainName = 'api.example.com';

function ask(method: string, resource: string, more: { body?: string; role?: string; of?: string } = {}) {
  const { body = null, role = 'operator', of = id } = more;
  const path = resource.replace('{id}', of);
  const event: HttpEvent = {
    httpMethod: method,
    resource,
    path,
    body,
    isBase64Encoded: false,
    headers: {
      accept: 'text/html',
      origin: `https://${domainName}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    queryStringParameters: null,
    pathParameters: { id: of },
    requestContext: { path, domainName, authorizer: { subject: 'ann', session: 's', role } },
  };
  return createConsoleHandler(deps)(event);
}

const one = '/console/alerts/{id}';

async function answer(fields: Record<string, string>, more: { role?: string } = {}) {
  const { body } = await ask('GET', one);
  const main = body.slice(body.indexOf('<main>'));
  const token = new RegExp(`name="${formTokenField}" value="([^"]+)"`).exec(main)?.[1] ?? '';
  const sent = new URLSearchParams({ [formTokenField]: token, reason: 'looking', ...fields });
  return ask('POST', one, { body: sent.toString(), ...more });
}

const status = async () => (await findAlert(deps, id))?.status;

describe('the pages of alerts', () => {
  test('list what fires with since when and when it escalates, and are led to from the first page', async () => {
    expect((await ask('GET', '/console')).body).toContain('1 fire and nobody is on them yet');
    const { body } = await ask('GET', '/console/alerts');
    for (const text of [
      'PsiCritical',
      `/console/alerts/${id}`,
      'it escalates at 2026-11-21 12:15 UTC',
      'None yet',
    ])
      expect(body).toContain(text);
  });

  test('show one with its annotations: addresses of the web as links, all else as text', async () => {
    const { body } = await ask('GET', one);
    expect(body).toContain('&lt;script&gt;');
    expect(body).not.toContain('<script');
    expect(body).toContain('<a href="https://wiki.example.com/psi">');
    expect(body).not.toContain('href="javascript');
    expect(body).toContain('1. Look.<br>2. Decide.<br>');
    expect(body).toContain('href="/console/models/small"');
  });

  test('take an acknowledgement, then a resolution, each with who and why; the same again changes nothing', async () => {
    for (const _ of [1, 2]) {
      const { statusCode, headers } = await answer({ answer: 'acknowledge' });
      expect([statusCode, headers?.location]).toEqual([303, `/console/alerts/${id}`]);
    }
    expect((await ask('GET', one)).body).toContain('ann is on it since 2026-11-21 12:00 UTC: looking');
    expect((await ask('GET', one)).body).not.toContain('I am on it');
    await answer({ answer: 'resolve', reason: 'fixed the feed' });
    expect(await status()).toBe('resolved');
    const { body } = await ask('GET', one);
    expect(body).toContain('by ann: fixed the feed');
    expect(body.slice(body.indexOf('<main>'))).not.toContain('<form');
  });

  test.each([
    ['of a viewer', { answer: 'resolve' }, { role: 'viewer' }, 403],
    ['without the token of the page', { answer: 'resolve', [formTokenField]: 'x' }, {}, 403],
    ['that is neither of the two', { answer: 'silence' }, {}, 400],
    ['without a reason', { answer: 'resolve', reason: ' ' }, {}, 400],
  ])('take no answer %s', async (_, fields, more, expected) => {
    expect((await answer(fields, more)).statusCode).toBe(expected);
    expect(await status()).toBe('firing');
  });

  test('say 404 of an alert that there is not', async () => {
    expect((await ask('GET', one, { of: '1-x' })).statusCode).toBe(404);
  });
});
