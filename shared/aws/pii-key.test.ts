import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { awsDeps } from './deps.ts';

afterEach(() => vi.unstubAllEnvs());

test('the key is read from Secrets Manager under the prefix of the stage, once per process', async () => {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      asked.push(JSON.parse(body));
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ Name: 'n', SecretString: 'k'.repeat(43) }));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  vi.stubEnv(
    'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  );
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  try {
    const { piiKey } = awsDeps({ ENVIRONMENT: 'prod', PII_KEY: 'available' });
    expect(asked).toEqual([]);
    expect([await piiKey(), await piiKey()]).toEqual(['k'.repeat(43), 'k'.repeat(43)]);
    expect(asked).toEqual([{ SecretId: 'tidemark/prod/pii-key' }]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a deployment without one asks nobody', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', 'http://127.0.0.1:1');
  expect(await awsDeps({ ENVIRONMENT: 'dev' }).piiKey()).toBeUndefined();
});
