import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GrafanaClient } from '@aws-sdk/client-grafana';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Workspace } from '../grafana/workspace.ts';
import { createGrafanaWorkspace } from './grafana-workspace.ts';

const asked: { readonly what: string; readonly body: unknown }[] = [];
const page = (name: string, nextToken?: string) => ({
  serviceAccounts: [{ id: '7', name, isDisabled: 'false', grafanaRole: 'ADMIN' }],
  workspaceId: 'g-1',
  ...(nextToken && { nextToken }),
});
/** By method and path, as the control plane answers. */
const replies: Record<string, unknown> = {
  'GET /workspaces/g-1': { workspace: { id: 'g-1', status: 'ACTIVE', endpoint: 'g-1.grafana.example.com' } },
  'GET /workspaces/g-1/serviceaccounts': page('another', 'more'),
  'GET /workspaces/g-1/serviceaccounts?nextToken=more': page('tidemark-provisioner'),
  'POST /workspaces/g-1/serviceaccounts': {
    ...{ id: '8', name: 'new', grafanaRole: 'ADMIN', workspaceId: 'g-1' },
  },
  'POST /workspaces/g-1/serviceaccounts/7/tokens': {
    ...{ workspaceId: 'g-1', serviceAccountId: '7' },
    serviceAccountToken: { id: '70', name: 'one', key: 'glsa_secret' },
  },
  'DELETE /workspaces/g-1/serviceaccounts/7/tokens/70': {
    ...{ tokenId: '70', serviceAccountId: '7', workspaceId: 'g-1' },
  },
};

let server: Server;
let workspace: Workspace;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const what = `${request.method} ${request.url}`;
    asked.push({ what, body: text === '' ? undefined : JSON.parse(text) });
    response
      .writeHead(what in replies ? 200 : 404, { 'content-type': 'application/json' })
      .end(JSON.stringify(replies[what] ?? { message: 'no' }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const client = new GrafanaClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  workspace = createGrafanaWorkspace({ client, workspaceId: 'g-1' });
});
afterAll(() => void server.close());

it('tells whether the workspace is up, and where', async () => {
  expect(await workspace.describe()).toEqual({ status: 'ACTIVE', url: 'https://g-1.grafana.example.com' });
});

it('finds its service account on any page, and makes an administrator where there is none', async () => {
  expect(await workspace.serviceAccount('tidemark-provisioner')).toBe('7');
  expect(asked.some(({ what }) => what.startsWith('POST'))).toBe(false);
  expect(await workspace.serviceAccount('new')).toBe('8');
  expect(asked.at(-1)?.body).toEqual({ name: 'new', grafanaRole: 'ADMIN' });
});

it('makes a token with an end, and deletes it by its id', async () => {
  expect(await workspace.createToken('7', 'one', 600)).toEqual({ id: '70', key: 'glsa_secret' });
  expect(asked.at(-1)?.body).toEqual({ name: 'one', secondsToLive: 600 });
  await workspace.deleteToken('7', '70');
  expect(asked.at(-1)?.what).toBe('DELETE /workspaces/g-1/serviceaccounts/7/tokens/70');
});
