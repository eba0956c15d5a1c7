import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import type { Report } from '#shared/monitoring/report.ts';
import { storeReport } from '#shared/monitoring/report-index.ts';
import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { objectKeys, stateKeys } from '#shared/registry/keys.ts';
import { registerVersion } from '#shared/registry/registry.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { windowReport } from '../../observability/reports/report.testing.ts';
import { renderReportHtml } from '../../observability/reports/report-html.ts';
import { createConsoleHandler } from './handler.ts';
import { baseOf } from './page.ts';

const nasty = `<script>alert(1)</script>"'&`;

let deps: MemoryDeps;
let version: string;
beforeEach(async () => {
  deps = memoryDeps({ ENVIRONMENT: 'dev' });
  version = await registerSmall(deps, smallRecord());
});

function ask(resource: string, more: Partial<HttpEvent> = {}) {
  const parameters = { model: 'small', id: `${startMs}-${version}`, ...more.pathParameters };
  const path = resource.replace('{model}', parameters.model).replace('{id}', parameters.id);
  return createConsoleHandler(deps)({
    httpMethod: 'GET',
    resource,
    path,
    body: null,
    isBase64Encoded: false,
    headers: { Accept: 'text/html,*/*' },
    queryStringParameters: null,
    requestContext: { path: `/dev${path}` },
    ...more,
    pathParameters: parameters,
  });
}

const iso = (ms: number) => new Date(ms).toISOString();

async function reportWith(reason: string): Promise<void> {
  const window = { start: iso(startMs), end: iso(startMs + 60_000) };
  const verdict = { windowStart: window.start, level: 'critical', reasons: [reason] };
  const features = [
    { name: nasty, level: 'critical', psiDebiased: 0.4567 },
    { name: 'calm', level: 'stable', psiDebiased: 0.001 },
  ];
  await storeReport(deps, {
    id: `${startMs}-${version}`,
    model: 'small',
    version,
    window,
    rows: 120,
    labels: 7,
    verdict,
    features,
  } as unknown as Report);
}

const reportRoute = '/console/models/{model}/reports/{id}';

/** A whole report in the store, of a window from a time on. */
async function judged(start = startMs): Promise<StoredReport> {
  const window = { start: iso(start), end: iso(start + 60_000) };
  const report = { ...windowReport(), model: 'small', id: `${start}-${version}`, window } as Report;
  await storeReport(deps, report);
  return report;
}

/** Where a page leads to, but for places in itself. */
const hrefsOf = (body: string) =>
  [...body.matchAll(/href="([^"#][^"]*)"/g)].map(([, href]) => href!.replaceAll('&amp;', '&'));

describe('the pages', () => {
  test('show each model with what serves and what its last window said, and lead to both', async () => {
    await reportWith('small differs');
    const { statusCode, body } = await ask('/console');
    expect(statusCode).toBe(200);
    expect(body).toContain('href="/dev/console/models/small"');
    expect(body).toContain(`href="/dev/console/models/small/reports/${startMs}-${version}"`);
    expect(body).toContain('<span class="v critical">critical</span>');
    expect(body).toContain(version);
    expect(body).toContain('2026-11-21 12:01 UTC');
  });

  test('show of one model its versions, windows and runs, with the reasons', async () => {
    await reportWith('depth differs most');
    await registerVersion(deps, 'small', {
      version: 'v2',
      status: 'REJECTED',
      reason: 'the graph has no output',
      created_at: '',
      sha256: '',
      metrics: {},
    });
    const ended = { execution: 'e', startedAt: startMs, endedAt: startMs, outcome: 'awaiting_promotion' };
    await deps.state.putIfAbsent(stateKeys.run('small', startMs, 'e'), {
      ...ended,
      detail: { reason: 'better' },
    });
    await deps.state.putIfAbsent(stateKeys.lease('small'), { execution: 'f', startedAt: startMs });
    const { body } = await ask('/console/models/{model}');
    for (const text of [
      `${version} serves since`,
      'READY, serves',
      'REJECTED: the graph has no output',
      'depth differs most',
      'awaiting promotion',
      'better',
      'models/small/runs/f">One</a> is under way since 2026-11-21 12:00 UTC',
      'href="/dev/console">Models',
    ])
      expect(body).toContain(text);
  });

  test('show of a window the page that was written with its report, with the ways on of the console', async () => {
    const report = await judged();
    const asWritten = renderReportHtml(report).replace('Tidemark report', 'As it was written');
    await deps.objects.put(objectKeys.reportPage('small', report.id), Buffer.from(asWritten));
    for (const id of [report.id, 'latest']) {
      const { statusCode, body } = await ask(reportRoute, { pathParameters: { id } });
      expect([statusCode, body]).toEqual([200, expect.stringContaining('As it was written')]);
      expect(hrefsOf(body)).toEqual([
        '/dev/console/models/small',
        '/dev/console/models/small/retrain?from=report',
        `/dev/models/small/reports/${report.id}?format=json`,
      ]);
    }
  });

  test('make that page of the JSON where none was written, and lead to the newest window', async () => {
    const older = await judged();
    const newer = await judged(startMs + 3_600_000);
    const { body } = await ask(reportRoute, { pathParameters: { id: 'latest' } });
    expect(body).toContain(newer.id);
    expect(body).not.toContain(older.id);
    expect(body).toContain('No drift found in 8 features');
  });

  test('do not lead a person who signed in to routes of programs, which the session does not open', async () => {
    const { id } = await judged();
    const requestContext = { path: '/dev/x', authorizer: { subject: 's', session: 't', role: 'operator' } };
    const { body } = await ask(reportRoute, { pathParameters: { id }, requestContext });
    const hrefs = hrefsOf(body);
    expect(hrefs.length).toBeGreaterThan(0);
    for (const href of hrefs) expect(href).toMatch(/\/console\//);
  });

  test('show an AWS principal by its ARN, without a way to sign out', async () => {
    const userArn = 'arn:aws:sts::111122223333:assumed-role/Operators/ann';
    const { body } = await ask('/console', {
      requestContext: { path: '/dev/console', identity: { userArn } },
    });
    expect(body).toContain(userArn);
    expect(body).not.toContain('Sign out');
  });

  test('show what waits for a person, without the token that decides it', async () => {
    const { model, execution, token } = { model: 'small', execution: 'e', token: 'the-task-token' };
    expect((await ask('/console')).body).not.toContain('Waiting for a person');
    const waiting = { id: 'small-1', model, version: 'v9', execution, token, reason: `needs ${nasty}` };
    const times = { requestedAt: startMs, expiresAt: startMs + 60_000 };
    await deps.state.putIfAbsent(stateKeys.approval('small-1'), { ...waiting, ...times });
    const { body } = await ask('/console');
    expect(body).toContain('Waiting for a person');
    expect(body).toContain('v9');
    expect(body).toContain('href="/dev/console/approvals/small-1"');
    expect(body).toContain('needs &lt;script&gt;');
    expect(body).not.toContain(token);
  });

  test('say so where there is nothing yet', async () => {
    deps = memoryDeps();
    expect((await ask('/console')).body).toContain('There is no model yet');
    await registerSmall(deps, smallRecord());
    expect((await ask('/console')).body).toContain('none yet');
    expect((await ask('/console/models/{model}')).body).toContain('No window has been judged yet');
  });

  test.each([
    ['/console/models/{model}', { model: 'other' }, 'no model is named &quot;other&quot;'],
    ['/console/models/{model}', { model: nasty }, '&lt;script&gt;'],
    ['/console/models/{model}/reports/{id}', { id: '../../x' }, 'has no report'],
    ['/console/models/{model}/reports/{id}', { id: 'never' }, 'has no report'],
    ['/console/models/{model}/reports/{id}', { id: 'latest' }, 'has no report yet'],
  ])(
    '%s of %j is a page that says 404 to a person, and a problem to a program',
    async (resource, given, text) => {
      const pathParameters = given as unknown as Record<string, string>;
      const page = await ask(resource, { pathParameters });
      expect([page.statusCode, page.headers?.['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
      expect(page.body).toContain(text);
      const problem = await ask(resource, { pathParameters, headers: { accept: 'application/json' } });
      expect([problem.statusCode, problem.headers?.['content-type']]).toEqual([
        404,
        'application/problem+json',
      ]);
    },
  );
});

describe('every page', () => {
  test('runs no script, loads nothing, is in no frame, is not kept, and its one style is the one it names', async () => {
    await reportWith(nasty);
    for (const resource of ['/console', '/console/models/{model}', '/console/models/{model}/retrain']) {
      const { headers, body } = await ask(resource);
      const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? '';
      const hash = createHash('sha256').update(style).digest('base64');
      expect(headers).toMatchObject({
        'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
      });
      expect(body).not.toMatch(/<script|<img|<link|<iframe|\sstyle=|\son\w+=|https?:\/\//i);
      expect(body).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect(body).toContain('name="viewport"');
      expect(style).toContain('prefers-color-scheme:dark');
    }
  });

  test('of a report may load and do nothing either', async () => {
    await judged();
    const { headers } = await ask(reportRoute);
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'/),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(headers?.['content-security-policy']).not.toContain('script-src');
  });

  test('shows what others wrote as text', async () => {
    await reportWith(nasty);
    const { body } = await ask('/console/models/{model}');
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
  });
});

describe('the address of a page', () => {
  test('has before it the stage, the path of a domain name, or nothing', () => {
    const at = (path: string, resource = '/console/models/{model}') =>
      baseOf({ resource, path: '', requestContext: { path } });
    expect(at('/dev/console/models/m')).toBe('/dev');
    expect(at('/dev/console/models/m/')).toBe('/dev');
    expect(at('/ml/ops/console/models/m')).toBe('/ml/ops');
    expect(at('/console/models/m')).toBe('');
    expect(at('/console/', '/console')).toBe('');
    expect(baseOf({ resource: '/console', path: '/console' })).toBe('');
  });
});
