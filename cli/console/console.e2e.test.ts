import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keys, type SignedApi, startSignedApi } from '../http/sigv4.testing.ts';

const script = fileURLToPath(new URL('../tidemark.mjs', import.meta.url));

let api: SignedApi;
beforeAll(async () => {
  api = await startSignedApi();
});
afterAll(() => api.close());

/** Nothing of this computer's own AWS configuration. */
const bare = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_REGION: 'eu-west-1',
};
const withKeys = {
  ...bare,
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
};

function run(words: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let said = '';
  const ready = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const url = /^(http:\/\/127\.0\.0\.1:\d+)\/console shows/m.exec(said)?.[1];
        if (url) resolve(url);
      });
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ready, ended, said: () => said };
}

test('tidemark console signs for the browser until Ctrl-C, and ends with 0', async () => {
  const running = run(['console', '--url', api.url.href, '--port', '0'], withKeys);
  const url = await running.ready;
  expect((await fetch(`${url}/console`)).status).toBe(200);
  expect(api.heard.at(-1)?.url).toBe('/dev/console');
  running.child.kill('SIGINT');
  expect(await running.ended).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

test('it says at once that there are no credentials, and ends with 1', async () => {
  const { ended, said } = run(['console', '--url', api.url.href, '--port', '0'], bare);
  expect(await ended).toBe(1);
  expect(said()).toMatch(/^tidemark console: there are no AWS credentials to sign with/);
});

test('it reads the address of a stage from its stack, and says when there is none', async () => {
  let output = 'ApiUrl';
  const cloudFormation = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end(`<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>tidemark-dev-serving</StackName><Outputs>
<member><OutputKey>ApiId</OutputKey><OutputValue>a1</OutputValue></member>
<member><OutputKey>${output}</OutputKey><OutputValue>${api.url.href}/</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`);
  });
  await new Promise<void>((resolve) => cloudFormation.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(cloudFormation.address() as AddressInfo).port}`;
  const env = { ...withKeys, AWS_ENDPOINT_URL: endpoint };
  const found = run(['console', '--stage', 'dev', '--port', '0'], env);
  const url = await found.ready;
  expect((await fetch(`${url}/models`)).status).toBe(200);
  expect(api.heard.at(-1)?.url).toBe('/dev/models');
  found.child.kill('SIGTERM');
  expect(await found.ended).toBe(0);
  output = 'Other';
  const without = run(['console', '--stage', 'dev', '--port', '0'], env);
  expect(await without.ended).toBe(1);
  expect(without.said()).toContain('tidemark-dev-serving in eu-west-1: it has no output ApiUrl');
  cloudFormation.close();
});

test('tidemark models signs with --sign, and says whose signature is missing without', async () => {
  api.answer = () => ({ body: '{"models":[]}' });
  const signed = run(['models', 'list', '--url', api.url.href, '--sign', '--json'], withKeys);
  expect([await signed.ended, signed.said().trim()]).toEqual([0, '{"models":[]}']);
  const unsigned = run(['models', 'list', '--url', api.url.href], withKeys);
  expect([await unsigned.ended, unsigned.said()]).toEqual([1, expect.stringContaining('no signature')]);
});
