import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeObjects } from '#shared/ports/objects.contract.ts';
import type { PresignedPut } from '#shared/ports/objects.ts';
import { createFolderObjects, type FolderStore } from './folder-objects.ts';
import { createUploads } from './uploads.ts';

interface Opened {
  readonly objects: FolderStore;
  readonly clock: { ms: number };
  readonly scratch: string;
  /** Another process on the same data directory. */
  restart(): Promise<Opened>;
  close(): Promise<void>;
}

async function open(dataDir: string): Promise<Opened> {
  const clock = { ms: Date.UTC(2026, 10, 21) };
  const folder = join(dataDir, 'objects');
  let origin = '';
  const uploads = createUploads({
    dataDir,
    origin: () => origin,
    now: () => clock.ms,
    objects: createFolderObjects(folder),
  });
  const server: Server = createServer((request, response) => {
    uploads.receive(request, new URL(request.url!, origin)).then((result) => {
      response.writeHead(result.statusCode, result.headers as Record<string, string>).end(result.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    objects: createFolderObjects(folder, { signUpload: uploads.sign }),
    clock,
    scratch: join(folder, '!tmp'),
    async restart() {
      await close();
      return open(dataDir);
    },
    close,
  };
}

const dataDirs: string[] = [];
async function newDataDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tidemark-uploads-'));
  dataDirs.push(dir);
  return dir;
}

const put = (url: string, body: Uint8Array) =>
  fetch(url, { method: 'PUT', body: Buffer.from(body), headers: { connection: 'close' } });

describeObjects('the folder behind a host', async () => {
  const dir = await newDataDir();
  const opened = await open(dir);
  return {
    objects: opened.objects,
    send: async ({ url }, bytes) => (await put(url, bytes)).status,
    close: async () => {
      await opened.close();
      await rm(dir, { recursive: true });
    },
  };
});

describe('an upload', () => {
  const bytes = Buffer.from('a model');
  const bound = {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    expiresSeconds: 60,
  };
  let dataDir: string;
  let opened: Opened;
  let signed: PresignedPut;
  beforeEach(async () => {
    dataDir = await newDataDir();
    opened = await open(dataDir);
    signed = await opened.objects.presignPut('uploads/m/v/model.onnx', bound);
  });
  afterEach(async () => {
    await opened.close();
    for (const dir of dataDirs.splice(0)) await rm(dir, { recursive: true, force: true });
  });

  async function refused(url: string, body: Uint8Array = bytes) {
    const response = await put(url, body);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await opened.objects.list('')).toEqual([]);
    expect(await readdir(opened.scratch)).toEqual([]);
    const { detail } = (await response.json()) as { detail: string };
    return { status: response.status, detail };
  }

  test('works until the last moment of its URL, and not after it', async () => {
    opened.clock.ms += 60_001;
    expect(await refused(signed.url)).toEqual({
      status: 403,
      detail: 'the URL expired at 2026-11-21T00:01:00.000Z; announce the version again for a new one',
    });
    opened.clock.ms -= 1;
    expect((await put(signed.url, bytes)).status).toBe(200);
  });

  test.each([
    [
      'another key',
      (url: URL) => {
        url.pathname = '/uploads/uploads/m/w/model.onnx';
      },
    ],
    ['another length', (url: URL) => url.searchParams.set('bytes', '8')],
    ['another hash', (url: URL) => url.searchParams.set('sha256', 'a'.repeat(64))],
    ['a later end', (url: URL) => url.searchParams.set('expires', '9999999999999')],
    ['no signature', (url: URL) => url.searchParams.delete('signature')],
    [
      'a way out of the folder',
      (url: URL) => {
        url.pathname = '/uploads/%2e%2e%2fx';
      },
    ],
  ])('with %s in its URL is not what this host signed', async (_, change) => {
    const url = new URL(signed.url);
    change(url);
    expect(await refused(url.href)).toEqual({ status: 403, detail: 'the URL was not signed by this host' });
  });

  test('of other bytes, or another number of them, leaves nothing and can be done again', async () => {
    expect((await refused(signed.url, Buffer.from('a medal'))).detail).toMatch(
      /^the bytes sent have sha256 [0-9a-f]{64}; [0-9a-f]{64} was announced$/,
    );
    expect((await refused(signed.url, Buffer.from('a mode'))).detail).toBe(
      'content-length is 6; the URL is for exactly 7 bytes',
    );
    expect((await put(signed.url, bytes)).status).toBe(200);
  });

  test('without a length is refused: it could go on for ever', async () => {
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(signed.url, { method: 'PUT' }, (response) => resolve(response.statusCode));
      request.on('error', reject);
      request.write('a mo');
      request.end('del');
    });
    expect(status).toBe(400);
    expect(await opened.objects.list('')).toEqual([]);
  });

  test('that is cut off leaves nothing, not even a scratch file', async () => {
    const request = httpRequest(signed.url, { method: 'PUT', headers: { 'content-length': '7' } });
    request.on('error', () => undefined);
    request.write('a m');
    while ((await readdir(opened.scratch)).length === 0) await sleep(5);
    request.destroy();
    while ((await readdir(opened.scratch)).length > 0) await sleep(5);
    expect(await opened.objects.list('')).toEqual([]);
  });

  test('is done once: the URL is of no use afterwards', async () => {
    expect((await put(signed.url, bytes)).status).toBe(200);
    const again = await put(signed.url, bytes);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ detail: 'the file is there already' });
  });

  test('may go to the next process on the data directory, and to no other directory’s', async () => {
    opened = await opened.restart();
    const moved = (origin: string) =>
      new URL(`${new URL(signed.url).pathname}${new URL(signed.url).search}`, origin).href;
    const own = new URL((await opened.objects.presignPut('x', bound)).url).origin;
    const strange = await open(await newDataDir());
    const other = new URL((await strange.objects.presignPut('x', bound)).url).origin;
    expect((await put(moved(other), bytes)).status).toBe(403);
    expect((await put(moved(own), bytes)).status).toBe(200);
    await strange.close();
  });

  test('is signed with a secret that only the owner of the data directory can read', async () => {
    const { mode, size } = await stat(join(dataDir, 'upload-secret'));
    expect([mode & 0o777, size]).toEqual([0o600, 32]);
  });
});
