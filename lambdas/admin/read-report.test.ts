import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { storeReport } from '#shared/monitoring/report-index.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { windowReport } from '../../observability/reports/report.testing.ts';
import { createAdminHandler } from './handler.ts';

const stored = { ...windowReport(), model: 'small' };
const { id } = stored;
const browser = 'text/html,application/xhtml+xml,*/*;q=0.8';

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps();
  await registerSmall(deps, smallRecord());
  await deps.objects.put(objectKeys.report('small', id), Buffer.from(JSON.stringify(stored)));
});

function ask(accept?: string, format?: string, of = id) {
  const event = {
    httpMethod: 'GET',
    resource: '/models/{model}/reports/{id}',
    pathParameters: { model: 'small', id: of },
    headers: accept === undefined ? {} : { Accept: accept },
    queryStringParameters: format === undefined ? null : { format },
  };
  return createAdminHandler(deps)(event as unknown as HttpEvent);
}

describe('a report', () => {
  test.each([
    [undefined, undefined],
    ['*/*', undefined],
    ['application/json', undefined],
    [browser, 'json'],
  ])('for Accept %s and format %s is JSON', async (accept, format) => {
    const { statusCode, headers, body } = await ask(accept, format);
    expect([statusCode, headers?.['content-type'], headers?.vary]).toEqual([
      200,
      'application/json',
      'accept',
    ]);
    expect(JSON.parse(body)).toMatchObject({ id, quiet_ms: 1000, verdict: { kind: 'none' } });
  });

  test.each([
    [browser, undefined],
    [undefined, 'html'],
    ['application/json', 'html'],
  ])('for Accept %s and format %s is a page that may do nothing', async (accept, format) => {
    const { statusCode, headers, body, isBase64Encoded } = await ask(accept, format);
    expect([statusCode, isBase64Encoded]).toEqual([200, undefined]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      vary: 'accept',
    });
    expect(headers?.['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
    expect(headers?.['content-security-policy']).not.toContain('script-src');
    expect(body).toContain('No drift found in 8 features');
  });

  test('is the page that was written when the window was judged; without one it is made of the JSON', async () => {
    await deps.objects.put(objectKeys.reportPage('small', id), Buffer.from('<!doctype html>as it was'));
    expect((await ask(browser)).body).toBe('<!doctype html>as it was');
    deps.objects.lose(objectKeys.reportPage('small', id));
    expect((await ask(browser)).body).toContain('No drift found');
  });

  test('is the newest where none is named, as JSON and as a page', async () => {
    const next = { ...stored, id: `${Date.parse(stored.window.start) + 3_600_000}-v9` };
    const window = {
      ...stored.window,
      start: new Date(Date.parse(stored.window.start) + 3_600_000).toISOString(),
    };
    await storeReport(deps, stored);
    expect(JSON.parse((await ask(undefined, undefined, 'latest')).body).id).toBe(id);
    await storeReport(deps, { ...next, window });
    const { headers, body } = await ask(undefined, undefined, 'latest');
    expect([JSON.parse(body).id, headers?.['cache-control']]).toEqual([next.id, 'no-store']);
    expect((await ask(browser, undefined, 'latest')).body).toContain(`Report ${next.id}`);
  });

  test('is a 404 that says why where no window has been judged', async () => {
    const { statusCode, body } = await ask(undefined, undefined, 'latest');
    expect([statusCode, JSON.parse(body).detail]).toEqual([
      404,
      'model "small" has no report yet: no window has been judged',
    ]);
  });

  test('in another format is refused with those there are', async () => {
    const { statusCode, body } = await ask(undefined, 'pdf');
    expect([statusCode, JSON.parse(body).detail]).toEqual([
      400,
      'format=pdf is not allowed: html or json is expected',
    ]);
  });

  test.each(['nosuch', '../../models/small', ''])(
    '"%s" that does not exist is 404, as a page or not',
    async (of) => {
      for (const accept of [browser, undefined])
        expect((await ask(accept, undefined, of)).statusCode).toBe(404);
    },
  );
});
